"""The pages of one's own account, and those that set a password without a log-in."""

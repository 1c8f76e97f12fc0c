"""What does the job when no account is there."""

"""Before an upgrade: what would stop it, in plain sentences. Nothing is changed."""

"""Backups: database and files in one archive that says what is in it, and can prove it by being restored."""

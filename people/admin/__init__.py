"""The console's pages of people."""

from people.admin import individuals, participants

__all__ = ["individuals", "participants"]

"""The console's pages of people."""

from people.admin import individuals, participants, tasks

__all__ = ["individuals", "participants", "tasks"]

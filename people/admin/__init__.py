"""The console's pages of people."""

from people.admin import individuals, pages, participants, rules

__all__ = ["individuals", "pages", "participants", "rules"]

"""The console's pages of people."""

from people.admin import handovers, individuals, pages, participants, rules, tasks

__all__ = ["handovers", "individuals", "pages", "participants", "rules", "tasks"]

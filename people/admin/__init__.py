"""The console's pages of people."""

from people.admin import contacts, handovers, individuals, merges, pages, participants, rules, tasks, teams

__all__ = ["contacts", "handovers", "individuals", "merges", "pages", "participants", "rules", "tasks", "teams"]

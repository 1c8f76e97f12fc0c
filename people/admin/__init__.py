"""The console's pages of people."""

from people.admin import contacts, handovers, individuals, merges, pages, participants, rules, teams

__all__ = ["contacts", "handovers", "individuals", "merges", "pages", "participants", "rules", "teams"]

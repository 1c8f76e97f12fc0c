"""The console's pages of people."""

from people.admin import contacts, individuals, merges, participants, teams

__all__ = ["contacts", "individuals", "merges", "participants", "teams"]

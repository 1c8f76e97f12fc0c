"""The console's pages of people."""

from people.admin import handovers, individuals, oncall, pages, participants, rules, services, swaps

__all__ = ["handovers", "individuals", "oncall", "pages", "participants", "rules", "services", "swaps"]

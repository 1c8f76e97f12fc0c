"""The console's pages of people."""

from people.admin import individuals, oncall, participants, services, swaps

__all__ = ["individuals", "oncall", "participants", "services", "swaps"]

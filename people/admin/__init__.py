"""The console's pages of people."""

from people.admin import (
    contacts,
    handovers,
    individuals,
    merges,
    oncall,
    pages,
    participants,
    rules,
    services,
    swaps,
    tasks,
    teams,
)

__all__ = [
    "contacts",
    "handovers",
    "individuals",
    "merges",
    "oncall",
    "pages",
    "participants",
    "rules",
    "services",
    "swaps",
    "tasks",
    "teams",
]

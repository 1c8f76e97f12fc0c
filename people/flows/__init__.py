"""The verbs of people: individuals, taking part, holding roles."""

from people.flows.individuals import find_individual, save_individual
from people.flows.participants import (
    CannotJoin,
    CannotRemove,
    add_participant,
    inactivate_all,
    join,
    leave,
    reactivate_all,
    remove_participant,
)
from people.flows.roles import NotHolder, assign_role, hand_over, note_activity, renounce_role

__all__ = [
    "CannotJoin", "CannotRemove", "NotHolder", "add_participant", "assign_role", "find_individual", "hand_over",
    "inactivate_all", "join", "leave", "note_activity", "reactivate_all", "remove_participant", "renounce_role",
    "save_individual",
]  # fmt: skip

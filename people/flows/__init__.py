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
from people.flows.task_reminders import remind_tasks
from people.flows.tasks import (
    create_task,
    edit_task,
    hand_over_tasks,
    open_tasks_of,
    open_tasks_summary,
    reopen_task,
    resolve_task,
)

__all__ = [
    "CannotJoin", "CannotRemove", "NotHolder", "add_participant", "assign_role", "create_task", "edit_task",
    "find_individual", "hand_over", "hand_over_tasks", "inactivate_all", "join", "leave", "note_activity",
    "open_tasks_of", "open_tasks_summary", "reactivate_all", "remind_tasks", "remove_participant", "renounce_role",
    "reopen_task", "resolve_task", "save_individual",
]  # fmt: skip

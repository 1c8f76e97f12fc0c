"""Sending a mail to oneself, to see that mail arrives."""

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import access, operations
from core.access import Right
from core.actor import Actor
from core.errors import Forbidden
from core.models import Project
from core.operations.models import Operation
from people.flows.individuals import of_user

TEST: Final = "mail_test"
FOUND: Final = 50  # tests of a project


@transaction.atomic
def send_test_mail(*, project: Project, actor: Actor, now: datetime) -> Operation | None:
    """Plan a mail to whoever asks, by the project's own mail plugin. None when one waits already.

    :raises Forbidden: for whoever does not administer the project.
    """
    access.require(actor, Right.ADMINISTER, project)
    if actor.user is None:
        raise Forbidden(_("Only a person can be sent a mail."))
    person = of_user(actor.user, project.organization, now)
    return operations.plan(
        "email.send", project=project, fact=_free_key(project), user=actor.user,
        arguments={"template": TEST, "individual": person.pk}, coalesce=f"mail-test:{project.pk}:{person.pk}",
    )  # fmt: skip


def tests_of(*projects: Project) -> "QuerySet[Operation, Any]":
    """The newest tests of projects, found by their keys: there are many other mails."""
    keys = [key for project in projects for key in _keys(project)]
    return Operation.objects.filter(action="email.send", fact_key__in=keys)


def _keys(project: Project) -> list[str]:
    return [f"mail-test:{project.pk}:{number}" for number in range(1, FOUND + 1)]


def _free_key(project: Project) -> str:
    """A key for one more test; when none is free, the oldest test's, which is not found any more."""
    taken = list(tests_of(project).order_by("created_at", "pk").values_list("fact_key", flat=True))
    free = next((key for key in _keys(project) if key not in taken), None)
    if free is None:
        free = taken[0]
        tests_of(project).filter(fact_key=free).update(fact_key=f"{free}:{uuid4()}")
    return free

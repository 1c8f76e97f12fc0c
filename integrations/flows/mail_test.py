"""Sending a mail to oneself, to see that mail arrives."""

from datetime import datetime
from typing import Any, Final

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
MOST: Final = 50  # tests of a project; later ones are not sent


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
        "email.send", project=project, fact=f"mail-test:{project.pk}:{tests_of(project).count() + 1}", user=actor.user,
        arguments={"template": TEST, "individual": person.pk}, coalesce=f"mail-test:{project.pk}:{person.pk}",
    )  # fmt: skip


def tests_of(*projects: Project) -> "QuerySet[Operation, Any]":
    """The tests of projects so far, found by their keys: there are many other mails."""
    keys = [f"mail-test:{project.pk}:{number}" for project in projects for number in range(1, MOST + 1)]
    return Operation.objects.filter(action="email.send", fact_key__in=keys)

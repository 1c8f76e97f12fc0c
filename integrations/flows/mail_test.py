"""Sending a mail to oneself, to see that mail arrives."""

import uuid
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, operations
from core.access import Right
from core.actor import Actor
from core.errors import Forbidden
from core.models import Project
from core.operations.models import Operation
from people.flows.individuals import of_user

TEST: Final = "mail_test"


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
        "email.send", project=project, fact=f"mail-test:{uuid.uuid4()}", user=actor.user,
        arguments={"template": TEST, "individual": person.pk}, coalesce=f"mail-test:{project.pk}:{person.pk}",
    )  # fmt: skip

"""Testing a connection: asked for here, done by a worker, the answer kept on the instance."""

import uuid
from datetime import datetime

from django.db import transaction

from core import access, operations
from core.access import Right
from core.actor import Actor
from core.operations.models import Operation
from integrations.models import PluginInstance
from integrations.plugin import CheckResult


@transaction.atomic
def request_check(*, instance: PluginInstance, actor: Actor, now: datetime) -> Operation | None:
    """Have a worker test the connection; `checked_at`, `check_ok` and `check_message` tell what came of it.

    None when a test waits already.
    """
    access.require(actor, Right.ADMINISTER, instance.project)
    return operations.plan(
        "plugin.check",
        project=instance.project,
        fact=str(uuid.uuid4()),
        arguments={"instance": instance.pk},
        coalesce=f"plugin.check:{instance.pk}",
        user=actor.user,
    )


def store_check(*, instance: PluginInstance, result: CheckResult, now: datetime) -> bool:
    """Keep the answer, unless the settings it tells of have changed meanwhile."""
    rows = PluginInstance.objects.filter(pk=instance.pk, version=instance.version)
    return bool(rows.update(checked_at=now, check_ok=result.ok, check_message=result.message))

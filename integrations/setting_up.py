"""What integrations need set up: mail that arrives, plugins that answer."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console.setting_up import Reach, Step, register
from core.models import Operation
from integrations.flows.mail_test import tests_of
from integrations.models import PluginInstance


def _mail_stays_here(_reach: Reach) -> Iterable[Any]:
    return [] if not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend") else [_("this installation")]


def _never_tested(reach: Reach) -> Iterable[Any]:
    sent = tests_of(*reach.projects).filter(status=Operation.Status.SUCCEEDED)
    have = set(sent.values_list("project", flat=True))
    return [one for one in reach.projects if one.pk not in have]


def _silent(reach: Reach) -> Iterable[Any]:
    rows = PluginInstance.objects.filter(enabled=True, project__in=[one.pk for one in reach.projects])
    return list(rows.exclude(check_ok=True).order_by("name", "pk"))


register(
    Step(
        key="mail", order=55, right=Right.ADMINISTER, title=_("A mail server"), action=_("How to set it"),
        why=_("Mail is kept here and reaches nobody: no page, no task, no hand-over is told. Set EMAIL_HOST."),
        lacking=_mail_stays_here, url=lambda _rows: reverse("admin:set-up-help"),
    )
)  # fmt: skip
register(
    Step(
        key="mail-test", order=57, right=Right.ADMINISTER, title=_("A mail to yourself"), action=_("Send it"),
        why=_("Only a mail that arrived shows that mail arrives."),
        lacking=_never_tested, in_dialog=True,
        url=lambda rows: f"{reverse('admin:integrations_plugininstance_mail-test')}?project={rows[0].pk}",
    )
)  # fmt: skip
register(
    Step(
        key="plugins", order=70, right=Right.ADMINISTER, title=_("Plugins that answer"), action=_("Test them"),
        why=_("A plugin that was never tested, or failed its test, is found out in the middle of an incident."),
        lacking=_silent, url=lambda rows: reverse("admin:integrations_plugininstance_change", args=[rows[0].pk]),
    )
)  # fmt: skip

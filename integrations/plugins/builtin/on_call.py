"""The rotation that Dispatch keeps itself, as the capability sees it."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.operations.errors import Permanent
from integrations.capabilities import Capability, OnCall, OnCallShift
from integrations.plugin import CheckResult, Plugin
from people.models import Service


class BuiltinOnCall(Plugin, OnCall):
    """Answers from the stored shifts; its id of a service is the service's own."""

    slug = "builtin-on-call"
    title = "Built-in rotation"
    vendor = "Dispatch"
    description = gettext_lazy("Rotations, overrides and swaps as they are set up under On-call.")
    capabilities = frozenset({Capability.ON_CALL})

    def check(self) -> CheckResult:
        """There is nothing that could be out of order."""
        return CheckResult(ok=True, message=_("It needs nothing outside."))

    def shifts(self, *, external_id: str, since: datetime, until: datetime) -> Sequence[OnCallShift]:
        """Who is on call by what is stored."""
        service = self._service(external_id)
        rows = service.shifts.within(since, until).filter(individual__is_active=True).select_related("individual")
        return [
            OnCallShift(
                email=row.individual.email, name=row.individual.name, starts_at=row.starts_at, ends_at=row.ends_at
            )
            for row in rows.order_by("starts_at", "pk")
        ]

    def _service(self, external_id: str) -> Service:
        try:
            found = Service.objects.filter(uuid=uuid.UUID(external_id), project=self.project_id).first()
        except ValueError:
            found = None
        if found is None:
            raise Permanent(_("There is no service “%(id)s”.") % {"id": external_id[:100]})
        return found

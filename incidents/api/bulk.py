"""One thing done with many incidents: foreseen, carried out, and told row by row."""

from collections import Counter
from typing import Any, ClassVar

from django.db.models import Case, QuerySet, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import field_error
from core.api.fields import Choice, Flag, Moment, Text, Whole
from core.api.ordering import RECORD, Column
from core.api.references import read_uuid
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet, Reads
from core.models import Job, JobRow, SubjectName
from incidents.flows import bulk, bulk_acts
from incidents.flows.bulk_acts import Wish
from incidents.models import Incident

MOST_TOLD = 500
FORESEEN = ("foreseen", gettext_lazy("Foreseen"))
COUNTS_SCHEMA = {
    "type": "object",
    "properties": {name: {"type": "integer"} for name in bulk.Outcome.values},
    "required": list(bulk.Outcome.values),
}
RESULTS_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "incident": {"type": "string", "format": "uuid"}, "name": {"type": "string"},
            "outcome": {"type": "string", "enum": list(bulk.Outcome.values)}, "message": {"type": "string"},
        },
        "required": ["incident", "name", "outcome", "message"],
    },
}  # fmt: skip


class BulkBody(Body):
    """What is to be done with which incidents."""

    action = Choice([(name, act.title) for name, act in bulk_acts.ACTS.items()])
    incidents = serializers.ListField(
        child=Text(max_length=64), min_length=1, max_length=bulk.MOST, help_text="Ids or names."
    )
    reason = Text(max_length=2000, allow_blank=True, required=False)
    commander = Text(max_length=254, required=False, help_text="For hand_over: the address of the new commander.")
    tags = serializers.ListField(
        child=Text(max_length=300), required=False, max_length=bulk_acts.MOST_TAGS,
        help_text="For tag: by name or Type/name; they are added.",
    )  # fmt: skip
    dry_run = Flag(required=False, help_text="Tell what would happen, and change nothing.")


class IncidentJobSerializer(Answer):
    """A bulk change: how far it is, and its results, the refused ones first, up to five hundred.

    A dry run has no id and the status `foreseen`.
    """

    id = serializers.SerializerMethodField()
    action = serializers.SerializerMethodField()
    status = Choice([FORESEEN, *Job.Status.choices])
    total = Whole()
    done = Whole()
    counts = serializers.SerializerMethodField()
    results = serializers.SerializerMethodField()
    error = Text()
    created_at = Moment()
    finished_at = Moment(allow_null=True)

    @extend_schema_field({"type": ["string", "null"], "format": "uuid"})
    def get_id(self, job: Job) -> str | None:
        return str(job.uuid) if job.pk else None

    @extend_schema_field({"type": "string", "enum": list(bulk_acts.ACTS)})
    def get_action(self, job: Job) -> str:
        return str(job.arguments["wish"]["act"])

    @extend_schema_field(COUNTS_SCHEMA)
    def get_counts(self, job: Job) -> dict[str, int]:
        if job.pk:
            return bulk.counts(job)
        found = Counter(each.outcome for each in self.context["foreseen"])
        return {name: found[name] for name in bulk.Outcome.values}

    @extend_schema_field(RESULTS_SCHEMA)
    def get_results(self, job: Job) -> list[dict[str, str]]:
        return _stored(job, self.context["request"].user) if job.pk else _foreseen(self.context["foreseen"])


class IncidentJobViewSet(Reads, ApiViewSet):
    """The caller's bulk changes of incidents."""

    queryset = Job.objects.none()
    area = "incidents"
    serializer_class = IncidentJobSerializer
    list_fields = ("id", "action", "status", "total", "done", "created_at", "finished_at")
    orderings: ClassVar[dict[str, Column]] = {"created_at": RECORD["created_at"]}
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        return own_jobs(self.request.user)


class BulkAction:
    """Gives the incidents' viewset `POST …/bulk/`."""

    @action(detail=False, methods=["post"])
    def bulk(self: Any, _request: Request) -> Response:
        """Mark stable, close, hand over or tag many: up to fifty at once, more by a job (`/incident-jobs/{id}/`)."""
        asked = self.request.data
        if isinstance(asked, dict) and asked.get("dry_run") is True:
            return self._foresee()
        return self.once(self._start)

    def _start(self: Any) -> Job:
        wish, incidents = self._wished()
        return bulk.start(incidents=incidents, wish=wish, key=bulk.new_key(), actor=self.actor, now=self.now)

    def _foresee(self: Any) -> Response:
        wish, incidents = self._wished()
        foreseen = bulk.foresee(incidents=incidents, wish=wish, actor=self.actor)
        arguments = {"wish": {"act": wish.act}}
        job = Job(status=FORESEEN[0], total=len(incidents), arguments=arguments, created_at=self.now)
        serializer = IncidentJobSerializer(job, context={**self.get_serializer_context(), "foreseen": foreseen})
        return Response(serializer.data)

    def _wished(self: Any) -> tuple[Wish, list[Incident]]:
        body = self.body()
        wish = Wish(
            act=body["action"], reason=body.get("reason", ""), commander=body.get("commander", ""),
            tags=body.get("tags", []),
        )  # fmt: skip
        bulk_acts.check(wish)
        return wish, named(self.request.user, body["incidents"])


def own_jobs(user: Any) -> QuerySet[Job]:
    """The caller's own: what somebody else changes is on the timelines."""
    return Job.objects.filter(kind=bulk.KIND, user_id=user.pk)


def named(user: Any, keys: list[str]) -> list[Incident]:
    """The incidents of these ids and names, each once.

    :raises ValidationError: naming one that the caller does not see.
    """
    wanted = list(dict.fromkeys(keys))
    rows = Incident.objects.visible_to(user).for_list()
    by_name = dict(SubjectName.objects.filter(name__in=wanted, incident__isnull=False).values_list("name", "incident"))
    ids = {key.lower() for key in wanted if read_uuid(key)}
    found = {one.pk: one for one in rows.filter(uuid__in=ids)} | rows.in_bulk(set(by_name.values()))
    by_key = {str(one.uuid): one for one in found.values()}
    by_key |= {name: found[pk] for name, pk in by_name.items() if pk in found}
    meant = {key: by_key.get(key) or by_key.get(key.lower()) for key in wanted}
    for key, incident in meant.items():
        if incident is None:
            message = _("There is no incident “%(name)s” that you may see.") % {"name": key}
            raise field_error("incidents", message, "unknown")
    return list({one.pk: one for one in meant.values() if one}.values())


def _stored(job: Job, user: Any) -> list[dict[str, str]]:
    refused_first = Case(When(status=JobRow.Status.REFUSED, then=0), default=1)
    rows = list(job.rows.order_by(refused_first, "pk")[:MOST_TOLD])
    seen = Incident.objects.visible_to(user).in_bulk([int(row.key) for row in rows])
    return [_told(seen[int(row.key)], row.status, row.message) for row in rows if int(row.key) in seen]


def _foreseen(foreseen: list[bulk.Foreseen]) -> list[dict[str, str]]:
    ordered = sorted(foreseen, key=lambda each: each.outcome != bulk.Outcome.REFUSED)
    return [_told(each.incident, each.outcome, each.message) for each in ordered[:MOST_TOLD]]


def _told(incident: Incident, outcome: str, message: str) -> dict[str, str]:
    return {"incident": str(incident.uuid), "name": incident.name, "outcome": str(outcome), "message": message}

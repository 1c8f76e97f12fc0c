"""Incidents as they are read and written."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.fields import Choice, Moment, Text, Whole
from core.api.references import Reference, Smalls
from core.api.serializers import Answer, Body
from core.models import Project, Visibility
from incidents.flows import choosing
from incidents.models import Incident, Priority, Severity, Type
from knowledge.flows import resolve_tags
from knowledge.models import Tag
from people.api.references import HolderField, IndividualReference
from people.models import Role
from reporting.api.fields import CostField

LONGEST_REASON = 2000
MOST_TAGS = 100
# Names of fields that show who holds a role.
HOLDERS = {
    "commander": Role.Name.COMMANDER,
    "reporter": Role.Name.REPORTER,
    "liaison": Role.Name.LIAISON,
    "scribe": Role.Name.SCRIBE,
}
TEXTS = ("description", "resolution", "summary")


class TagsField(serializers.ListField):
    """Tags by id, name or `Type/name`."""

    child = Text(max_length=300)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_TAGS, **kwargs)

    def to_internal_value(self, data: Any) -> list[Tag]:
        names = super().to_internal_value(data)
        body: Any = self.root
        incident = body.instance
        # A tag that was disabled since may stay; only new ones are looked for among the enabled.
        kept = {str(tag.uuid): tag for tag in incident.tags.all()} if incident else {}
        found = resolve_tags(body.scope, [name for name in names if name not in kept])
        return [*(kept[name] for name in names if name in kept), *found]


class IncidentSerializer(Answer):
    """An incident. People hold their roles now, or held them when it was closed."""

    id = serializers.UUIDField(source="uuid")
    name = Text(help_text="For example INC-42. Old names keep working.")
    title = Text()
    description = Text()
    resolution = Text()
    summary = Text()
    status = Choice(Incident.Status.choices)
    visibility = Choice(Visibility.choices)
    project = Reference(Project)
    type = Reference(Type)
    severity = Reference(Severity)
    priority = Reference(Priority)
    tags = Smalls(Tag)
    commander = HolderField(Role.Name.COMMANDER)
    reporter = HolderField(Role.Name.REPORTER)
    liaison = HolderField(Role.Name.LIAISON)
    scribe = HolderField(Role.Name.SCRIBE)
    cost = CostField()
    reported_at = Moment()
    stable_at = Moment(allow_null=True)
    closed_at = Moment(allow_null=True)
    created_at = Moment()
    updated_at = Moment()
    version = Whole()


class IncidentReportBody(Body):
    """A report. What is left out comes from the project's defaults, the visibility from the type."""

    title = Text(max_length=choosing.LONGEST_TITLE)
    description = Text(max_length=choosing.LONGEST_TEXT, allow_blank=True, required=False)
    project = Reference(Project, required=False)
    type = Reference(Type, scoped=True, required=False)
    severity = Reference(Severity, scoped=True, required=False)
    priority = Reference(Priority, scoped=True, required=False)
    visibility = Choice(Visibility.choices, required=False)
    status = Choice(Incident.Status.choices, required=False)
    tags = TagsField(required=False)
    commander = IndividualReference(required=False, help_text="Default: the reporter.")
    reporter = IndividualReference(required=False, help_text="Default: the caller.")
    reported_at = Moment(required=False, help_text="Default: now.")

    def find_scope(self, data: Any) -> Project | None:
        return choosing.project_for(super().find_scope(data), self.context["view"].actor)


class IncidentEditBody(Body):
    """What is to change; the rest stays."""

    elsewhere: ClassVar[dict[str, Any]] = {
        "status": gettext_lazy("POST to …/status/ to move it."),
        "commander": gettext_lazy("POST to …/roles/ to assign it."),
        "reporter": gettext_lazy("POST to …/roles/ to assign it."),
        "liaison": gettext_lazy("POST to …/roles/ to assign it."),
        "scribe": gettext_lazy("POST to …/roles/ to assign it."),
        "project": gettext_lazy("An incident stays in its project."),
    }

    title = Text(max_length=choosing.LONGEST_TITLE, required=False)
    description = Text(max_length=choosing.LONGEST_TEXT, allow_blank=True, required=False)
    resolution = Text(max_length=choosing.LONGEST_TEXT, allow_blank=True, required=False)
    summary = Text(max_length=choosing.LONGEST_TEXT, allow_blank=True, required=False)
    visibility = Choice(Visibility.choices, required=False)
    type = Reference(Type, scoped=True, required=False)
    severity = Reference(Severity, scoped=True, required=False)
    priority = Reference(Priority, scoped=True, required=False)
    tags = TagsField(required=False)
    reported_at = Moment(required=False)
    stable_at = Moment(required=False, allow_null=True, help_text="Null only where it is null: no change.")

    def _refusal(self, name: str) -> ErrorDetail:
        if name in self.elsewhere:
            return ErrorDetail(_("Not here. %(where)s") % {"where": self.elsewhere[name]}, "elsewhere")
        return super()._refusal(name)


class IncidentMoveBody(Body):
    """Where to, and why."""

    status = Choice(Incident.Status.choices)
    reason = Text(max_length=LONGEST_REASON, allow_blank=True, required=False)

"""What declaring would do, without doing it."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.access import Right
from core.api.fields import Choice, Text
from core.api.references import Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiView
from core.errors import Forbidden
from core.models import Project, Visibility
from incidents.api.serializers import TagsField
from incidents.flows import choosing
from incidents.models import Priority, Severity, Type
from people.api.references import IndividualReference
from people.flows.individuals import of_user
from people.flows.previewing import new_subject, preview
from people.models import Role, RolePolicy, Service, Team


class ChosenSerializer(Answer):
    """Who would get a role. Without `policy` it is the reporter, or nobody was named."""

    role = Choice(Role.Name.choices)
    individual = IndividualReference(read_only=True)
    policy = Reference(RolePolicy, allow_null=True)
    service = Reference(Service, allow_null=True)
    why = Text()


class EngagedSerializer(Answer):
    """Who would be engaged besides: a person as observer, or a team that is told."""

    individual = IndividualReference(allow_null=True, read_only=True)
    team = Reference(Team, allow_null=True)
    service = Reference(Service, allow_null=True)
    why = Text()


class PreviewSerializer(Answer):
    """What the policies and rules come to now."""

    roles = ChosenSerializer(many=True, source="chosen")
    engaged = EngagedSerializer(many=True)


class PreviewBody(Body):
    """The incident one thinks of; what is left out has the project's defaults. The caller reports it."""

    project = Reference(Project)
    title = Text(max_length=choosing.LONGEST_TITLE, allow_blank=True, default="")
    type = Reference(Type, scoped=True, required=False)
    severity = Reference(Severity, scoped=True, required=False)
    priority = Reference(Priority, scoped=True, required=False)
    visibility = Choice(Visibility.choices, required=False)
    tags = TagsField(required=False, default=list)


class IncidentPreviewView(ApiView):
    """Tell who would get each role of a new incident, who would be engaged, and why. Nothing is declared."""

    area = "people"
    serializer_class = PreviewSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"post": PreviewBody}

    def post(self, _request: Request) -> Response:
        body = self.body()
        project: Project = body.pop("project")
        if not access.may(self.user, Right.EDIT, project):
            raise Forbidden(_("Only responders of the project may ask this."))
        tags = choosing.check_tags(project, body.pop("tags"))
        facts: dict[str, Any] = {
            name: choosing.classification_for(project, name, body.get(name)) for name in choosing.CLASSIFICATIONS
        }
        facts["visibility"] = body.get("visibility") or facts["type"].visibility
        subject = new_subject(project, "incident", title=body["title"], reported_at=self.now, **facts)
        reporter = of_user(self.user, project.organization, self.now)
        return self.answer(preview(subject, tags=tags, reporter=reporter, now=self.now))

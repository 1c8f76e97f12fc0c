"""Links between subjects, from either end. One whose other end the caller does not see is not there for them."""

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.errors import field_error
from core.api.fields import Choice, Moment, Text
from core.api.ordering import Column
from core.api.serializers import Answer, Body
from core.api.subjects import SubjectChildViewSet, find
from core.api.views import Reads
from core.flows import subjects
from core.models import SubjectLink
from core.models.subjects import KINDS

ENDS = ("source", "target")
SUBJECT_SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string", "enum": list(KINDS)},
        "name": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "string"},
    },
    "required": ["id", "kind", "name", "title", "status"],
}


class LinkSerializer(Answer):
    """A link as seen from the subject of the address: it is (`out`), or the other one is (`in`), e.g. a duplicate."""

    id = serializers.UUIDField(source="uuid")
    kind = Choice(SubjectLink.Kind.choices)
    direction = serializers.SerializerMethodField()
    subject = serializers.SerializerMethodField()
    created_at = Moment()

    @extend_schema_field({"type": "string", "enum": ["out", "in"]})
    def get_direction(self, link: SubjectLink) -> str:
        return "out" if link.source == self.context["view"].subject else "in"

    @extend_schema_field(SUBJECT_SCHEMA)
    def get_subject(self, link: SubjectLink) -> dict[str, Any]:
        other = link.target if link.source == self.context["view"].subject else link.source
        return {
            "id": str(other.uuid), "kind": other.kind, "name": other.name, "title": other.title, "status": other.status,
        }  # fmt: skip


class LinkBody(Body):
    """The subject of the address is a duplicate of, … the named one."""

    kind = Choice(SubjectLink.Kind.choices)
    subject = Text(max_length=64, help_text="The other subject's id or name.")


class LinkViewSet(Reads, SubjectChildViewSet):
    """Links of the subject, those that others made to it included."""

    queryset = SubjectLink.objects.none()
    serializer_class = LinkSerializer
    matched = frozenset()
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": LinkBody}
    orderings: ClassVar[dict[str, Column]] = {"created_at": Column(path="created_at")}
    default_ordering = "created_at"

    def rows(self) -> QuerySet[Any]:
        mine = Q(**{f"source_{self.subject.kind}": self.subject}) | Q(**{f"target_{self.subject.kind}": self.subject})
        relations = [f"{end}_{kind}__project" for end in ENDS for kind in KINDS]
        return SubjectLink.objects.filter(mine, *(self._seen(end) for end in ENDS)).select_related(*relations)

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._link)

    def destroy(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        subjects.unlink(link=self.get_object(), actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _link(self) -> SubjectLink:
        body = self.body()
        found = (find(self._visible(kind), body["subject"]) for kind in KINDS)
        target = next((subject for subject in found if subject), None)
        if target is None:
            raise field_error("subject", _("There is no such subject that you may see."), "unknown")
        return subjects.link(source=self.subject, target=target, kind=body["kind"], actor=self.actor, now=self.now)

    def _seen(self, end: str) -> Q:
        """The condition that the caller sees the subject at this end, of whatever kind it is."""
        either = Q()
        for kind in KINDS:
            either |= Q(Exists(self._visible(kind).filter(pk=OuterRef(f"{end}_{kind}_id"))))
        return either

    def _visible(self, kind: str) -> QuerySet[Any]:
        model: Any = SubjectLink._meta.get_field(f"source_{kind}").related_model
        rows: QuerySet[Any] = model.objects.visible_to(self.request.user)
        return rows

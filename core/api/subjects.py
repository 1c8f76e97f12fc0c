"""What every kind of subject offers alike: `SubjectViewSet` for the subject itself, `SubjectChildViewSet` for what
belongs to it.
"""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.ordering import RECORD, Column
from core.api.references import read_uuid
from core.api.views import ApiViewSet, Reads
from core.flows import subjects
from core.models import Subject, SubjectName

ORDERINGS: dict[str, Column] = {
    **RECORD,
    "reported_at": Column(path="reported_at"),
    "status": Column(path="status", then="-reported_at"),
    "severity": Column(path="severity__order"),
    "priority": Column(path="priority__order"),
    "closed_at": Column(path="closed_at", nullable=True),
}


def find(rows: QuerySet[Any], key: str) -> Any:
    """The subject with the id or name, an old name included, among `rows`; None when there is none."""
    if read_uuid(key):
        return rows.filter(uuid=key).first()
    kind = rows.model.kind
    named = SubjectName.objects.filter(name=key, **{f"{kind}__isnull": False}).values(f"{kind}_id")
    return rows.filter(pk__in=named).first()


class SubjectViewSet(Reads, ApiViewSet):
    """List, read, report, change, delete and restore subjects of one kind.

    A subclass names the model, its serializers and filters, and calls its own flows in `declare`, `edit` and `move`.

    :cvar texts: the fields by which a list tells as much of a restricted subject as reading it does.
    """

    model: ClassVar[type[Subject]]
    texts: ClassVar[tuple[str, ...]] = ()
    orderings = ORDERINGS
    default_ordering = "-reported_at"
    may_vanish = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Tells the schema what the rows are.
        cls.queryset = cls.model._default_manager.none()

    def with_relations(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with all that an answer shows, in a fixed number of queries."""
        raise NotImplementedError

    def declare(self, body: dict[str, Any]) -> Any:
        """Report a new one."""
        raise NotImplementedError

    def edit(self, subject: Any, body: dict[str, Any], version: int | None) -> Any:
        """Change what was sent."""
        raise NotImplementedError

    def move(self, subject: Any, to: str, reason: str, version: int | None) -> Any:
        """Change the status."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        return self.with_relations(self.model.objects.visible_to(self.request.user))

    def get_object(self) -> Any:
        subject = self.find(self.get_queryset())
        subjects.note_read(subject=subject, actor=self.actor, now=self.now)
        return subject

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        if any(map(self.shown_fields(), self.texts)):
            subjects.note_reads(subjects=page or [], actor=self.actor, now=self.now)
        return page

    def find(self, rows: QuerySet[Any]) -> Any:
        """The subject of the address.

        :raises Http404: when it is not among `rows`.
        """
        subject = find(rows, self.kwargs["id"])
        if subject is None:
            raise Http404
        return subject

    def create(self, _request: Request) -> Response:
        return self.once(lambda: self.declare(self.body()))

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        subject = self.get_object()
        edited = self.edit(subject, self.body(subject), etags.expected_version(request, subject))
        return self.show(edited.uuid)

    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        subject = self.get_object()
        version = etags.expected_version(request, subject)
        subjects.delete(subject=subject, actor=self.actor, now=self.now, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def restore(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Bring a deleted one back, within 30 days."""
        return self.once(self._restore)

    def _restore(self) -> Any:
        user = self.request.user
        # With the visible ones, so that one that is not deleted is told so.
        rows = self.model.objects.deleted_visible_to(user) | self.model.objects.visible_to(user)
        return subjects.restore(subject=self.find(rows.select_related("project")), actor=self.actor, now=self.now)


class SubjectChildViewSet(ApiViewSet):
    """What belongs to a subject. The registry makes one for each kind of subject.

    :cvar subject_view: the viewset of the subject, set by the registry.
    """

    subject_view: ClassVar[type[SubjectViewSet]]
    orderings: ClassVar[dict[str, Column]] = {}
    may_vanish = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Before the body is looked at: whoever does not see the subject hears 404 and nothing else.
        self.subject  # noqa: B018

    @cached_property
    def subject(self) -> Any:
        """The subject of the address, its read noted.

        :raises Http404: when the caller does not see it.
        """
        rows = self.subject_view.model.objects.visible_to(self.request.user).select_related("project__organization")
        subject = find(rows, self.kwargs["subject"])
        if subject is None:
            raise Http404
        subjects.note_read(subject=subject, actor=self.actor, now=self.now)
        return subject

    def rows(self) -> QuerySet[Any]:
        """The subject's rows, with their relations."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        return self.rows()

    def subject_answers(self) -> Any:
        """The subject's own viewset for this request, to answer with the subject."""
        view = self.subject_view(request=self.request, format_kwarg=None, kwargs={"id": self.kwargs["subject"]})
        view.action = "retrieve"
        return view

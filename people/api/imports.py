"""Importing people from CSV over HTTP: as `text/csv`, or as a form with the file."""

from collections.abc import Mapping
from typing import IO, Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.access import Right
from core.api.fields import Choice, Moment, Text, Whole
from core.api.ordering import Column
from core.api.parsers import StrictForm, TooLarge
from core.api.references import Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet, Reads
from core.models import Organization
from core.operations.models import Job
from people.csv_people import LARGEST
from people.flows import importing

QUERY = ("organization", "dry_run")


class CsvBody(BaseParser):
    """The file is the body; the rest stands in the query."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        query = parser_context["request"].query_params if parser_context else {}
        return {"file": _text(stream), **{name: query[name] for name in QUERY if name in query}}


class CsvForm(StrictForm):
    """A form with the file in its field `file`."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        sent = super().parse(stream, media_type, parser_context)
        uploaded: Any = sent.files
        files = {name: _text(file) for name, file in uploaded.items()}
        return {**sent.data.dict(), **files}


def _text(stream: IO[bytes]) -> str:
    """The bytes, a character each: plain values are what a body is compared by when it comes again."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise TooLarge(_("The file is larger than 5 MB. Split it."))
    return content.decode("latin-1")


class ImportBody(Body):
    """A file of people."""

    file = Text(max_length=LARGEST, help_text="CSV in UTF-8; see the guide for its columns.")
    organization = Reference(Organization)
    dry_run = Choice(["true", "false"], required=False, help_text="Only say what would happen.")


class ImportRowSerializer(Answer):
    """What a line did, or would do."""

    line = Whole()
    status = Choice(["done", "refused"])
    message = Text()


class ImportSerializer(Answer):
    """An import and its results by line. A dry run has no `id`."""

    id = serializers.UUIDField(allow_null=True)
    status = Text()
    total = Whole()
    done = Whole()
    counts = serializers.DictField(child=Whole())
    ignored_columns = serializers.ListField(child=Text())
    error = Text()
    created_at = Moment()
    rows = ImportRowSerializer(many=True)


class ImportViewSet(Reads, ApiViewSet):
    """Imports of the organizations whose people the caller manages. POST a file; with `dry_run` nothing is written."""

    area = "people"
    queryset = Job.objects.none()
    parser_classes = [CsvBody, CsvForm]
    serializer_class = ImportSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": ImportBody}
    codes: ClassVar[dict[str, int]] = {"create": status.HTTP_202_ACCEPTED}
    also: ClassVar[dict[str, dict[int, str]]] = {"create": {status.HTTP_200_OK: "A dry run: what would happen."}}
    list_fields = ("id", "status", "total", "done", "counts", "created_at")
    orderings: ClassVar[dict[str, Column]] = {"created_at": Column(path="created_at")}
    default_ordering = "-created_at"
    filter_backends = []

    def allowed_parameters(self) -> set[str]:
        named = set(QUERY) if self.action == "create" else set()
        return super().allowed_parameters() | named

    def get_queryset(self) -> QuerySet[Any]:
        managed = access.organizations_where(self.request.user, Right.CONFIGURE)
        return Job.objects.filter(kind=importing.KIND, organization__in=managed).exclude(status=importing.DRAFT)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Jobs as imports; the rows only where they are shown."""
        many = kwargs.get("many", False)
        if args and many:
            args = ([_plain(job, rows=False) for job in args[0]], *args[1:])
        elif args and isinstance(args[0], Job):
            args = (_plain(args[0], rows=True), *args[1:])
        return super().get_serializer(*args, **kwargs)

    @extend_schema(
        parameters=[
            OpenApiParameter("organization", str, description="With text/csv: an id, or the name."),
            OpenApiParameter("dry_run", str, enum=["true", "false"], description="With text/csv."),
        ]
    )
    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        body = self.body()
        if body.get("dry_run") != "true":
            return self.once(lambda: importing.start_import(**self._file(self.body())))
        return self.answer(_previewed(importing.preview(**self._file(body)), self.now))

    def _file(self, body: dict[str, Any]) -> dict[str, Any]:
        content = body["file"].encode("latin-1")
        return {"organization": body["organization"], "content": content, "actor": self.actor, "now": self.now}


def _plain(job: Job, *, rows: bool) -> dict[str, Any]:
    results = [
        {"line": int(row.key), "status": row.status, "message": row.message}
        for row in (job.rows.order_by("pk") if rows else ())
    ]
    return {
        "id": job.uuid, "status": job.status, "total": job.total, "done": job.done, "error": job.error,
        "counts": job.result.get("counts", {}), "ignored_columns": [], "created_at": job.created_at, "rows": results,
    }  # fmt: skip


def _previewed(found: importing.Preview, now: Any) -> dict[str, Any]:
    rows = [
        {
            "line": row.line, "status": "refused" if row.reason else "done", "message": row.reason or row.said,
        }
        for row in found.outcomes
    ]  # fmt: skip
    return {
        "id": None, "status": "preview", "total": len(rows), "done": 0, "error": "", "counts": found.counts,
        "ignored_columns": found.ignored, "created_at": now, "rows": rows,
    }  # fmt: skip

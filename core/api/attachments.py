"""Files on the timeline: put there as multipart/form-data, listed with their hashes, read under the same access."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Moment, Text, Whole
from core.api.ordering import Column
from core.api.parsers import StrictForm
from core.api.references import Person
from core.api.serializers import Answer, Body
from core.api.subjects import SubjectChildViewSet
from core.api.views import Reads
from core.attachments import flows as attachments
from core.attachments import serving
from core.attachments.files import sha256_of
from core.attachments.models import Attachment
from core.timeline import flows as timeline


class AttachmentSerializer(Answer):
    """One file. `sha256` stands in the details of its event too, which the hash chain covers."""

    id = serializers.UUIDField(source="uuid")
    name = Text()
    content_type = Text()
    size = Whole(help_text="In bytes.")
    sha256 = Text()
    event = serializers.SerializerMethodField(help_text="The entry that it belongs to.")
    user = Person(allow_null=True)
    uploaded_at = Moment()

    @extend_schema_field({"type": "string", "format": "uuid"})
    def get_event(self, row: Attachment) -> str:
        return str(row.event.uuid)


class AttachmentBody(Body):
    """A file, and what is to be said of it."""

    file = serializers.FileField(help_text="The file.", allow_empty_file=True)
    description = Text(max_length=timeline.LONGEST_ENTRY, required=False, help_text="Default: names the file.")


class AttachmentViewSet(Reads, SubjectChildViewSet):
    """Files on the timeline, newest first. Adding one writes an entry; erasing the entry deletes it."""

    queryset = Attachment.objects.none()
    serializer_class = AttachmentSerializer
    parser_classes = [StrictForm]
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"create": AttachmentBody}
    orderings: ClassVar[dict[str, Column]] = {"uploaded_at": Column(path="uploaded_at")}
    default_ordering = "-uploaded_at"
    binary: ClassVar[frozenset[str]] = frozenset({"content"})

    def rows(self) -> QuerySet[Any]:
        return Attachment.objects.of(self.subject).select_related("event", "user")

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(self._attach)

    @action(detail=True, methods=["get"])
    def content(self, _request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """The bytes."""
        try:
            answer: HttpResponse = serving.answer(self.get_object(), saved=True)
        except FileNotFoundError:
            raise Http404 from None
        return answer

    def told(self) -> Any:
        """What the idempotency key stands for: the words, and the file's bytes by their hash."""
        data: Any = self.request.data
        file = self.request.FILES.get("file")
        words = {name: data.getlist(name) for name in data if name != "file"}
        return {**words, "file": [file.name, sha256_of(file)] if file else None}

    def _check_body(self, request: Request) -> None:  # noqa: ARG002
        # Not before the subject was looked for: another media type is refused when the body is read.
        return

    def _attach(self) -> Attachment:
        given = self.body()
        event = attachments.attach(
            subject=self.subject, files=[given["file"]], description=given.get("description", ""), actor=self.actor,
            now=self.now,
        )  # fmt: skip
        return Attachment.objects.get(event=event)

"""Tags, document templates and the documents kept by Dispatch itself."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.history import HistoryRow
from core.models.base import Identified, Record
from core.models.subjects import OwnedQuerySet, SubjectLinked
from core.validators import storable, valid_colour


class ProjectQuerySet(models.QuerySet):
    """Rows of the projects a user belongs to."""

    def visible_to(self, user: object) -> "ProjectQuerySet":
        return self.filter(project__in=access.projects_where(user))


class TagType(Record):
    """A group of tags. Of an exclusive one a subject carries at most one tag."""

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="tag_types")
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#9e9e9e", validators=[valid_colour])
    exclusive = models.BooleanField(_("exclusive"), default=False, help_text=_("A subject has one of these at most."))

    objects = ProjectQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("tag type")
        verbose_name_plural = _("tag types")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="tag_type_name_unique")]

    def __str__(self) -> str:
        return self.name


class Tag(Record):
    """A word that describes subjects. The same word may stand under two types."""

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="tags")
    tag_type = models.ForeignKey(TagType, on_delete=models.PROTECT, related_name="tags", verbose_name=_("type"))
    name = models.CharField(_("name"), max_length=200, validators=[storable])
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)

    objects = ProjectQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["tag_type", "name"], name="tag_name_unique_in_type")]
        indexes = [models.Index(fields=["project", "name"], name="tag_by_name")]

    def __str__(self) -> str:
        return self.name


class DocumentKind(models.TextChoices):
    INCIDENT = "incident_document", _("Incident document")
    REVIEW = "review_document", _("Review document")


class Template(Record):
    """Markdown with placeholders (`{{ incident.title }}`), rendered in a sandbox; `knowledge.rendering` lists them."""

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="templates")
    kind = models.CharField(_("kind"), max_length=24, choices=DocumentKind.choices)
    name = models.CharField(_("name"), max_length=100)
    body = models.TextField(_("text"), validators=[storable])
    default = models.BooleanField(_("default"), default=False, help_text=_("Taken when the type names none."))
    enabled = models.BooleanField(_("enabled"), default=True)

    objects = ProjectQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow])

    class Meta:
        verbose_name = _("document template")
        verbose_name_plural = _("document templates")
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="template_name_unique"),
            models.UniqueConstraint(
                fields=["project", "kind"], condition=Q(default=True), name="template_one_default_per_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LinkedQuerySet(OwnedQuerySet):
    """As owned rows, and rows of a project alone for its members."""

    def visible_to(self, user: object) -> "LinkedQuerySet":
        return self.filter(access.linked_filter(self.model, user, access.Right.SEE))


class Document(Record, SubjectLinked):
    """A document kept by Dispatch: Markdown in versions, the newest is current.

    :ivar marker: the operation that asked for it, so that asking twice makes one.
    """

    kind = models.CharField(_("kind"), max_length=24, choices=DocumentKind.choices)
    title = models.CharField(_("title"), max_length=600)
    marker = models.CharField(max_length=100, unique=True, editable=False)

    objects: ClassVar[Any] = LinkedQuerySet.as_manager()

    class Meta(SubjectLinked.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")

    def __str__(self) -> str:
        return self.title


class DocumentVersion(Identified):
    """One text of a document, kept for good."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField(validators=[storable])
    written_at = models.DateTimeField()
    user = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="document_version_once")]

    def __str__(self) -> str:
        return f"{self.document_id} v{self.number}"

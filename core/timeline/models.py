"""The timeline's rows. Nothing updates them but erasing; `core.timeline.record` appends."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models.base import Identified
from core.models.subjects import KINDS, SubjectOwned


class Event(Identified, SubjectOwned):
    """One thing that happened to a subject, in the order it was recorded.

    `hash = SHA-256(previous hash, seq, kind, happened_at, recorded_at, content digest)` and
    `content_digest = SHA-256(salt + canonical JSON of source, description, details, owner)`; see `core.timeline.chain`.
    An erased event has an empty salt and no content; its digest stays, so the chain stays whole.
    """

    class Kind(models.TextChoices):
        OTHER = "other", _("Other")
        FIELD = "field_updated", _("Field updated")
        ASSESSMENT = "assessment_updated", _("Assessment updated")
        PARTICIPANT = "participant_updated", _("Participant updated")
        CUSTOM = "custom_event", _("Entry")
        DECISION = "decision", _("Decision")
        IMPORTED = "imported_message", _("Imported message")
        OPERATION = "operation_failed", _("Operation failed")
        PAGE = "page", _("Page")
        TASK = "task_updated", _("Task updated")

    # The kinds that people write.
    WRITTEN = (Kind.CUSTOM, Kind.DECISION, Kind.IMPORTED)

    seq = models.PositiveIntegerField()
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices, default=Kind.OTHER)
    happened_at = models.DateTimeField(_("happened"))
    recorded_at = models.DateTimeField(_("recorded"))
    source = models.CharField(_("source"), max_length=100)
    description = models.TextField(_("description"))
    details = models.JSONField(_("details"), default=dict, blank=True)
    owner = models.CharField(_("who"), max_length=300, blank=True)
    # Who wrote it, for rights and links; the chain covers the name above.
    user = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    salt = models.CharField(max_length=32)
    content_digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        constraints = [
            *SubjectOwned.Meta.constraints,
            *(models.UniqueConstraint(fields=[kind, "seq"], name=f"event_seq_unique_in_{kind}") for kind in KINDS),
        ]
        indexes = [
            models.Index(fields=["incident", "-happened_at", "-seq"], name="event_by_incident"),
            models.Index(fields=["case", "-happened_at", "-seq"], name="event_by_case"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.description[:80]}"

    @property
    def is_entry(self) -> bool:
        """Written by a person, so that it can be corrected."""
        return self.kind in self.WRITTEN


class EventPin(models.Model):
    """Marks an event as one to show first. Outside the chain."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="pin")
    pinned_at = models.DateTimeField()
    pinned_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"pin of {self.event_id}"


class EventSupersession(models.Model):
    """A correction: `event` is replaced by `by`. The old one stays readable, struck through. Outside the chain."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="superseded")
    by = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="supersedes")
    reason = models.TextField(_("reason"))

    def __str__(self) -> str:
        return f"{self.event_id} superseded by {self.by_id}"

"""The part people take in subjects: participants, their roles, and roles that are being handed over."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models.base import Identified, Stamped
from core.models.subjects import KINDS, StatusChange, SubjectOwned
from people.models.directory import Individual
from people.models.oncall import Service


class Participant(Identified, Stamped, SubjectOwned):
    """An individual's part in one subject. Removing sets `left_at`; the row and its roles stay.

    :ivar service: the on-call service that brought the person; while they take part it is represented.
    """

    # Without indexes of their own: those of the constraints below begin with them, and PostgreSQL would take the
    # smaller one to look for one person among those who take part.
    incident = models.ForeignKey(
        "incidents.Incident", null=True, blank=True, on_delete=models.CASCADE, related_name="participants",
        db_index=False,
    )  # fmt: skip
    case = models.ForeignKey(
        "cases.Case", null=True, blank=True, on_delete=models.CASCADE, related_name="participants", db_index=False
    )
    individual = models.ForeignKey(Individual, on_delete=models.PROTECT, related_name="participations", db_index=False)
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    added_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    added_reason = models.CharField(_("reason"), max_length=300, blank=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            *SubjectOwned.Meta.constraints,
            *(
                models.UniqueConstraint(fields=[kind, "individual"], name=f"participant_once_in_{kind}")
                for kind in KINDS
            ),
        ]
        # What somebody takes part in is read from the index alone.
        indexes = [models.Index(fields=["individual", "left_at", "incident"], name="participant_by_person")]

    def __str__(self) -> str:
        return str(self.individual)

    @property
    def is_active(self) -> bool:
        return self.left_at is None


class Role(Identified, SubjectOwned):
    """A role somebody holds or held in a subject; current while `renounced_at` is empty.

    :ivar ended_by: the closing that ended it; reopening restores just those.
    :ivar activity: what the holder did meanwhile (entries, messages, changes); the cost model asks.
    """

    class Name(models.TextChoices):
        COMMANDER = "incident_commander", _("Incident Commander")
        LIAISON = "liaison", _("Liaison")
        SCRIBE = "scribe", _("Scribe")
        REPORTER = "reporter", _("Reporter")
        ASSIGNEE = "assignee", _("Assignee")
        PARTICIPANT = "participant", _("Participant")
        OBSERVER = "observer", _("Observer")

    EXCLUSIVE = (Name.COMMANDER, Name.LIAISON, Name.SCRIBE, Name.REPORTER, Name.ASSIGNEE)

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(_("role"), max_length=24, choices=Name.choices)
    assumed_at = models.DateTimeField(_("since"))
    renounced_at = models.DateTimeField(_("until"), null=True, blank=True)
    assigned_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(StatusChange, null=True, on_delete=models.SET_NULL, related_name="ended_roles")
    activity = models.PositiveIntegerField(default=0)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            *SubjectOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["participant", "role"], condition=Q(renounced_at=None), name="role_held_once"
            ),
            *(
                models.UniqueConstraint(
                    fields=[kind, "role"],
                    condition=Q(
                        renounced_at=None, role__in=["incident_commander", "liaison", "scribe", "reporter", "assignee"]
                    ),
                    name=f"role_one_holder_in_{kind}",
                )
                for kind in KINDS
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.participant}"


class HandOver(Identified, Stamped, SubjectOwned):
    """A role offered to somebody with a summary; until it is accepted the giver stays responsible.

    :ivar batch: what hand-overs of one shift share; empty for a single one.
    """

    class Status(models.TextChoices):
        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    role = models.CharField(_("role"), max_length=24, choices=Role.Name.choices)
    giver = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="handovers_given")
    receiver = models.ForeignKey(Individual, on_delete=models.PROTECT, related_name="handovers_received")
    summary = models.TextField(_("summary"), blank=True)
    batch = models.UUIDField(null=True, blank=True, db_index=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.OFFERED)
    offered_at = models.DateTimeField(_("offered"))
    offered_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            *SubjectOwned.Meta.constraints,
            *(
                models.UniqueConstraint(
                    fields=[kind, "role"], condition=Q(status="offered"), name=f"handover_one_offer_in_{kind}"
                )
                for kind in KINDS
            ),
        ]
        indexes = [
            models.Index(fields=["receiver"], condition=Q(status="offered"), name="handover_open_by_receiver"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.giver} → {self.receiver}"

"""Paging: somebody is needed now. A page calls one person after the other until one answers."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models.base import Identified, Stamped
from core.models.subjects import SubjectOwned
from people.models.directory import Individual
from people.models.oncall import Service
from people.models.parts import Role


class Page(Identified, Stamped, SubjectOwned):
    """A call for somebody: for whoever is on call for a service, or for one person (the commander of a new incident).

    :ivar role: the role that stays "not yet acknowledged" until somebody answers; empty when it is about none.
    :ivar due_at: when the next person is called, while the page waits.
    :ivar fact: what caused it, so that the same cause pages once.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Not yet acknowledged")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        EXHAUSTED = "exhausted", _("Nobody answered")
        CANCELLED = "cancelled", _("Cancelled")

    # Somebody still has to answer; once nobody is left to call it stays so until one does.
    UNANSWERED = (Status.WAITING, Status.EXHAUSTED)

    class Way(models.TextChoices):
        LINK = "link", _("by the link")
        CONSOLE = "console", _("in the console")
        API = "api", _("over the API")
        SLACK = "slack", _("in Slack")

    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.SET_NULL, related_name="pages")
    individual = models.ForeignKey(Individual, null=True, blank=True, on_delete=models.PROTECT, related_name="pages")
    role = models.CharField(_("role"), max_length=24, choices=Role.Name.choices, blank=True)
    message = models.CharField(_("message"), max_length=500, blank=True)
    status = models.CharField(_("status"), max_length=14, choices=Status.choices, default=Status.WAITING)
    escalation_minutes = models.PositiveSmallIntegerField(_("minutes to answer"), default=5)
    fact = models.CharField(max_length=100, unique=True)
    paged_at = models.DateTimeField(_("paged"))
    paged_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("next call"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        Individual, null=True, blank=True, on_delete=models.PROTECT, related_name="acknowledged_pages"
    )
    acknowledged_through = models.CharField(max_length=8, choices=Way.choices, blank=True)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="waiting"), name="page_due"),
            models.Index(fields=["-paged_at", "-id"], name="page_by_time"),
            models.Index(fields=["incident", "-paged_at"], name="page_by_incident"),
            models.Index(fields=["case", "-paged_at"], name="page_by_case"),
        ]

    def __str__(self) -> str:
        return self.named

    @property
    def named(self) -> str:
        """What it is for, in a word or two: the role, the service, the person."""
        return str(self.get_role_display() if self.role else self.service or self.individual or self.uuid)

    @property
    def is_unanswered(self) -> bool:
        return self.status in self.UNANSWERED


class PageCall(Identified):
    """One person called by a page, and what came of it."""

    class Reason(models.TextChoices):
        NAMED = "named", _("named")
        ON_CALL = "on_call", _("on call")
        NEXT_ON_CALL = "next_on_call", _("next on call")
        ESCALATION = "escalation", _("escalation list")
        OWNER = "owner", _("owner of the service")

    class Status(models.TextChoices):
        CALLING = "calling", _("Calling")
        UNANSWERED = "unanswered", _("No answer")
        UNDELIVERABLE = "undeliverable", _("Could not be reached")
        ANSWERED = "answered", _("Answered")
        STOPPED = "stopped", _("Stopped")

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="calls")
    individual = models.ForeignKey(Individual, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=14, choices=Reason.choices)
    status = models.CharField(_("status"), max_length=14, choices=Status.choices, default=Status.CALLING)
    called_at = models.DateTimeField(_("called"))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = [
            models.UniqueConstraint(fields=["page", "position"], name="page_call_position_unique"),
            models.UniqueConstraint(fields=["page", "individual"], name="page_call_once_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.individual} ({self.get_status_display()})"


class PageDelivery(Identified):
    """One way on which a call was sent: the person's first address, or a contact method.

    :ivar path: what it is called on the page: "e-mail", "second e-mail", "webhook"; never the address of a webhook.
    """

    class Status(models.TextChoices):
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    call = models.ForeignKey(PageCall, on_delete=models.CASCADE, related_name="deliveries")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    path = models.CharField(max_length=100)
    method = models.ForeignKey(
        "people.ContactMethod", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.SENDING)
    error = models.TextField(blank=True)
    planned_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "position"], name="page_delivery_position_unique")]

    def __str__(self) -> str:
        return f"{self.path}: {self.get_status_display()}"

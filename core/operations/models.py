"""Durable work: effects outside (Operation) and work inside (Job). Both are claimed, leased and swept alike."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models.base import Identified, Stamped
from core.models.subjects import SubjectLinked


class Waits(models.Func):
    """Whether a status waits, spelled out: SQLite finds a partial index by constants only, not by parameters."""

    template = "%(expressions)s IN ('pending', 'retrying')"
    arity = 1
    output_field = models.BooleanField()


class Work(Identified, Stamped, SubjectLinked):
    """What a worker claims: by a conditional update, with a lease, fenced by the attempt's number."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Done")
        RETRYING = "retrying", _("Retrying")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Skipped")

    WAITING = (Status.PENDING, Status.RETRYING)

    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # Since it was planned or retried by hand; the attempts are the fence and never start again.
    failures = models.PositiveIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    handed_at = models.DateTimeField(null=True, help_text=_("When a worker was last woken for it."))
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(_("error"), blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)

    class Meta(SubjectLinked.Meta):
        abstract = True


class Operation(Work):
    """One external side effect, planned in the transaction that caused it. `arguments` hold ids only."""

    class Delivery(models.TextChoices):
        ENSURE = "ensure", _("looks for its own mark first")
        AT_LEAST_ONCE = "at_least_once", _("may repeat")
        AT_MOST_ONCE = "at_most_once", _("never repeats by itself")

    class Urgency(models.IntegerChoices):
        PAGE = 0, _("page")
        NORMAL = 10, _("normal")

    plugin_instance = models.ForeignKey(
        "integrations.PluginInstance", null=True, blank=True, on_delete=models.SET_NULL, related_name="operations"
    )
    capability = models.CharField(_("capability"), max_length=32)
    action = models.CharField(_("action"), max_length=64)
    arguments = models.JSONField(default=dict, blank=True)
    # The row that is the fact; planning the same fact twice plans it once.
    fact_key = models.CharField(max_length=100)
    # Updates of one thing: at most one waits, and they run one after the other.
    coalesce_key = models.CharField(max_length=150, blank=True)
    # Workers are shared out fairly between lanes: a plugin instance, or the built-in of a capability.
    lane = models.CharField(max_length=64)
    delivery = models.CharField(max_length=16, choices=Delivery.choices)
    urgency = models.PositiveSmallIntegerField(choices=Urgency.choices, default=Urgency.NORMAL)
    after = models.ManyToManyField("self", symmetrical=False, blank=True, related_name="dependents")
    user = models.ForeignKey("core.User", null=True, on_delete=models.SET_NULL, related_name="+")
    request_id = models.CharField(max_length=64, blank=True)

    class Meta(Work.Meta):
        constraints = [
            *Work.Meta.constraints,
            models.UniqueConstraint(fields=["action", "fact_key"], name="operation_one_per_fact"),
            models.UniqueConstraint(
                fields=["coalesce_key"],
                condition=~Q(coalesce_key="") & Q(status__in=["pending", "retrying"]),
                name="operation_one_waiting_per_thing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "urgency", "next_attempt_at"],
                condition=Q(status__in=["pending", "retrying"]),
                name="operation_due",
            ),
            # One a status, and none that leads with the status: without statistics SQLite prefers it to the one above.
            *(
                models.Index(fields=["-created_at"], condition=Q(status=status), name=f"operation_{status}")
                for status in ("pending", "running", "retrying", "failed", "skipped")
            ),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="operation_leased"),
            models.Index(fields=["incident", "-created_at"], name="operation_by_incident"),
            models.Index(fields=["case", "-created_at"], name="operation_by_case"),
            models.Index(fields=["project", "-created_at"], name="operation_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.get_status_display()})"


class Job(Work):
    """Work inside with progress and a result per row: bulk changes, imports, exports, AI calls, reports."""

    kind = models.CharField(_("kind"), max_length=64)
    arguments = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=100, unique=True, help_text=_("The fact that asked for it."))
    user = models.ForeignKey("core.User", null=True, on_delete=models.SET_NULL, related_name="jobs")
    total = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(_("rows done"), default=0)

    class Meta(Work.Meta):
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status__in=["pending", "retrying"]), name="job_due"),
            models.Index(fields=["status", "-created_at"], name="job_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_status_display()})"


class JobRow(models.Model):
    """One row's result. Unique per job and key, so that a resumed job repeats none."""

    class Status(models.TextChoices):
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        REFUSED = "refused", _("Refused")

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="rows")
    key = models.CharField(max_length=150)
    status = models.CharField(max_length=8, choices=Status.choices)
    message = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="job_row_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"

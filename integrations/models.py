"""Configured plugins, the resources they made, and what the built-in ones keep."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from core import access
from core.encrypted import EncryptedJSONField
from core.history import HistoryRow
from core.models.base import Identified, Record, Stamped
from core.models.subjects import KINDS, OwnedQuerySet, SubjectOwned, SubjectRelated, at_most_one


class PluginInstanceQuerySet(models.QuerySet["PluginInstance"]):
    """Named selections."""

    def visible_to(self, user: object) -> "PluginInstanceQuerySet":
        """For those who administer the project."""
        return self.filter(project__in=access.projects_where(user, access.Right.ADMINISTER))


class PluginInstance(Record):
    """A plugin configured in a project. One enabled instance serves a capability; none means the built-in one.

    :ivar capabilities: those this instance serves, chosen among what the plugin offers.
    :ivar configuration: encrypted at rest; secrets are never shown again.
    """

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="plugin_instances")
    plugin = models.SlugField(_("plugin"), max_length=64)
    name = models.CharField(_("name"), max_length=100)
    enabled = models.BooleanField(_("enabled"), default=True)
    configuration = EncryptedJSONField(_("configuration"), default=dict, blank=True)
    checked_at = models.DateTimeField(_("last tested"), null=True, blank=True, editable=False)
    check_ok = models.BooleanField(null=True, editable=False)
    check_message = models.TextField(blank=True, editable=False)

    objects = PluginInstanceQuerySet.as_manager()
    history = HistoricalRecords(bases=[HistoryRow], excluded_fields=["configuration"])

    class Meta:
        verbose_name = _("plugin")
        verbose_name_plural = _("plugins")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="plugin_instance_name_unique")]

    def __str__(self) -> str:
        return self.name


class PluginCapability(models.Model):
    """That an instance serves a capability in its project. One enabled instance a capability, by constraint."""

    instance = models.ForeignKey(PluginInstance, on_delete=models.CASCADE, related_name="serves")
    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="+")
    capability = models.CharField(max_length=32)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "capability"], condition=Q(enabled=True), name="one_plugin_per_capability"
            ),
            models.UniqueConstraint(fields=["instance", "capability"], name="plugin_capability_once"),
        ]

    def __str__(self) -> str:
        return f"{self.capability}: {self.instance_id}"


class Resource(Identified, Stamped, SubjectOwned):
    """What belongs to a subject in another system (or in the built-in one): one of each kind.

    :ivar external_id: the system's own id; :ivar label: what people call it (SEC-2291, #inc-142).
    :ivar state: what was last sent there, as plain values.
    """

    class Kind(models.TextChoices):
        TICKET = "ticket", _("Ticket")
        INCIDENT_DOCUMENT = "incident_document", _("Incident document")
        REVIEW_DOCUMENT = "review_document", _("Review document")
        CONVERSATION = "conversation", _("Channel")
        CONFERENCE = "conference", _("Bridge")
        FOLDER = "folder", _("Folder")
        GROUP = "group", _("Group")

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    plugin = models.SlugField(_("plugin"), max_length=64)
    instance = models.ForeignKey(
        PluginInstance, null=True, blank=True, on_delete=models.SET_NULL, related_name="resources"
    )
    external_id = models.CharField(max_length=300)
    label = models.CharField(_("name"), max_length=300)
    url = models.CharField(_("link"), max_length=1000, blank=True)
    state = models.JSONField(default=dict, blank=True)
    synced_at = models.DateTimeField(_("last brought up to date"), default=timezone.now)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = [
            *SubjectOwned.Meta.constraints,
            *(models.UniqueConstraint(fields=[kind, "kind"], name=f"resource_one_of_a_kind_{kind}") for kind in KINDS),
        ]

    def __str__(self) -> str:
        return self.label


class BuiltinTicket(Record, SubjectOwned):
    """A ticket of the built-in tracker: a number in its project and a page. `marker` is the operation that asked.

    It belongs to its subject, so whoever sees the one sees the other.
    """

    project = models.ForeignKey("core.Project", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(_("number"))
    marker = models.CharField(max_length=100, unique=True)
    title = models.CharField(_("title"), max_length=600)
    fields = models.JSONField(default=dict)

    class Meta(SubjectOwned.Meta):
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            *SubjectOwned.Meta.constraints,
            models.UniqueConstraint(fields=["project", "number"], name="builtin_ticket_number_unique"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class OutgoingMailQuerySet(OwnedQuerySet):
    """Named selections."""

    def visible_to(self, user: object) -> "OutgoingMailQuerySet":
        """Those of visible subjects; one about no subject (a list of somebody's tasks) is its reader's alone."""
        own = Q(incident=None, case=None, individual__user_id=getattr(user, "pk", None) or 0)
        return self.filter(access.owned_filter(self.model, user) | own)


class OutgoingMail(Identified, SubjectRelated):
    """A mail that was sent, kept as sent. `message_id` comes from the operation, so repeats thread."""

    operation = models.OneToOneField("core.Operation", null=True, on_delete=models.SET_NULL, related_name="mail")
    message_id = models.CharField(max_length=200, unique=True)
    individual = models.ForeignKey("people.Individual", null=True, on_delete=models.SET_NULL, related_name="mails")
    to = models.CharField(_("to"), max_length=254)
    heading = models.CharField(_("subject line"), max_length=700)
    text = models.TextField(_("text"))
    html = models.TextField(blank=True)
    sent_at = models.DateTimeField(_("sent"))

    objects = OutgoingMailQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("outgoing mail")
        constraints = [models.CheckConstraint(condition=at_most_one(), name="outgoing_mail_max_one_subject")]
        indexes = [models.Index(fields=["-sent_at"], name="mail_by_time")]

    def __str__(self) -> str:
        return self.heading

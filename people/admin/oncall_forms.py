"""The forms of on-call's dialogs. People are known ones, by address: a typing mistake must not be on call."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.admin.projects import ZONES
from core.console import ages
from core.console.forms import DialogForm, LocalDateTime
from core.emails import normalise
from core.models import BusinessHours
from people.dialogs.participants import PersonField
from people.models import Individual, RotationLayer, Service, Shift
from people.oncall import hours
from people.oncall.rotation import Window


def known(service: Service, address: str) -> Individual:
    """The person of an address.

    :raises ValidationError: when nobody of the organization has it.
    """
    try:
        email = normalise(address)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    person = Individual.objects.filter(organization=service.project.organization_id, email=email).first()
    if person is None:
        message = gettext("Nobody here has the address “%(email)s”. Look at it again, or add them under People first.")
        raise ValidationError(message % {"email": email})
    return person


class TimeOfDay(forms.TimeInput):
    """The browser's own picker of a time."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class DayInput(forms.DateInput):
    """The browser's own picker of a day."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class OfService(DialogForm):
    """A dialog about a service, or about something of one."""

    @property
    def service(self) -> Service:
        """The service."""
        return self.target if isinstance(self.target, Service) else self.target.service

    def persons(self, name: str) -> Any:
        """The person of a field with an address; None when it is empty."""
        given = self.cleaned_data.get(name)
        return known(self.service, given) if given else None


class ServiceForm(OfService):
    """What a service is."""

    name = forms.CharField(label=_("Name"), max_length=100)
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    owner = PersonField(label=_("Owner"), required=False, help_text=_("Called last, when nobody else answers."))
    escalation_minutes = forms.IntegerField(
        label=_("Minutes to answer"), min_value=1, max_value=240, help_text=_("Then a page goes to the next person.")
    )
    is_active = forms.BooleanField(label=_("Active"), required=False)
    asks_for_feedback = forms.BooleanField(label=_("Ask how shifts were, at the end of each"), required=False)
    plugin_instance: Any = forms.ModelChoiceField(
        label=_("Rotation kept by"), queryset=None, required=False, empty_label=_("Dispatch itself")
    )
    external_id = forms.CharField(label=_("Its id there"), max_length=200, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)
    FIELDS: ClassVar[tuple[str, ...]] = (
        "name", "description", "escalation_minutes", "is_active", "asks_for_feedback", "plugin_instance", "external_id",
        "version",
    )  # fmt: skip

    def prepare(self) -> None:
        """Begin with what there is; plugins are for admins."""
        service = self.service
        values = {name: getattr(service, name) for name in self.FIELDS}
        self.initial.update(values, owner=service.owner.email if service.owner else "")
        plugins: Any = self.fields["plugin_instance"]
        plugins.queryset = service.project.plugin_instances.filter(serves__capability="on_call").order_by("name")
        if not access.may(self.request.user, Right.ADMINISTER, service.project) or not plugins.queryset.exists():
            del self.fields["plugin_instance"], self.fields["external_id"]

    def clean_owner(self) -> Individual | None:
        """Somebody who is known."""
        person: Individual | None = self.persons("owner")
        return person


class LayerForm(OfService):
    """A layer with its people and hours."""

    name = forms.CharField(label=_("Name"), max_length=100)
    order = forms.IntegerField(
        label=_("Order"), min_value=1, max_value=1000, help_text=_("Of several that cover a moment the highest counts.")
    )
    cadence = forms.ChoiceField(label=_("Turns"), choices=RotationLayer.Cadence.choices)
    turn_hours = forms.IntegerField(label=_("Hours a turn"), required=False, min_value=1, max_value=24 * 90)
    handover_at = forms.TimeField(label=_("Hand-over at"), widget=TimeOfDay)
    handover_weekday = forms.TypedChoiceField(label=_("Weekly on"), coerce=int, choices=BusinessHours.Weekday.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=[(zone, zone) for zone in ZONES])
    starts_on = forms.DateField(label=_("From"), widget=DayInput, help_text=_("The day of the first hand-over."))
    ends_on = forms.DateField(label=_("Until"), required=False, widget=DayInput, help_text=_("The last day, if any."))
    members = forms.CharField(
        label=_("People"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One address a line, in the order of their turns. Whoever has the running turn keeps it."),
    )  # fmt: skip
    restrictions = forms.CharField(
        label=_("Only at these hours"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, for example Mon-Fri 18:00-08:00 or Sat, Sun 00:00-24:00. Empty: always."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    together: ClassVar[list[tuple[str, ...]]] = [
        ("name", "order"), ("cadence", "turn_hours"), ("handover_at", "handover_weekday"), ("starts_on", "ends_on"),
    ]  # fmt: skip
    FIELDS: ClassVar[tuple[str, ...]] = (
        "name", "order", "cadence", "turn_hours", "handover_at", "handover_weekday", "time_zone", "starts_on",
        "ends_on",
    )  # fmt: skip

    def prepare(self) -> None:
        """Begin with the layer, or with a week that begins today."""
        if isinstance(self.target, RotationLayer):
            self._begin_with(self.target)
            return
        highest = self.service.layers.aggregate(highest=Max("order"))["highest"] or 0
        self.initial.update(
            name=gettext("Weekly"), order=highest + 1, cadence="weekly", handover_at="09:00",
            time_zone=self.service.project.time_zone, starts_on=timezone.localdate(),
        )  # fmt: skip

    def _begin_with(self, layer: RotationLayer) -> None:
        rows = layer.members.select_related("individual").order_by("position")
        windows = [
            Window(weekday=row.weekday, starts_at=row.starts_at, ends_at=row.ends_at)
            for row in layer.restrictions.order_by("weekday", "starts_at")
        ]
        self.initial.update({name: getattr(layer, name) for name in (*self.FIELDS, "version")})
        self.initial.update(members="\n".join(row.individual.email for row in rows), restrictions=hours.write(windows))

    def clean_members(self) -> list[Individual]:
        """People who are known, in their order."""
        lines = [line.strip() for line in self.cleaned_data["members"].splitlines()]
        return [known(self.service, line) for line in lines if line]

    def clean_restrictions(self) -> list[Window]:
        """The hours that the lines mean."""
        try:
            return hours.read(self.cleaned_data["restrictions"])
        except ValueError as error:
            raise ValidationError(str(error)) from None


class EscalationForm(OfService):
    """Who is called after those on call."""

    steps = forms.CharField(
        label=_("In this order"), required=False, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One a line: an address, or the name of another service for whoever is on call there."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Begin with the list as it is."""
        rows = self.service.escalation.select_related("individual", "target").order_by("position")
        lines = [row.individual.email if row.individual else str(row.target) for row in rows]
        self.initial.update(steps="\n".join(lines), version=self.service.version)

    def clean_steps(self) -> list[Individual | Service]:
        """People and services that are known."""
        services = {service.name: service for service in Service.objects.filter(project=self.service.project_id)}
        lines = [line.strip() for line in self.cleaned_data["steps"].splitlines()]
        return [services[line] if line in services else known(self.service, line) for line in lines if line]


class OverrideForm(OfService):
    """Somebody takes a span."""

    individual = PersonField(label=_("Who"))
    starts_at = forms.DateTimeField(label=_("From"), widget=LocalDateTime, help_text=_("On your clock."))
    ends_at = forms.DateTimeField(label=_("Until"), widget=LocalDateTime)
    reason = forms.CharField(label=_("Why"), required=False, max_length=300)
    together: ClassVar[list[tuple[str, ...]]] = [("starts_at", "ends_at")]

    def prepare(self) -> None:
        """Begin with oneself, from the next full hour on."""
        begin = timezone.localtime().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        self.initial.update(individual=self.request.user.email, starts_at=begin, ends_at=begin + timedelta(hours=8))

    def clean_individual(self) -> Individual:
        """Somebody who is known."""
        person: Individual = self.persons("individual")
        return person

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Whatever the rotation says, this person is on call for that span. Later overrides go first.")]


def shift_said(shift: Shift) -> str:
    """A shift in a list of choices, on the reader's clock."""
    pattern = "D j M, H:i"
    return f"{shift.individual}: {ages.local(shift.starts_at, pattern)} – {ages.local(shift.ends_at, pattern)}"

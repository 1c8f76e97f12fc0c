"""The form that asks a colleague to take a shift."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.forms import LocalDateTime
from people.admin.oncall_forms import OfService, shift_said
from people.dialogs.participants import PersonField
from people.models import Individual, Shift


class SwapForm(OfService):
    """One's shift or a part of it, whom to ask, and what may come back."""

    shift = forms.ModelChoiceField(label=_("Which shift"), queryset=Shift.objects.none(), empty_label=None)
    starts_at = forms.DateTimeField(
        label=_("Only from"), required=False, widget=LocalDateTime, help_text=_("Empty: all of it.")
    )
    ends_at = forms.DateTimeField(label=_("Only until"), required=False, widget=LocalDateTime)
    returned = forms.ModelChoiceField(
        label=_("In return for"), queryset=Shift.objects.none(), required=False, empty_label=_("nothing")
    )
    asked = PersonField(label=_("Whom to ask"), required=False, help_text=_("Empty: whose shift comes back."))
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
    together = [("starts_at", "ends_at")]

    def prepare(self) -> None:
        """Offer what is to come: one's own to give (a manager: anybody's), everybody else's to take."""
        rows = self.service.shifts.filter(ends_at__gt=timezone.now(), individual__is_active=True)
        rows = rows.select_related("individual").order_by("starts_at", "pk")
        own = rows.filter(individual__user=self.request.user)
        manages = access.may(self.request.user, Right.CONFIGURE, self.service.project)
        for name, offered in (("shift", rows if manages else own), ("returned", rows)):
            field: Any = self.fields[name]
            field.queryset = offered
            field.label_from_instance = shift_said
        mine = own.first()
        self.initial["shift"] = mine.pk if mine else None

    def clean_asked(self) -> Individual | None:
        """Somebody who is known."""
        person: Individual | None = self.persons("asked")
        return person

    def clean(self) -> dict[str, Any]:
        """Whom to ask is written, or follows from what comes back."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "asked" in given and given["asked"] is None:
            if not given.get("returned"):
                raise ValidationError({"asked": gettext("Say whom to ask.")})
            given["asked"] = given["returned"].individual
        return given

    def spans(self) -> dict[str, Any]:
        """The spans as the flow takes them."""
        shift, back = self.cleaned_data["shift"], self.cleaned_data["returned"]
        return {
            "asked_by": shift.individual,
            "asked": self.cleaned_data["asked"],
            "starts_at": self.cleaned_data["starts_at"] or shift.starts_at,
            "ends_at": self.cleaned_data["ends_at"] or shift.ends_at,
            "return_starts_at": back.starts_at if back else None,
            "return_ends_at": back.ends_at if back else None,
        }

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Nothing changes until they accept. They see it on their home page and under Swaps.")]

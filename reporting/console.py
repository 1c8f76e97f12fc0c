"""What every subject's page does with costs: writing one down."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.console.dialogs import dialog
from core.console.forms import DialogForm
from reporting.flows.cost_items import EARLIEST, LATEST, LONGEST_NOTE, add_item
from reporting.models import CostType


class Day(forms.DateInput):
    """The browser's own picker of a day."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"min": EARLIEST.isoformat(), "max": LATEST.isoformat(), **(attrs or {})}, format="%Y-%m-%d")


class CostForm(DialogForm):
    """A cost, written by hand."""

    type = forms.ModelChoiceField(label=_("What for"), queryset=CostType.objects.none(), empty_label=None)
    amount = forms.DecimalField(label=_("Amount"), max_digits=14, decimal_places=2, min_value=0)
    incurred_on = forms.DateField(label=_("On"), widget=Day)
    note = forms.CharField(label=_("Note"), required=False, max_length=LONGEST_NOTE)
    together: ClassVar[list[tuple[str, ...]]] = [("amount", "incurred_on")]

    def prepare(self) -> None:
        """Offer the project's types; name the currency."""
        rows = CostType.objects.filter(project=self.target.project).choosable().order_by("category", "name")
        self.fields["type"].queryset = rows  # type: ignore[attr-defined]
        self.fields["amount"].label = gettext("Amount (%(currency)s)") % {"currency": self.target.project.currency}
        self.initial["incurred_on"] = timezone.localdate()


class CostDialogs:
    """Dialogs for a `SubjectAdmin`."""

    @dialog(title=_("Add a cost"), form=CostForm, submit=_("Add"))
    def add_cost(self, request: Any, subject: Any, form: CostForm) -> None:
        """Write it down."""
        add_item(subject=subject, actor=request.actor, now=timezone.now(), **form.cleaned_data)

"""Sharing what one keeps with a project."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.forms import DialogForm
from core.models import Project


class SharingForm(DialogForm):
    """Who sees a saved view."""

    project = forms.ModelChoiceField(
        label=_("For"), queryset=Project.objects.none(), required=False, empty_label=_("Me alone"),
        help_text=_("A shared view is for all of the project. It holds the question: each finds what they may see."),
    )  # fmt: skip

    def prepare(self) -> None:
        """Offer the projects where the reader works."""
        reach = access.projects_where(self.request.user, Right.EDIT)
        self.fields["project"].queryset = Project.objects.filter(pk__in=reach).order_by("name")  # type: ignore[attr-defined]

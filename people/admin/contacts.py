"""Contact methods: added on the page of a person, changed and taken away one by one."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.subjects import DialogsOnly
from people.admin.person_page import may_see_ways
from people.flows.contacts import LONGEST_ADDRESS, remove_contact_method, save_contact_method
from people.models import ContactMethod, Individual


class WayForm(DialogForm):
    """Another way to reach somebody."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ContactMethod.Kind.choices)
    address = forms.CharField(
        label=_("Address"), max_length=LONGEST_ADDRESS,
        help_text=_("An e-mail address, or an https:// address that takes a POST."),
    )  # fmt: skip
    order = forms.IntegerField(label=_("Order"), initial=1, min_value=1, max_value=99, help_text=_("Tried in it."))
    enabled = forms.BooleanField(label=_("In use"), required=False, initial=True)
    together: ClassVar[list[tuple[str, ...]]] = [("kind", "order")]

    def effects(self) -> list[str]:
        """What it means."""
        return [gettext("Used when a page to the first address finds nobody. A webhook's address is not shown again.")]


class ChangeWayForm(WayForm):
    """A way as it is; what is stored of a webhook is not shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Begin with what there is."""
        way = self.target
        names = ("kind", "order", "enabled", "version")
        self.initial.update({name: getattr(way, name) for name in names})
        self.fields["address"].required = False
        if way.kind == ContactMethod.Kind.EMAIL:
            self.initial["address"] = way.address
        else:
            self.fields["address"].help_text = gettext("Empty: stays %(shown)s") % {"shown": way.shown}


class ContactDialogs:
    """A dialog of a person."""

    @dialog(
        title=_("Another way to reach them"), label=_("Add"), submit=_("Add"), form=WayForm, right=Right.SEE,
        offered=may_see_ways,
    )  # fmt: skip
    def add_way(self, request: Any, person: Individual, form: WayForm) -> None:
        """Add it."""
        save_contact_method(individual=person, actor=request.actor, now=timezone.now(), **form.cleaned_data)


@admin.register(ContactMethod)
class ContactMethodAdmin(DialogsOnly):
    """One way to reach somebody."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactMethod]:
        """One's own, and everybody's where one is a manager."""
        managed = access.organizations_where(request.user, Right.CONFIGURE)
        rows: QuerySet[ContactMethod] = super().get_queryset(request)
        mine = rows.filter(Q(individual__user=request.user) | Q(organization__in=managed))
        return mine.select_related("individual__organization", "organization")

    def crumb(self, obj: ContactMethod) -> Individual:
        """Whose it is."""
        return obj.individual

    def after_dialog(self, request: HttpRequest, obj: ContactMethod) -> str:  # noqa: ARG002
        """The page of the person."""
        return reverse(f"{self.admin_site.name}:people_individual_change", args=[obj.individual_id])

    @dialog(
        title=_("Change a way to reach them"), label=_("Change"), submit=_("Save"), form=ChangeWayForm, right=Right.SEE
    )
    def change(self, request: Any, way: ContactMethod, form: ChangeWayForm) -> None:
        """Change it."""
        save_contact_method(
            individual=way.individual, method=way, actor=request.actor, now=timezone.now(), **form.cleaned_data
        )

    @dialog(
        title=lambda way: gettext("Reach %(who)s there no more?") % {"who": way.individual}, label=_("Remove"),
        submit=_("Remove"), right=Right.SEE, danger=True,
    )  # fmt: skip
    def remove(self, request: Any, way: ContactMethod, form: DialogForm) -> None:  # noqa: ARG002
        """Take it away."""
        remove_contact_method(method=way, actor=request.actor, now=timezone.now())

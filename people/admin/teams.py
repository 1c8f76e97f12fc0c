"""Teams and who belongs to them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import site
from django.contrib.admin.utils import unquote
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.console import panels
from core.console.dialogs import dialog
from core.console.forms import DialogForm
from core.console.modeladmin import ModelAdmin
from core.console.subjects import DialogsOnly
from people.admin.known import known
from people.flows.teams import add_members, delete_team, remove_member, save_team
from people.models import Individual, Team, TeamMember


class MembersField(forms.CharField):
    """Addresses of people who are known, one a line."""

    widget = forms.Textarea(attrs={"rows": 4})
    organization: Any = None

    def clean(self, value: Any) -> Any:
        """The people.

        :raises ValidationError: naming an address that nobody active here has.
        """
        text = super().clean(value)
        addresses = [word for line in text.replace(",", "\n").splitlines() if (word := line.strip())]
        return [known(self.organization, address) for address in addresses]


class AddMembersForm(DialogForm):
    """Who joins the team."""

    members = MembersField(label=_("Who"), max_length=20_000, help_text=_("E-mail addresses, one a line."))

    def prepare(self) -> None:
        """Among the people of the organization."""
        self.fields["members"].organization = self.target.organization  # type: ignore[attr-defined]


@admin.register(Team)
class TeamAdmin(ModelAdmin):
    """The teams of the reader's organizations."""

    list_display = ["name", "size", "lead", "email", "organization", "is_active"]
    list_select_related = ["lead", "organization"]
    list_filter = ["organization", "is_active"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    fields = ["organization", "name", "email", "description", "lead", "is_active"]
    page_dialogs = ["add-members"]
    change_form_outer_before_template = "people/team.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """With how many belong to each."""
        rows: QuerySet[Team] = super().get_queryset(request)
        return rows.annotate(count=Count("members"))

    @admin.display(description=_("members"), ordering="count")
    def size(self, obj: Any) -> int:
        """How many belong to it."""
        count: int = obj.count
        return count

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A member leads it; so a new team gets its lead later."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "lead" in form.base_fields:
            # Asking for the members of no team would find everybody who is in none, whosever they are.
            members = (
                Individual.objects.active().filter(team_memberships__team=obj) if obj else Individual.objects.none()
            )
            form.base_fields["lead"].queryset = members.order_by("name", "pk")
            form.base_fields["lead"].help_text = gettext("One of its members.")
        return form

    def page_context(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """And its members."""
        context = super().page_context(request, object_id)
        if object_id is None:
            return context
        rows = TeamMember.objects.filter(team=int(unquote(object_id))).select_related(
            "individual", "team__organization"
        )
        page = panels.page_of(request, rows.order_by("individual__name", "pk"))
        member_admin: Any = site.get_model_admin(TeamMember)
        lines = [(row, member_admin.buttons(request, ["remove"], row)) for row in page.object_list]
        return {**context, "members": lines, "members_page": page}

    def flow_save(self, request: Any, obj: Team, form: Any) -> None:
        """Save by the flow."""
        save_team(obj, actor=request.actor, now=timezone.now(), version=form.cleaned_data.get("version"))

    def flow_delete(self, request: Any, obj: Team) -> None:
        """Delete by the flow."""
        delete_team(obj, actor=request.actor)

    @dialog(
        title=lambda team: gettext("Who joins %(team)s?") % {"team": team}, label=_("Add members"), submit=_("Add"),
        form=AddMembersForm, right=Right.CONFIGURE,
    )  # fmt: skip
    def add_members(self, request: Any, team: Team, form: AddMembersForm) -> None:
        """Take them in."""
        people = form.cleaned_data["members"]
        add_members(team=team, individuals=people, actor=request.actor, now=timezone.now())


@admin.register(TeamMember)
class TeamMemberAdmin(DialogsOnly):
    """Somebody's place in a team."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[TeamMember]:
        """With the team and the person."""
        rows: QuerySet[TeamMember] = super().get_queryset(request)
        return rows.select_related("team__organization", "team__lead", "individual")

    def target(self, obj: TeamMember) -> Any:
        """Rights are held in the organization."""
        return obj.team.organization

    def crumb(self, obj: TeamMember) -> Team:
        """The team."""
        return obj.team

    def after_dialog(self, request: HttpRequest, obj: TeamMember) -> str:  # noqa: ARG002
        """The page of the team."""
        return reverse(f"{self.admin_site.name}:people_team_change", args=[obj.team_id])

    @dialog(
        title=lambda row: gettext("Take %(who)s out of %(team)s?") % {"who": row.individual, "team": row.team},
        label=_("Remove"), submit=_("Remove"), right=Right.CONFIGURE, danger=True,
    )  # fmt: skip
    def remove(self, request: Any, row: TeamMember, form: DialogForm) -> None:  # noqa: ARG002
        """Take them out."""
        remove_member(team=row.team, individual=row.individual, actor=request.actor, now=timezone.now())

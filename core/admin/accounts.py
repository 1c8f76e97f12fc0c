"""Who belongs to what, and the accounts behind."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.admin.account_forms import (
    DeactivateForm,
    InvitationForm,
    InviteForm,
    PasswordForm,
    SignOutForm,
    UnlockForm,
)
from core.admin.projects import became, zone_field
from core.console import rights
from core.console.dialogs import dialog
from core.console.forms import ConfigurationForm, DialogForm
from core.console.modeladmin import ModelAdmin
from core.emails import normalise
from core.errors import Conflict, FlowError
from core.flows import memberships, passwords, sessions, signing_in, users
from core.models import Membership, MembershipRole, Organization, Project, User


class MembershipForm(ConfigurationForm):
    """A new membership names the person by address; an account is made when there is none."""

    email = forms.EmailField(label=_("E-mail"), required=False)
    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, help_text=_("For an account that does not exist yet.")
    )

    def clean_email(self) -> str:
        """An address is needed for a new membership."""
        email: str = self.cleaned_data["email"]
        if not email and not self.instance.pk:
            raise forms.ValidationError(gettext("Write the address of the person."))
        return email

    def clean(self) -> dict[str, Any]:
        """Say at once what does not fit together, beside what else is missing."""
        given = super().clean()
        if self.refusal is None and not self.instance.pk and given.get("role"):
            try:
                memberships.check_fit(given["role"], given.get("project"), given.get("organization"))
            except FlowError as refusal:
                if refusal.field not in self.errors:
                    self.show_refusal(refusal)
        return given


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    """What a person may do in a project, or as owner."""

    form = MembershipForm
    write_right: ClassVar[Right | None] = Right.ADMINISTER
    drop_right: ClassVar[Right | None] = Right.ADMINISTER
    list_display = ["user", "role", "project", "organization"]
    list_select_related = ["user", "project", "organization"]
    list_filter = ["role", "project", "organization"]
    search_fields = ["user__name", "user__email"]
    ordering = ["user__email", "pk"]

    def target(self, obj: Membership) -> Project | Organization:
        """A project's admin changes its members; the organization's owner changes owners."""
        return obj.project or obj.organization

    def _may(self, request: HttpRequest, right: Right | None, obj: Any) -> bool:
        if obj is not None and obj.project_id is None:
            right = Right.OWN
        return super()._may(request, right, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:  # noqa: ARG002
        """A new one by address; later only the role changes."""
        return (
            ["user", "project", "organization", "role"] if obj else ["email", "name", "role", "project", "organization"]
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Whose and where stays."""
        return ["user", "project", "organization"] if obj else []

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The organization is asked of owners only."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "organization":
            field.required = False
            field.queryset = field.queryset.filter(pk__in=access.organizations_where(request.user, Right.OWN))
            field.help_text = gettext("For an owner instead of a project.")
        return field

    def flow_save(self, request: HttpRequest, obj: Membership, form: Any) -> None:
        """Grant the role, inviting the person when needed."""
        given = form.cleaned_data
        actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
        user = obj.user if obj.pk else _found_or_invited(given["email"], given["name"], actor=actor, now=now)
        owner = given["role"] == MembershipRole.OWNER
        made = memberships.grant(
            user=user,
            role=given["role"],
            project=obj.project,
            organization=obj.organization if owner and obj.organization_id else None,
            actor=actor,
            now=now,
            version=given.get("version"),
        )
        became(obj, made)

    def flow_delete(self, request: HttpRequest, obj: Membership) -> None:
        """Revoke it."""
        memberships.revoke(membership=obj, actor=request.actor, now=timezone.now())  # type: ignore[attr-defined]


@admin.register(User)
class UserAdmin(ModelAdmin):
    """Accounts: one's own, and those of the people one administers."""

    write_right: ClassVar[Right | None] = Right.EDIT
    drop_right: ClassVar[Right | None] = None
    list_display = ["email", "name", "is_active", "is_staff", "is_service", "last_login"]
    list_filter = ["is_active", "is_service"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fields = ["email", "name", "time_zone", "is_active", "is_service", "last_login", "member_of"]
    readonly_fields = ["email", "is_active", "is_service", "last_login", "member_of"]
    list_dialogs = ["invite"]
    page_dialogs = ["send-invitation", "unlock", "sign-out", "set-password", "deactivate", "reactivate"]

    @admin.display(description=_("member of"))
    def member_of(self, obj: User) -> str:
        """Their memberships in words."""
        rows = obj.memberships.select_related("project", "organization")
        return "\n".join(f"{row.get_role_display()}: {row.project or row.organization}" for row in rows) or "-"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Accounts are made by inviting."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One's own, or as an owner."""
        if obj is None:
            return super().has_change_permission(request)
        return obj.pk == request.user.pk or Right.OWN in rights.anywhere(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A zone is chosen from those there are."""
        if db_field.name == "time_zone":
            return zone_field(gettext("The browser's own"))
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def flow_save(self, request: Any, obj: User, form: Any) -> None:
        """Change name and zone."""
        given = form.cleaned_data
        stored = User.objects.get(pk=obj.pk)
        users.edit_profile(
            user=stored,
            actor=request.actor,
            now=timezone.now(),
            name=given["name"],
            time_zone=given["time_zone"],
        )

    @dialog(title=_("Invite somebody"), form=InviteForm, submit=_("Invite"), right=Right.ADMINISTER, on_list=True)
    def invite(self, request: Any, form: InviteForm) -> None:
        """Make the account and give it its place."""
        given = form.cleaned_data
        now = timezone.now()
        user = users.invite(
            email=given["email"], name=given["name"], is_service=given["is_service"], actor=request.actor, now=now
        )
        memberships.grant(user=user, role=given["role"], project=given["project"], actor=request.actor, now=now)

    @dialog(
        title=_("Send the invitation again"),
        form=InvitationForm,
        submit=_("Send it"),
        right=Right.ADMINISTER,
        offered=lambda request, user: passwords.may_be_invited(user) and access.administers(request.user, user),
    )
    def send_invitation(self, request: Any, user: User, form: DialogForm) -> None:  # noqa: ARG002
        """Mail them a link to choose their first password."""
        passwords.send_invitation(user=user, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Unlock"),
        form=UnlockForm,
        right=Right.ADMINISTER,
        offered=lambda request, user: (
            signing_in.locked_until(user, timezone.now()) is not None and access.administers(request.user, user)
        ),
    )
    def unlock(self, request: Any, user: User, form: DialogForm) -> None:  # noqa: ARG002
        """Let them try again at once."""
        signing_in.unlock(user=user, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Sign out everywhere"),
        form=SignOutForm,
        right=Right.ADMINISTER,
        danger=True,
        offered=lambda request, user: user.sessions.exists() and access.administers(request.user, user),
    )
    def sign_out(self, request: Any, user: User, form: DialogForm) -> None:  # noqa: ARG002
        """End their sessions."""
        sessions.end_all(user=user, actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Set a password"),
        form=PasswordForm,
        right=Right.OWN,
        offered=lambda _request, user: not user.is_service,
    )
    def set_password(self, request: Any, user: User, form: PasswordForm) -> None:
        """Set it for them."""
        users.set_password(user=user, password=form.cleaned_data["password"], actor=request.actor, now=timezone.now())

    @dialog(
        title=_("Deactivate"),
        form=DeactivateForm,
        right=Right.OWN,
        danger=True,
        offered=lambda _request, user: user.is_active,
    )
    def deactivate(self, request: Any, user: User, form: DeactivateForm) -> None:  # noqa: ARG002
        """End the account."""
        users.deactivate(user=user, actor=request.actor, now=timezone.now())

    @dialog(title=_("Reactivate"), right=Right.OWN, offered=lambda _request, user: not user.is_active)
    def reactivate(self, request: Any, user: User, form: DialogForm) -> None:  # noqa: ARG002
        """Open it again."""
        users.reactivate(user=user, actor=request.actor, now=timezone.now())


def _found_or_invited(email: str, name: str, *, actor: Any, now: Any) -> User:
    try:
        return users.invite(email=email, name=name, actor=actor, now=now)
    except Conflict:
        return User.objects.get(email=normalise(email))

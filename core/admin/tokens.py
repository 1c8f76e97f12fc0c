"""API tokens: one's own, and those of service accounts."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.ages import exact
from core.console.dialogs import dialog, opened_on
from core.console.forms import DialogForm, LocalDateTime
from core.console.modeladmin import ModelAdmin
from core.flows import memberships, tokens, users
from core.models import ApiToken, MembershipRole, Project, User

# Lifetimes that are offered, in days.
LIFETIMES = (30, 90, 365)


def scope_choices() -> list[tuple[str, str]]:
    """Every scope with what it opens."""
    found = [("read", gettext("read · everything they may see")), ("write", gettext("write · everything they may do"))]
    for area in sorted(tokens.AREAS):
        words = {"area": area, "what": tokens.AREAS[area]}
        found.append((f"{area}:read", "{area}:read · {what}".format(**words)))
        found.append((f"{area}:write", gettext("%(area)s:write · and change it") % words))
    return found


class TokenForm(DialogForm):
    """What a token is for and may do."""

    name = forms.CharField(label=_("What is it for?"), max_length=100)
    user = forms.ModelChoiceField(label=_("Acts as"), queryset=User.objects.none(), empty_label=None)
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=scope_choices, widget=forms.CheckboxSelectMultiple,
        help_text=_("A token never may more than who it acts as. Writing includes reading."),
    )  # fmt: skip
    lasts = forms.ChoiceField(label=_("Lasts"), required=False)
    expires_at = forms.DateTimeField(
        label=_("Or until"), required=False, widget=LocalDateTime, help_text=_("A moment of your own.")
    )
    together: ClassVar[list[tuple[str, ...]]] = [("lasts", "expires_at")]

    def expiry(self) -> datetime | None:
        """The moment that was chosen; the exact one wins."""
        given = self.cleaned_data
        if given["expires_at"] or not given["lasts"]:
            exact: datetime | None = given["expires_at"]
            return exact
        return timezone.now() + timedelta(days=int(given["lasts"]))

    def prepare(self) -> None:
        """Oneself, and the service accounts of one's organizations."""
        self.fields["lasts"].choices = lifetimes()  # type: ignore[attr-defined]
        owned = access.organizations_where(self.request.user, Right.OWN)
        services = Q(is_service=True, memberships__organization__in=owned)
        accounts = User.objects.filter(Q(pk=self.request.user.pk) | services, is_active=True).distinct()
        self.fields["user"].queryset = accounts.order_by("email")  # type: ignore[attr-defined]
        self.initial.update(user=self.request.user.pk, scopes=["read"], lasts="90")


def lifetimes() -> list[tuple[str, str]]:
    """How long a token may last."""
    days = [(str(count), ngettext("%(count)s day", "%(count)s days", count) % {"count": count}) for count in LIFETIMES]
    return [*days, ("", gettext("until revoked"))]


class ServiceForm(DialogForm):
    """A service account with its place and its first token."""

    email = forms.EmailField(label=_("Address"), help_text=_("Names it and is mailed nothing: siem@example.com."))
    name = forms.CharField(label=_("Name"), max_length=200)
    project = forms.ModelChoiceField(label=_("Project"), queryset=Project.objects.none())
    role = forms.ChoiceField(
        label=_("Role"), initial="responder",
        choices=[choice for choice in MembershipRole.choices if choice[0] != "owner"],
    )  # fmt: skip
    scopes = forms.MultipleChoiceField(
        label=_("Its token may"), choices=scope_choices, initial=["incidents:write"],
        widget=forms.CheckboxSelectMultiple, help_text=_("Never more than its role. Writing includes reading."),
    )  # fmt: skip
    lasts = forms.ChoiceField(label=_("Its token lasts"), required=False, initial="365")
    together: ClassVar[list[tuple[str, ...]]] = [("email", "name"), ("project", "role")]

    def prepare(self) -> None:
        """Projects of organizations that the reader owns: only owners make tokens for service accounts."""
        owned = access.projects_where(self.request.user, Right.OWN)
        self.fields["project"].queryset = Project.objects.filter(pk__in=owned).order_by("name")  # type: ignore[attr-defined]
        self.fields["lasts"].choices = lifetimes()  # type: ignore[attr-defined]


class StateFilter(admin.SimpleListFilter):
    """By whether a token still works, and is used."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """The states worth asking for."""
        days = tokens.UNUSED_AFTER.days
        return [
            ("valid", gettext("Works")),
            ("unused", gettext("Unused for %(days)s days") % {"days": days}),
            ("ended", gettext("Revoked or expired")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        """The rows in that state."""
        now = timezone.now()
        if self.value() == "unused":
            return tokens.unused(queryset, now)
        if self.value() == "valid":
            return tokens.valid(queryset, now)
        ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=now)
        return queryset.filter(ended) if self.value() == "ended" else queryset


class RevokeForm(DialogForm):
    """Revoking is for good."""

    def effects(self) -> list[str]:
        """What will happen."""
        used = self.target.last_used_at
        last = (
            gettext("It was used last on %(when)s.") % {"when": exact(used)} if used else gettext("It was never used.")
        )
        return [gettext("Whatever uses it is refused from now on, for good."), last]


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """Bearer tokens for the API. The secret is shown once."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["name", "hint", "user", "may", "state", "expires_at", "last_used_at"]
    list_filter = [StateFilter]
    search_fields = ["name", "user__name", "user__email"]
    list_select_related = ["user"]
    ordering = ["-created_at", "-pk"]
    fields = ["name", "hint", "user", "may", "created_at", "expires_at", "last_used_at", "revoked_at"]
    readonly_fields = ["may"]
    list_dialogs = ["issue", "service"]
    page_dialogs = ["revoke"]

    @admin.display(description=_("may"))
    def may(self, obj: ApiToken) -> str:
        """Its scopes in a line."""
        return ", ".join(obj.scopes)

    @admin.display(description=_("state"))
    def state(self, obj: ApiToken) -> str:
        """In a word."""
        if obj.revoked_at:
            return gettext("revoked")
        if obj.expires_at and obj.expires_at <= timezone.now():
            return gettext("expired")
        return gettext("works")

    @dialog(title=_("New token"), form=TokenForm, submit=_("Make it"), right=Right.SEE, on_list=True)
    def issue(self, request: Any, form: TokenForm) -> HttpResponse:
        """Make it and show the secret, once."""
        given = form.cleaned_data
        _token, secret = tokens.issue(
            user=given["user"], name=given["name"], scopes=given["scopes"], expires_at=form.expiry(),
            actor=request.actor, now=timezone.now(),
        )  # fmt: skip
        return show_secret(self, request, secret)

    @dialog(title=_("New service account"), form=ServiceForm, submit=_("Make it"), right=Right.OWN, on_list=True)
    def service(self, request: Any, form: ServiceForm) -> HttpResponse:
        """Make the account, give it its place, and show the secret of its first token, once."""
        given, by = form.cleaned_data, {"actor": request.actor, "now": timezone.now()}
        account = users.invite(email=given["email"], name=given["name"], is_service=True, **by)
        memberships.grant(user=account, role=given["role"], project=given["project"], **by)
        lasts = timedelta(days=int(given["lasts"])) if given["lasts"] else None
        _token, secret = tokens.issue(
            user=account, name=given["name"][:100], scopes=given["scopes"],
            expires_at=by["now"] + lasts if lasts else None, **by,
        )  # fmt: skip
        return show_secret(self, request, secret)

    @dialog(
        title=_("Revoke"),
        form=RevokeForm,
        right=None,
        danger=True,
        offered=lambda _request, token: token.revoked_at is None,
    )
    def revoke(self, request: Any, token: ApiToken, form: DialogForm) -> None:  # noqa: ARG002
        """End it."""
        tokens.revoke(token=token, actor=request.actor, now=timezone.now())


def show_secret(model_admin: ModelAdmin, request: HttpRequest, secret: str) -> HttpResponse:
    """The page that shows a secret once; no cache keeps it."""
    inside = bool(request.headers.get("HX-Request"))
    context = {
        "secret": secret,
        "title": gettext("Copy it now"),
        "opts": model_admin.opts,
        "back": opened_on(request, model_admin.after_dialog(request, None)),
        "frame": "console/modal.html" if inside else "console/page.html",
    }
    if not inside:
        context = {**model_admin.admin_site.each_context(request), **context}
    response = TemplateResponse(request, "console/secret.html", context)
    response["Cache-Control"] = "no-store"
    return response

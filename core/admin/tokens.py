"""API tokens: one's own, and those of service accounts."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.dialogs import dialog
from core.console.forms import DialogForm, LocalDateTime
from core.console.modeladmin import ModelAdmin
from core.flows import tokens
from core.models import ApiToken, User

SCOPES = ["read", "write", *(f"{area}:{verb}" for area in sorted(tokens.AREAS) for verb in ("read", "write"))]


class TokenForm(DialogForm):
    """What a token is for and may do."""

    name = forms.CharField(label=_("What is it for?"), max_length=100)
    user = forms.ModelChoiceField(label=_("Acts as"), queryset=User.objects.none(), empty_label=None)
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple,
        help_text=_("A token never may more than who it acts as."),
    )  # fmt: skip
    expires_at = forms.DateTimeField(
        label=_("Until"), required=False, widget=LocalDateTime, help_text=_("Empty: until revoked.")
    )

    def prepare(self) -> None:
        """Oneself, and the service accounts of one's organizations."""
        owned = access.organizations_where(self.request.user, Right.OWN)
        services = Q(is_service=True, memberships__organization__in=owned)
        users = User.objects.filter(Q(pk=self.request.user.pk) | services, is_active=True).distinct()
        self.fields["user"].queryset = users.order_by("email")  # type: ignore[attr-defined]
        self.initial.update(user=self.request.user.pk, scopes=["read"])


class RevokeForm(DialogForm):
    """Revoking is for good."""

    def effects(self) -> list[str]:
        """What will happen."""
        return [gettext("Whatever uses it is refused from now on.")]


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """Bearer tokens for the API. The secret is shown once."""

    write_right: ClassVar[Right | None] = None
    drop_right: ClassVar[Right | None] = None
    list_display = ["name", "hint", "user", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    ordering = ["-created_at", "-pk"]
    fields = ["name", "hint", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_dialogs = ["issue"]
    page_dialogs = ["revoke"]

    @dialog(title=_("New token"), form=TokenForm, submit=_("Make it"), right=Right.SEE, on_list=True)
    def issue(self, request: Any, form: TokenForm) -> HttpResponse:
        """Make it and show the secret, once."""
        _token, secret = tokens.issue(**form.cleaned_data, actor=request.actor, now=timezone.now())
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
        "back": model_admin.after_dialog(request, None),
        "frame": "console/modal.html" if inside else "console/page.html",
    }
    if not inside:
        context = {**model_admin.admin_site.each_context(request), **context}
    response = TemplateResponse(request, "console/secret.html", context)
    response["Cache-Control"] = "no-store"
    return response

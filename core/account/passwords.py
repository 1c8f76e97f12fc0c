"""Passwords: changing it, asking for a new one, setting it by a link. Looking changes nothing."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.account.forms import ChangePasswordForm, ForgottenForm, NewPasswordForm
from core.account.own import frame
from core.errors import FlowError
from core.flows import passwords, sessions
from core.whence import whence_of


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Any) -> HttpResponse:
    """Change my password; my other browsers are signed out."""
    posted = request.method == "POST"
    form = ChangePasswordForm(data=request.POST if posted else None, request=request, target=request.user)
    if posted and form.is_valid():
        key = request.session.session_key
        try:
            passwords.change(
                user=request.user, new=form.cleaned_data["password"], actor=request.actor,
                whence=whence_of(request), now=timezone.now(), keep=key,
            )  # fmt: skip
        except FlowError as refusal:
            form.show_refusal(refusal)
        else:
            update_session_auth_hash(request, request.user)
            sessions.rename(key, request.session.session_key)
            messages.success(request, _("Your password is changed. All other browsers are signed out."))
            return HttpResponseRedirect(reverse("account"))
    context = {**frame(request, _("Change password")), "form": form}
    return TemplateResponse(request, "account/change_password.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a mail with a link. The answer is the same whether there is such an account or not."""
    posted = request.method == "POST"
    form = ForgottenForm(data=request.POST if posted else None, request=request)
    sent, status = False, 200
    if posted and form.is_valid():
        try:
            passwords.ask_for_reset(
                email=form.cleaned_data["email"], whence=whence_of(request), now=timezone.now()
            )  # fmt: skip
            sent = True
        except FlowError as refusal:
            form.show_refusal(refusal)
            status = refusal.status
    context = {"form": form, "sent": sent, "login": resolve_url(settings.LOGIN_URL)}
    return TemplateResponse(request, "account/forgotten.html", context, status=status)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a password by the link of a mail."""
    posted = request.method == "POST"
    form = NewPasswordForm(data=request.POST if posted else None, request=request)
    try:
        user = passwords.user_of(secret)
        if posted and form.is_valid():
            passwords.set_by_link(
                secret=secret, password=form.cleaned_data["password"], whence=whence_of(request), now=timezone.now()
            )
            context = {"account": user, "login": resolve_url(settings.LOGIN_URL)}
            return TemplateResponse(request, "account/password_is_set.html", context)
    except passwords.LinkIsOver as refusal:
        return TemplateResponse(request, "account/link_is_over.html", {"refusal": refusal.message}, status=410)
    except FlowError as refusal:
        form.show_refusal(refusal)
    return TemplateResponse(request, "account/new_password.html", {"form": form, "account": user})

"""My account: who I am here, what I am mailed, where I am signed in, what happened, my tokens."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core.access import may_use_console
from core.account.forms import ProfileForm
from core.account.signals import failed_in_words
from core.errors import FlowError
from core.flows import account_events, sessions, users
from core.models import ApiToken
from core.models.accounts import AccountEvent, AccountSession

SHOWN = 10


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: Any) -> HttpResponse:
    """Show the page; take name, zone and mails."""
    posted = request.method == "POST"
    # A dialog may open above it: its fields have other ids.
    form = ProfileForm(
        data=request.POST if posted else None, request=request, target=request.user, auto_id="my_%s"
    )  # fmt: skip
    if posted and form.is_valid():
        given = form.cleaned_data
        try:
            users.edit_profile(
                user=request.user, actor=request.actor, now=timezone.now(), name=given["name"],
                time_zone=given["time_zone"], unwanted_mails=form.unwanted(),
            )  # fmt: skip
        except FlowError as refusal:
            form.show_refusal(refusal)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("account"))
    return TemplateResponse(request, "account/account.html", _context(request, form))


@login_required
@require_POST
def end_session(request: Any, session: Any) -> HttpResponse:
    """Sign one of my browsers out."""
    row = get_object_or_404(AccountSession, uuid=session, user=request.user)
    sessions.end(session=row, actor=request.actor, now=timezone.now())
    return _back(request, _("That browser is signed out."))


@login_required
@require_POST
def end_others(request: Any) -> HttpResponse:
    """Sign all my other browsers out."""
    count = sessions.end_all(
        user=request.user, actor=request.actor, now=timezone.now(), keep=request.session.session_key
    )  # fmt: skip
    said = ngettext("%(count)s other browser is signed out.", "%(count)s other browsers are signed out.", count)
    return _back(request, said % {"count": count})


def frame(request: Any, title: str) -> dict[str, Any]:
    """What the console's frame needs around a page of ours."""
    request.current_app = site.name
    console, context = may_use_console(request.user), site.each_context(request)
    if not console:
        # The theme leaves the sidebar empty for whoever may not open the console.
        context["sidebar_navigation"] = site.get_sidebar_list(request)  # type: ignore[attr-defined]
    return {**context, "title": title, "is_fullwidth": "1", "console": console}


def _context(request: Any, form: ProfileForm) -> dict[str, Any]:
    user = request.user
    failed = account_events.failed_tries(user)
    context = frame(request, _("My account"))
    return {
        **context,
        "form": form,
        "sessions": AccountSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")[:50],
        "this_session": request.session.session_key,
        "events": AccountEvent.objects.filter(user=user).select_related("by").order_by("-happened_at", "-pk")[:SHOWN],
        "failed": failed_in_words(failed) if failed.count else "",
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at", "-pk")[:50],
        "new_token": reverse("admin:core_apitoken_issue") if context["console"] else "",
        "now": timezone.now(),
    }


def _back(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return HttpResponseRedirect(reverse("account"))

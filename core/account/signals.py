"""What follows a log-in and a log-out."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.console.ages import exact
from core.flows import account_events, sessions
from core.flows.account_events import FailedTries, Kind
from core.whence import whence_of


@receiver(user_logged_in, dispatch_uid="core.account")
def note_log_in(request: Any, user: Any, **_more: Any) -> None:
    """Keep the session's row, and tell of log-ins that failed."""
    now, whence = timezone.now(), whence_of(request)
    if request.session.session_key is None:
        request.session.create()
    account_events.note(user, Kind.SIGNED_IN, now=now, whence=whence)
    sessions.note_seen(user=user, session_key=request.session.session_key, whence=whence, now=now)
    request.signed_in = user
    failed = account_events.failed_tries(user)
    if failed.count:
        link = format_html(' <a href="{}">{}</a>', reverse("account"), _("Look at them"))
        messages.warning(request, format_html("{}{}", failed_in_words(failed), link), fail_silently=True)


@receiver(user_logged_out, dispatch_uid="core.account")
def note_log_out(request: Any, **_more: Any) -> None:
    """Drop the session's row."""
    sessions.forget(request.session.session_key)


def failed_in_words(failed: FailedTries) -> str:
    """3 failed log-ins since 12 November 2026, 10:02."""
    if failed.since is None:
        said = ngettext("%(count)s failed log-in so far.", "%(count)s failed log-ins so far.", failed.count)
        return said % {"count": failed.count}
    said = ngettext(
        "%(count)s failed log-in since %(since)s.", "%(count)s failed log-ins since %(since)s.", failed.count
    )
    return said % {"count": failed.count, "since": exact(failed.since)}

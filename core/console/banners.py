"""What every page of the console says above all else: that a part of Dispatch itself is silent."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from core import watching
from core.console.ages import short
from core.console.notices import Notice
from core.heartbeats import Part, Sign

SAID = {
    Part.WORKER: (
        _("No worker has shown life for %(age)s."),
        _("Pages are sent by this web process; tickets, channels, mail and jobs wait. Start a worker, or see its log."),
    ),
    Part.BEAT: (
        _("Beat has shown no life for %(age)s."),
        _("Reminders, on-call changes and retries after a failure come late. Start beat, exactly one, or see its log."),
    ),
}


def banners() -> list[Notice]:
    """Red ones, from what this process saw when it last looked: no query."""
    return [_banner(sign) for sign in watching.silent()]


def _banner(sign: Sign) -> Notice:
    said, more = SAID[Part(sign.part)]
    age = short(timedelta(seconds=sign.age_seconds))
    return Notice(word=_("Silent"), tone="red", said=said % {"age": age}, more=more)

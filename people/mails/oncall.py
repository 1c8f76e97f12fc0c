"""The mails of on-call: a swap that is asked for, what became of it, and how a shift was."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.mails import Choice, Letter, MailKind, register
from people.flows import shift_feedback, swaps
from people.models import ShiftFeedback, Swap
from people.secret_links import feedback_address, swap_address


def _swap(letter: Letter) -> Swap:
    return Swap.objects.select_related("service__project", "asked", "asked_by").get(pk=letter.arguments["swap"])


def _changed(letter: Letter) -> str:
    return "" if _swap(letter).status == letter.arguments["status"] else _("it was answered or withdrawn meanwhile")


def _heading(letter: Letter) -> str:
    swap = _swap(letter)
    words = {"by": swap.asked_by, "asked": swap.asked}
    return {
        Swap.Status.ASKED: _("%(by)s asks %(asked)s for a swap"),
        Swap.Status.ACCEPTED: _("%(asked)s accepted the swap"),
        Swap.Status.DECLINED: _("%(asked)s declined the swap"),
        Swap.Status.WITHDRAWN: _("The swap was withdrawn"),
    }[Swap.Status(swap.status)] % words


def _about(letter: Letter) -> dict[str, Any]:
    swap = _swap(letter)
    asks = swap.status == Swap.Status.ASKED and letter.person == swap.asked
    return {
        "heading": _heading(letter), "swap": swap, "answer": swap_address(swap) if asks else "", **spans_of(swap),
    }  # fmt: skip


def spans_of(swap: Swap) -> dict[str, str]:
    """What is given and what comes back, on the project's clock."""
    zone = ZoneInfo(swap.service.project.time_zone)
    return {
        "given": _span(swap.starts_at, swap.ends_at, zone),
        "returned": _span(swap.return_starts_at, swap.return_ends_at, zone),
    }


def _feedback(letter: Letter) -> ShiftFeedback | None:
    rows = ShiftFeedback.objects.select_related("shift__service__project")
    return rows.filter(pk=letter.arguments["feedback"]).first()


def _answered(letter: Letter) -> str:
    feedback = _feedback(letter)
    return "" if feedback and feedback.answered_at is None else _("it was answered meanwhile")


def _about_shift(letter: Letter) -> dict[str, Any]:
    feedback = _feedback(letter)
    if feedback is None:
        return {}
    return {**shift_words(feedback), "answer": feedback_address(feedback)}


def shift_words(feedback: ShiftFeedback) -> dict[str, Any]:
    """Which shift is meant, on the project's clock."""
    shift = feedback.shift
    return {
        "service": shift.service,
        "span": _span(shift.starts_at, shift.ends_at, ZoneInfo(shift.service.project.time_zone)),
    }


def _span(starts_at: datetime | None, ends_at: datetime | None, zone: ZoneInfo) -> str:
    if starts_at is None or ends_at is None:
        return ""
    return " – ".join(date_format(moment.astimezone(zone), "D j M Y, H:i T") for moment in (starts_at, ends_at))


register(
    MailKind(
        name=swaps.MAIL, template="people/mail/swap", heading=_heading, reason_not_to_send=_changed, context=_about
    )
)
register(
    MailKind(
        name=shift_feedback.MAIL, template="people/mail/shift_feedback",
        heading=lambda _letter: _("How was your shift?"),
        reason_not_to_send=_answered, context=_about_shift, choice=Choice.REMINDERS,
    )
)  # fmt: skip

"""A cost's lines in words, so that nobody has to trust a number."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.models import Role
from reporting.costs import DAY, HOURS, REVIEW, REVIEW_HOURS, REVIEW_HOURS_EACH


def explain(line: Any, *, hourly_rate: Decimal, paid_hours_per_day: int) -> str:
    """Why a line (of a breakdown or a statement) comes to what it does, with the sum to check."""
    if line.kind == REVIEW:
        return f"{_review(line.hours)} {_sum(line, hourly_rate)}"
    words = {"role": Role.Name(line.role).label, "lasted": lasted(line.seconds), "paid": paid_hours_per_day}
    if line.role == Role.Name.OBSERVER:
        return _("%(lasted)s as %(role)s: looking on costs nothing.") % words
    if not line.multiplier:
        return _("%(lasted)s as %(role)s, without an entry, message or change: counts nothing.") % words
    reasons = [_("%(lasted)s as %(role)s.") % words]
    whole = _of_each_day(line.seconds, paid_hours_per_day)
    if whole * 3600 < line.seconds:
        reasons.append(_("Of every 24 h the first %(paid)s count.") % words)
    if line.hours < whole - HOURS:
        reasons.append(_("While the person held a weightier role too, only that one counts."))
    return " ".join([*reasons, _sum(line, hourly_rate)])


def lasted(seconds: int) -> str:
    """A time as people say it: 30 h, 8 h 21 min, 40 min."""
    hours, minutes = divmod(seconds // 60, 60)
    parts = [_("%(count)s h") % {"count": f"{hours:,}"}] if hours else []
    if minutes or not hours:
        parts.append(_("%(count)s min") % {"count": minutes})
    return " ".join(parts)


def in_hours(hours: Decimal) -> str:
    """Hours as people write them: 4, 1.5, 0.0833."""
    return f"{Decimal(hours).quantize(HOURS, ROUND_HALF_UP):,f}".rstrip("0").rstrip(".")


def _review(hours: Decimal) -> str:
    count = int((hours - REVIEW_HOURS) / REVIEW_HOURS_EACH)
    return ngettext(
        "The review: 1 h, and half an hour for %(count)s participant.",
        "The review: 1 h, and half an hour for each of %(count)s participants.",
        count,
    ) % {"count": count}


def _sum(line: Any, hourly_rate: Decimal) -> str:
    factors = [f"{in_hours(line.hours)} h"]
    if line.multiplier != 1:
        factors.append(f"{Decimal(line.multiplier).normalize():f}")
    return f"{' × '.join([*factors, f'{hourly_rate:,.2f}'])} = {line.amount:,.2f}."


def _of_each_day(seconds: int, paid_hours_per_day: int) -> Decimal:
    """The hours that count of an unbroken time."""
    days, rest = divmod(timedelta(seconds=seconds), DAY)
    return Decimal(days * paid_hours_per_day) + min(Decimal(rest.seconds) / 3600, Decimal(paid_hours_per_day))

"""Costs written by hand: a vendor's bill, lost revenue, a fine. Writing one never changes another."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from core import access, versions
from core.access import Right
from core.actor import Actor
from core.errors import Invalid, NotVisible, Stale
from core.flows.subjects import check_text, locked
from core.timeline import Event, record
from reporting.costs import CENT
from reporting.flows.costs import work_out
from reporting.models import CostItem, CostType

LONGEST_NOTE: Final = 500
LARGEST: Final = Decimal("999999999999.99")
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)
EDITABLE: Final = ("type", "amount", "incurred_on", "note")


@transaction.atomic
def add_item(
    *, subject: Any, type: CostType, amount: Decimal, incurred_on: date, actor: Actor, now: datetime, note: str = ""
) -> CostItem:
    """Write a cost down, in the currency the project has today; the item keeps it.

    :raises Invalid: naming the field. :raises Forbidden: unless the actor edits the subject.
    """
    access.require(actor, Right.EDIT, subject)
    subject = locked(subject)
    values = _checked(subject, {"type": type, "amount": amount, "incurred_on": incurred_on, "note": note})
    item = CostItem.objects.create(
        **subject.as_owner, **values, currency=subject.project.currency, author=actor.user, created_at=now
    )
    _record(subject, _("Cost added: %(cost)s"), item, actor, now, old=None, new=_plain(item))
    work_out(subject=subject, now=now)
    return item


@transaction.atomic
def edit_item(*, item: CostItem, actor: Actor, now: datetime, version: int | None = None, **changes: Any) -> CostItem:
    """Change the named fields (`EDITABLE`); the currency stays as it was written.

    :raises Invalid: naming the field. :raises Stale: changed since `version`. :raises NotVisible: removed meanwhile.
    """
    access.require(actor, Right.EDIT, item.subject)
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Invalid(_("This cannot be changed here."), field=sorted(unknown)[0])
    subject = locked(item.subject)
    current = _current(item, version)
    before = _plain(current)
    values = _checked(subject, changes, kept=current.type_id)
    changed = [name for name, value in values.items() if getattr(current, name) != value]
    if not changed:
        return current
    for name in changed:
        setattr(current, name, values[name])
    versions.bump(current, fields=changed)
    _record(subject, _("Cost changed: %(cost)s"), current, actor, now, old=before, new=_plain(current))
    work_out(subject=subject, now=now)
    return current


@transaction.atomic
def remove_item(*, item: CostItem, actor: Actor, now: datetime, version: int | None = None) -> None:
    """Take a cost away; the timeline keeps that it was there.

    :raises Stale: changed since `version`. :raises NotVisible: removed meanwhile.
    """
    access.require(actor, Right.EDIT, item.subject)
    subject = locked(item.subject)
    current = _current(item, version)
    _record(subject, _("Cost removed: %(cost)s"), current, actor, now, old=_plain(current), new=None)
    current.delete()
    work_out(subject=subject, now=now)


def _current(item: CostItem, version: int | None) -> CostItem:
    """The item as it is stored; the subject's lock holds it."""
    current = CostItem.objects.select_related("type").filter(pk=item.pk).first()
    if current is None:
        raise NotVisible(_("This cost was removed meanwhile."))
    if version is not None and current.version != version:
        raise Stale(_("Somebody else changed this cost meanwhile. Look at it again, then repeat your change."))
    return current


def _checked(subject: Any, values: dict[str, Any], kept: int | None = None) -> dict[str, Any]:
    checks = {"type": _check_type, "amount": _check_amount, "incurred_on": _check_day, "note": _check_note}
    return {name: checks[name](value, subject, kept) for name, value in values.items()}


def _check_type(value: CostType, subject: Any, kept: int | None) -> CostType:
    if value.project_id != subject.project_id:
        raise Invalid(_("“%(name)s” belongs to another project.") % {"name": value}, field="type")
    if not value.enabled and value.pk != kept:
        raise Invalid(_("“%(name)s” is disabled; choose another.") % {"name": value}, field="type")
    return value


def _check_amount(value: Any, _subject: Any, _kept: int | None) -> Decimal:
    try:
        amount = Decimal(value)
        exact = amount.is_finite() and amount == amount.quantize(CENT, ROUND_HALF_UP)
    except (InvalidOperation, TypeError, ValueError):
        raise Invalid(_("Give an amount, for example 1200.00."), field="amount") from None
    if not exact:
        raise Invalid(_("An amount has two places after the point at most."), field="amount")
    if not 0 < amount <= LARGEST:
        raise Invalid(_("An amount is more than 0 and at most %(most)s.") % {"most": LARGEST}, field="amount")
    return amount.quantize(CENT)


def _check_day(value: Any, _subject: Any, _kept: int | None) -> date:
    if not isinstance(value, date) or not EARLIEST <= value <= LATEST:
        raise Invalid(_("Give a day, for example 2026-11-24."), field="incurred_on")
    return value


def _check_note(value: Any, _subject: Any, _kept: int | None) -> str:
    return check_text(value, "note", LONGEST_NOTE)


def _plain(item: CostItem) -> dict[str, str]:
    return {
        "type": item.type.name, "amount": str(item.amount), "currency": item.currency,
        "incurred_on": item.incurred_on.isoformat(), "note": item.note,
    }  # fmt: skip


def _record(subject: Any, sentence: str, item: CostItem, actor: Actor, now: datetime, *, old: Any, new: Any) -> None:
    cost = f"{item.type} {item.amount:,.2f} {item.currency}"
    record(
        subject, kind=Event.Kind.FIELD, actor=actor, now=now, description=sentence % {"cost": cost},
        details={"field": "cost", "item": str(item.uuid), "old": old, "new": new},
    )  # fmt: skip

"""Asking how a shift was, once, when it is over; and the answer."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from core import operations
from core.actor import Actor
from core.errors import FlowError, Forbidden, Invalid
from core.flows.subjects import check_text
from people.models import Shift, ShiftFeedback

MAIL = "shift_feedback"
LONGEST_TEXT = 4_000
# A shift that ended longer ago (Dispatch was off, or asking was switched on just now) is asked about by nobody.
ASKED_WITHIN = timedelta(days=1)
ANSWERED_WITHIN = timedelta(days=7)


class FeedbackOver(FlowError):
    """It is too long ago."""

    code = "feedback_over"


@transaction.atomic
def ask_how_shifts_were(*, now: datetime) -> int:
    """Ask whoever had a shift that is over, of services that ask. Returns how many were asked.

    Who goes on at the same moment, by a swap or an override, is asked at the end of all of it.
    """
    goes_on = Shift.objects.filter(
        service=OuterRef("service"), individual=OuterRef("individual"), starts_at__lte=OuterRef("ends_at"),
        ends_at__gt=OuterRef("ends_at"),
    )  # fmt: skip
    over = Shift.objects.filter(
        ~Exists(goes_on), service__asks_for_feedback=True, service__is_active=True, individual__is_active=True,
        ends_at__gt=now - ASKED_WITHIN, ends_at__lte=now, feedback=None,
    )  # fmt: skip
    shifts = list(over.select_related("service__project").order_by("ends_at", "pk"))
    return sum(_ask(shift, now) for shift in shifts)


@transaction.atomic
def say_how_it_was(*, feedback: ShiftFeedback, rating: int, text: str, actor: Actor, now: datetime) -> ShiftFeedback:
    """Say how it was. Within a week a second answer replaces the first.

    :raises Forbidden: it was somebody else's shift. :raises FeedbackOver: after a week.
    :raises Invalid: the rating is none, or the text too long.
    """
    rows = ShiftFeedback.objects.select_for_update(of=("self",)).select_related("shift__individual", "shift__service")
    feedback = rows.get(pk=feedback.pk)
    own = actor.user is not None and feedback.shift.individual.user_id == actor.user.pk
    if not (own or actor.trusted):
        raise Forbidden(_("Only %(who)s, whose shift it was, may do this.") % {"who": feedback.shift.individual})
    if is_over(feedback, now):
        raise FeedbackOver(_("It is too long ago."))
    if rating not in ShiftFeedback.Rating.values:
        raise Invalid(_("Choose how it was."), field="rating")
    check_text(text, "text", LONGEST_TEXT)
    feedback.rating, feedback.text, feedback.answered_at = rating, text, now
    feedback.save(update_fields=["rating", "text", "answered_at"])
    return feedback


def is_over(feedback: ShiftFeedback, now: datetime) -> bool:
    """Whether nobody answers any more."""
    return now > feedback.asked_at + ANSWERED_WITHIN


def _ask(shift: Shift, now: datetime) -> bool:
    feedback, made = ShiftFeedback.objects.get_or_create(shift=shift, defaults={"asked_at": now})
    if made:
        operations.plan(
            "email.send", project=shift.service.project, fact=f"shift-feedback:{feedback.uuid}",
            arguments={"template": MAIL, "individual": shift.individual_id, "feedback": feedback.pk},
        )  # fmt: skip
    return made

"""Links that let whoever holds them answer for the person they were sent to, without a log-in."""

import re
from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

from people.models import HandOver, PageCall, ShiftFeedback, Swap

PAGE: Final = "people.page"
OFFER: Final = "people.handover"
SWAP: Final = "people.swap"
SHIFT: Final = "people.shift"
# A page is answered within minutes, a shift within hours; the link of an old mail leads nowhere.
VALID_SECONDS: Final = 7 * 24 * 3600
LINK: Final = re.compile(r"(/(?:page|handover|swap|shift)/)[A-Za-z0-9_:.-]+/")


def page_address(call: PageCall) -> str:
    """The whole address at which one call of a page is acknowledged."""
    return _address("acknowledge", str(call.uuid), PAGE)


def offer_address(handover: HandOver) -> str:
    """The whole address at which a hand-over is accepted or declined."""
    return _address("handover", str(handover.uuid), OFFER)


def swap_address(swap: Swap) -> str:
    """The whole address at which a swap is accepted or declined."""
    return _address("swap", str(swap.uuid), SWAP)


def feedback_address(feedback: ShiftFeedback) -> str:
    """The whole address at which somebody says how their shift was."""
    return _address("shift", str(feedback.uuid), SHIFT)


def call_of(secret: str) -> PageCall | None:
    """The call that a link is of; None when it is not ours or too old."""
    rows = PageCall.objects.select_related("individual__user", "page__service", "page__individual")
    key = _read(secret, PAGE)
    return rows.filter(uuid=key).first() if key else None


def offer_of(secret: str) -> HandOver | None:
    """The hand-over that a link is of; None when it is not ours or too old."""
    rows = HandOver.objects.select_related("receiver__user", "giver__individual")
    key = _read(secret, OFFER)
    return rows.filter(uuid=key).first() if key else None


def swap_of(secret: str) -> Swap | None:
    """The swap that a link is of; None when it is not ours or too old."""
    rows = Swap.objects.select_related("service__project__organization", "asked__user", "asked_by")
    key = _read(secret, SWAP)
    return rows.filter(uuid=key).first() if key else None


def feedback_of(secret: str) -> ShiftFeedback | None:
    """The question about a shift that a link is of; None when it is not ours or too old."""
    rows = ShiftFeedback.objects.select_related("shift__individual__user", "shift__service__project")
    key = _read(secret, SHIFT)
    return rows.filter(uuid=key).first() if key else None


def masked(text: str) -> str:
    """The text without the secrets of its links, for copies that others may read."""
    return LINK.sub(r"\1…/", text)


def _address(name: str, key: str, salt: str) -> str:
    return settings.BASE_URL + reverse(name, args=[signing.dumps(key, salt=salt)])


def _read(secret: str, salt: str) -> str | None:
    try:
        key: str = signing.loads(secret, salt=salt, max_age=VALID_SECONDS)
    except signing.BadSignature:
        return None
    return key

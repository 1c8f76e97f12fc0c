"""The link that acknowledges a page: whoever holds it answers for the person it was sent to, without a log-in."""

from typing import Final

from django.conf import settings
from django.core import signing
from django.urls import reverse

from people.models import PageCall

SALT: Final = "people.page"
# A page is answered within minutes; the link of an old mail says that it is over.
VALID_SECONDS: Final = 7 * 24 * 3600


def address_of(call: PageCall) -> str:
    """The whole address for one call."""
    return settings.BASE_URL + reverse("acknowledge", args=[signing.dumps(str(call.uuid), salt=SALT)])


def call_of(secret: str) -> PageCall | None:
    """The call that a link is of; None when it is not ours or too old."""
    try:
        uuid = signing.loads(secret, salt=SALT, max_age=VALID_SECONDS)
    except signing.BadSignature:
        return None
    rows = PageCall.objects.select_related("individual__user", "page__service", "page__individual")
    return rows.filter(uuid=uuid).first()

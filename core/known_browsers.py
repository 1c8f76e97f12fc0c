"""A browser that has signed in to an account carries a signed cookie: others who guess at the account's password do not
lock its owner out of it.
"""

import secrets
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpResponse

from core.models.users import User

COOKIE: Final = "known_browser"
VALID_SECONDS: Final = 180 * 24 * 3600


def known_as(request: Any) -> tuple[str, str]:
    """The account that this browser has signed in to before, and the browser's own name; empty where there is none."""
    try:
        content = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=VALID_SECONDS)
        return str(content["user"]), str(content["browser"])
    except (signing.BadSignature, AttributeError, KeyError, TypeError):
        return "", ""


def remember(response: HttpResponse, user: User) -> None:
    """Give the browser its cookie. It lets nobody in: it only gives the browser a count of its own."""
    value = signing.dumps({"user": str(user.uuid), "browser": secrets.token_hex(16)}, salt=COOKIE)
    response.set_cookie(
        COOKIE, value, max_age=VALID_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )

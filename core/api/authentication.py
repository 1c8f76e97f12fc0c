"""Who calls: a machine with a bearer token, or a browser with the console's session."""

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core.flows import tokens
from core.models import ApiToken, User


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <token>`. Any other scheme is left to the next class."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        token = self._token(words[1:])
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, revoked or expired."))
        return token.user, token

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="dispatch"'

    def _token(self, words: list[bytes]) -> ApiToken | None:
        try:
            (secret,) = (word.decode("ascii") for word in words)
        except ValueError:
            # None, several, or none that we could have handed out.
            return None
        return tokens.authenticate(secret, now=timezone.now())


class ConsoleSession(SessionAuthentication):
    """The console's session. Every write carries the CSRF token (`X-CSRFToken`)."""

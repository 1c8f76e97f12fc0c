"""Who may come in: the signed-in, and of tokens those whose scopes cover the view's area. What they see and do
inside is decided by `core.access` alone.
"""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.flows import tokens
from core.models import ApiToken


class InsufficientScope(APIException):
    """The token was not made for this."""

    status_code = 403
    default_code = "insufficient_scope"

    def __init__(self, needed: str) -> None:
        super().__init__(_("This token lacks the scope “%(scope)s”.") % {"scope": needed})
        self.headers = {"WWW-Authenticate": f'Bearer realm="dispatch", error="insufficient_scope", scope="{needed}"'}


class SignedIn(BasePermission):
    """The default of every view. A view names its `area`; what has none is read with any token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is None or not request.user.is_authenticated:
            return False
        if isinstance(request.auth, ApiToken):
            self._check_scopes(request.auth, getattr(view, "area", ""), write=request.method not in SAFE_METHODS)
        return True

    def _check_scopes(self, token: ApiToken, area: str, *, write: bool) -> None:
        if not (area or write) or tokens.allows(token, area, write=write):
            return
        verb = "write" if write else "read"
        raise InsufficientScope(f"{area}:{verb}" if area else verb)

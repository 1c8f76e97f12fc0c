"""Signing in by e-mail and password."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from core.emails import normalise
from core.models import User


class EmailBackend(BaseBackend):
    """Checks the password of an active account; an unknown address takes as long as a wrong password."""

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002 (Django passes it by name)
        username: str | None = None,
        password: str | None = None,
        **_later: Any,
    ) -> User | None:
        user = self._find(username or "")
        if user is None:
            User().set_password(password or "")
            return None
        return user if user.check_password(password or "") and user.is_active and not user.is_service else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()

    def _find(self, email: str) -> User | None:
        try:
            return User.objects.filter(email=normalise(email)).first()
        except ValueError:
            return None

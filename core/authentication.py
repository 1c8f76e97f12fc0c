"""Signing in by e-mail and password."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from core.flows import signing_in
from core.known_browsers import known_as
from core.models import User
from core.whence import whence_of


class EmailBackend(BaseBackend):
    """Checks the password of an active account. Every try is counted (`core.flows.signing_in`)."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_later: Any,
    ) -> User | None:
        """The user, or None.

        :raises TooManyTries: while the account or the network address has to wait.
        """
        return signing_in.sign_in(
            email=username or "",
            password=password or "",
            whence=whence_of(request),
            now=timezone.now(),
            known_as=known_as(request),
        )

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()

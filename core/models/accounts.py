"""What happens with accounts: tries to sign in, sessions, and a short history for their owners."""

from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import access
from core.models.base import Identified
from core.whence import browser_of


class OfAccountQuerySet(models.QuerySet[Any]):
    """Named selections of rows that belong to an account."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of the people one administers."""
        return self.filter(access.of_account_filter(user))


class SignInCount(models.Model):
    """Tries that failed, for one account (there or not) or one network address. The key tells neither.

    :ivar account: the same for all counts of an account, of which each browser that it knows has one; empty for an
        address.
    """

    key = models.CharField(max_length=64, unique=True)
    account = models.CharField(max_length=64, blank=True, db_index=True)
    failures = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(db_index=True)
    blocked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.failures}"


class AccountSession(Identified):
    """A browser that is signed in. The session itself is Django's; this row says whose it is and where."""

    user = models.ForeignKey("core.User", verbose_name=_("user"), on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    agent = models.CharField(_("browser"), max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [
            models.Index(fields=["user", "-last_seen_at"], name="session_of_user"),
            models.Index(fields=["-last_seen_at"], name="session_by_time"),
        ]

    def __str__(self) -> str:
        return self.browser or str(_("A browser"))

    @property
    def browser(self) -> str:
        """Browser and system in words."""
        return browser_of(self.agent)


class AccountEvent(Identified):
    """Something that happened with an account. `user` is None for tries at an account that is not there.

    :ivar by: who did it, where it was somebody else.
    """

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        FAILED = "failed", _("Failed log-in")
        LOCKED = "locked", _("Locked for a while")
        UNLOCKED = "unlocked", _("Unlocked")
        INVITED = "invited", _("Invitation sent")
        RESET_ASKED = "reset_asked", _("New password asked for")
        PASSWORD_SET = "password_set", _("Password set")
        SESSION_ENDED = "session_ended", _("Signed out from elsewhere")
        TOKEN_MADE = "token_made", _("API token made")
        TOKEN_REVOKED = "token_revoked", _("API token revoked")

    user = models.ForeignKey(
        "core.User", verbose_name=_("user"), null=True, on_delete=models.CASCADE, related_name="account_events"
    )
    by = models.ForeignKey("core.User", verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(_("what"), max_length=16, choices=Kind.choices)
    agent = models.CharField(_("browser"), max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    happened_at = models.DateTimeField(_("when"))

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account event")
        verbose_name_plural = _("account events")
        indexes = [
            models.Index(fields=["user", "kind", "-happened_at"], name="account_event_of_user"),
            models.Index(fields=["-happened_at"], name="account_event_by_time"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def browser(self) -> str:
        """Browser and system in words."""
        return browser_of(self.agent)

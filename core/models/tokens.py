"""API tokens: shown once, kept as a digest, scoped, expiring and revocable."""

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import access
from core.models.base import Identified, Stamped


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those of service accounts the user administers."""
        return self.filter(access.token_filter(user))


class ApiToken(Identified, Stamped):
    """A bearer token of a user or service account.

    `scopes` are `read`, `write`, or per area `incidents:write`, `people:read`; a token never exceeds its user's rights.
    `digest` is the SHA-256 of the secret: enough for 256 random bits.
    """

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    hint = models.CharField(max_length=12, editable=False, help_text=_("The first characters, to recognise it by."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

"""Requests that were carried out once."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class IdempotencyRecord(models.Model):
    """A key of a caller: the body's hash, and what came of it. Kept for 24 hours."""

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey("core.ApiToken", null=True, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    object_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "method", "path", "key"], condition=Q(token=None), name="idempotency_once_by_user"
            ),
            models.UniqueConstraint(
                fields=["token", "method", "path", "key"],
                condition=Q(token__isnull=False),
                name="idempotency_once_by_token",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"

"""Who read a restricted subject, and when."""

from django.db import models
from django.utils import timezone

from core.models.subjects import SubjectOwned


class RestrictedRead(SubjectOwned):
    """One read of a restricted subject through a face; consecutive reads within five minutes are one row."""

    user = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    face = models.CharField(max_length=16)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta(SubjectOwned.Meta):
        indexes = [
            models.Index(fields=["incident", "-read_at"], name="read_by_incident"),
            models.Index(fields=["case", "-read_at"], name="read_by_case"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.read_at:%Y-%m-%d %H:%M} UTC"

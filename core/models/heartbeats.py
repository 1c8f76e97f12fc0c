"""Signs of life of the processes that nobody looks at: the workers and beat."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """When a part of the installation last showed that it works. One row a part, however many processes it has."""

    class Part(models.TextChoices):
        WORKER = "worker", _("Worker")
        BEAT = "beat", _("Beat")

    part = models.CharField(_("part"), max_length=16, choices=Part.choices, unique=True)
    beat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.part} ({self.beat_at:%Y-%m-%d %H:%M:%S})"

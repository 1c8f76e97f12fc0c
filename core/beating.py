"""Beat's scheduler: Django's, which shows life as it ticks."""

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler

from core import heartbeats


class Scheduler(DatabaseScheduler):
    """A loop that hangs shows no life, which a thread beside it would."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and show life."""
        wait: float = super().tick(*args, **kwargs)
        heartbeats.beat_now_and_then(heartbeats.Part.BEAT)
        return min(wait, heartbeats.EVERY_SECONDS)

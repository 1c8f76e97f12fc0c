"""Change history of configuration: who, when, old, new, through which face (django-simple-history)."""

from typing import Any

from django.db import models
from django.dispatch import receiver
from simple_history.signals import pre_create_historical_record

from core.actor import current_actor


class HistoryRow(models.Model):
    """What each history row adds: the face and the request that made the change."""

    face = models.CharField(max_length=16, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True


@receiver(pre_create_historical_record)
def stamp(sender: Any, history_instance: Any, **kwargs: Any) -> None:  # noqa: ARG001
    """Write the acting user, face and request on the new history row."""
    actor = current_actor()
    if actor is None:
        return
    history_instance.history_user = actor.user
    history_instance.face = actor.face
    history_instance.request_id = actor.request_id

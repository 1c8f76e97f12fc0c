"""What nearly every row carries."""

import uuid

from django.db import models
from django.utils import timezone


class Identified(models.Model):
    """A bigint key that tables join by, and a UUID that the world sees."""

    uuid = models.UUIDField("id", unique=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class Stamped(models.Model):
    """When the row was made and last written (UTC)."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        abstract = True


class Versioned(models.Model):
    """A counter that each write raises; the ETag and the forms carry it (`core.versions`)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class Record(Identified, Stamped, Versioned):
    """An ordinary configurable thing: identified, stamped and versioned."""

    class Meta:
        abstract = True

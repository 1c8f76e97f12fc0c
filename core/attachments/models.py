"""One stored file of one event."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models.base import Identified
from core.models.subjects import KINDS, SubjectOwned
from core.timeline.models import Event


class Attachment(Identified, SubjectOwned):
    """A file that belongs to an entry. The entry's details hold name, size and hash, so the chain covers them.

    `path` is the storage's name of it and says nothing; the name that people gave is `name`.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200, unique=True)
    uploaded_at = models.DateTimeField()
    user = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(SubjectOwned.Meta):
        indexes = [models.Index(fields=[kind, "-uploaded_at"], name=f"attachment_by_{kind}") for kind in KINDS]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Safe to show in the page: a raster picture by its first bytes."""
        return self.content_type.startswith("image/")

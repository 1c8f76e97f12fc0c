"""How people like their lists: saved views and chosen columns."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import access
from core.models.base import Record


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Named selections."""

    def visible_to(self, user: Any) -> Self:
        """One's own, and those shared in the user's projects."""
        return self.filter(Q(project=None, user_id=user.pk) | Q(project__in=access.projects_where(user)))


class SavedView(Record):
    """A list as somebody keeps it: what it asks, in which order, with which columns.

    It holds questions and no answers: whoever opens it finds what they may see.

    :ivar listing: which list ("incidents"). :ivar project: where it is shared; none for a private one.
    :ivar query: the list's parameters, each with its values. :ivar columns: none for the reader's own.
    """

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("by"))
    project = models.ForeignKey(
        "core.Project", null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views",
        verbose_name=_("shared in"),
    )  # fmt: skip
    listing = models.CharField(_("list"), max_length=32)
    name = models.CharField(_("name"), max_length=80)
    query = models.JSONField(default=dict)
    columns = models.JSONField(default=list)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "listing", "name"], condition=Q(project=None), name="view_own_name_unique"
            ),
            models.UniqueConstraint(
                fields=["project", "listing", "name"],
                condition=Q(project__isnull=False),
                name="view_shared_name_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ListColumns(models.Model):
    """The columns that somebody chose for a list."""

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="+")
    listing = models.CharField(max_length=32)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "listing"], name="columns_once_per_list")]

    def __str__(self) -> str:
        return f"{self.listing}: {', '.join(self.columns)}"

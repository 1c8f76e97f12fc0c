"""One row per thing that can be found. The full-text entry beside it is the database's own (see the migration)."""

from django.db import models

from core.models.subjects import SubjectLinked


class SearchDocument(SubjectLinked):
    """Title and body of one object of a kind. `restricted` follows the subject's visibility."""

    kind = models.CharField(max_length=32)
    object_id = models.PositiveBigIntegerField()
    title = models.TextField()
    body = models.TextField(blank=True)
    restricted = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(SubjectLinked.Meta):
        constraints = [
            *SubjectLinked.Meta.constraints,
            models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"

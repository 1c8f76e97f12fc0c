"""Rows that people configure: one viewset for all, through `core.flows.configuration`."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.references import visible
from core.api.views import ApiViewSet, Reads
from core.flows import configuration


class ConfigurationViewSet(Reads, ApiViewSet):
    """List, read, create, change and delete a kind of configuration row. A subclass names the model and its serializer;
    one whose rows are saved by a flow of their own says so in `save_row` and `delete_row`.
    """

    model: ClassVar[type[Model]]
    related: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "model"):
            # Tells the schema what the rows are.
            cls.queryset = cls.model._default_manager.none()
        body: Any = cls.serializer_class
        if body is not None and not cls.bodies:
            cls.bodies = {"create": body, "partial_update": body}

    def get_queryset(self) -> QuerySet[Any]:
        return visible(self.model, self.request.user).select_related(*self.related)

    def create(self, _request: Request) -> Response:
        return self.once(self._create)

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        version = etags.expected_version(request, row)
        for name, value in self.body(row).items():
            setattr(row, name, value)
        saved = self.save_row(row, version)
        return self.answer(self.get_queryset().get(pk=saved.pk))

    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        etags.expected_version(request, row)
        self.delete_row(row)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def save_row(self, row: Any, version: int | None) -> Any:
        """Store a new or changed row."""
        return configuration.save(row, actor=self.actor, now=self.now, version=version)

    def delete_row(self, row: Any) -> None:
        """Delete a row that nothing uses."""
        configuration.delete(row, actor=self.actor)

    def _create(self) -> Any:
        return self.save_row(self.model(**self.body()), None)

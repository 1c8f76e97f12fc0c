"""Ways to reach a person beside the first address: one's own, or anybody's for a manager."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import etags
from core.api.fields import Choice, Flag, Text, Whole
from core.api.ordering import Column
from core.api.references import read_uuid, visible
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet, Reads
from people.flows.contacts import LONGEST_ADDRESS, remove_contact_method, save_contact_method, ways_to_reach
from people.models import ContactMethod, Individual


class ContactMethodSerializer(Answer):
    """A way to reach the person."""

    id = serializers.UUIDField(source="uuid")
    version = Whole()
    kind = Choice(ContactMethod.Kind.choices)
    address = Text(source="shown", help_text="Of a webhook the host only.")
    order = Whole()
    enabled = Flag()


class ContactMethodBody(Body):
    """A way to reach the person, tried in their order."""

    kind = Choice(ContactMethod.Kind.choices)
    address = Text(max_length=LONGEST_ADDRESS)
    order = Whole(min_value=0, max_value=32767, required=False)
    enabled = Flag(required=False)


class ContactMethodViewSet(Reads, ApiViewSet):
    """How a person is called when a page to their first address finds nobody."""

    area = "people"
    queryset = ContactMethod.objects.none()
    serializer_class = ContactMethodSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": ContactMethodBody, "partial_update": ContactMethodBody,
    }  # fmt: skip
    orderings: ClassVar[dict[str, Column]] = {"order": Column(path="order")}
    default_ordering = "order"
    filter_backends = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Before the body is looked at: whoever does not see the person hears 404 and nothing else.
        self.individual  # noqa: B018

    @cached_property
    def individual(self) -> Individual:
        """The person of the address.

        :raises Http404: when the caller does not see them.
        """
        key = read_uuid(self.kwargs["individual"])
        found = visible(Individual, self.request.user).select_related("organization").filter(uuid=key).first()
        if key is None or found is None:
            raise Http404
        person: Individual = found
        return person

    def get_queryset(self) -> QuerySet[Any]:
        return ways_to_reach(self.individual, actor=self.actor)

    def create(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.once(lambda: self._save(None, self.body(), None))

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        version = etags.expected_version(request, row)
        there = {"kind": row.kind, "order": row.order, "enabled": row.enabled}
        return self.show(self._save(row, {**there, **self.body(row)}, version).uuid)

    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        etags.expected_version(request, row)
        remove_contact_method(method=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save(self, row: ContactMethod | None, values: dict[str, Any], version: int | None) -> ContactMethod:
        return save_contact_method(
            individual=self.individual, method=row, version=version, actor=self.actor, now=self.now, **values
        )

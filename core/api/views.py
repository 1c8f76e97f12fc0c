"""The base of every view: strict about what comes in, one way to answer, and each POST at most once."""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework import mixins, status
from rest_framework.exceptions import APIException, ErrorDetail, UnsupportedMediaType
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.viewsets import ViewSetMixin

from core import idempotency
from core.actor import Actor, Face, acting
from core.api import etags
from core.api.errors import field_error
from core.api.filters import DeclaredFilters, WordSearch
from core.api.negotiation import AlwaysFirst
from core.api.ordering import RECORD, Column
from core.api.pagination import PARAMETERS
from core.api.references import read_uuid
from core.api.serializers import check_fields, split_names
from core.api.throttling import rate_headers
from core.middleware import request_id
from core.models import ApiToken, User
from core.validators import UNSTORABLE

KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
READING: Final = frozenset({"GET", "HEAD"})
WITH_BODY: Final = frozenset({"POST", "PATCH"})


class ApiView(GenericAPIView):
    """Reads strictly, knows the actor, answers with ETags.

    :cvar area: the area of token scopes (`incidents`, `people`, …).
    :cvar bodies: by action (or method), the serializer of what is written.
    :cvar answers: by action, the serializer of what is read, where it is not `serializer_class`.
    :cvar list_fields: what a row of the list shows unless `?fields=` says otherwise.
    :cvar codes: by action, the status of success where it is not 200.
    :cvar matched: actions that mind `If-Match`. :cvar may_vanish: a write may hide the row from its writer.
    """

    area: ClassVar[str] = ""
    bodies: ClassVar[dict[str, type[Serializer]]] = {}
    answers: ClassVar[dict[str, type[Serializer]]] = {}
    list_fields: ClassVar[tuple[str, ...]] = ()
    orderings: ClassVar[dict[str, Column]] = dict(RECORD)
    default_ordering: ClassVar[str] = "name"
    search_kind: ClassVar[str] = ""
    codes: ClassVar[dict[str, int]] = {"create": status.HTTP_201_CREATED}
    matched: ClassVar[frozenset[str]] = frozenset({"partial_update", "destroy", "patch"})
    may_vanish: ClassVar[bool] = False
    action: str = ""

    content_negotiation_class = AlwaysFirst
    filter_backends = [DeclaredFilters, WordSearch]
    # No OPTIONS: the schema describes, and other origins are not served.
    http_method_names = ["get", "head", "post", "patch", "delete"]
    lookup_field = "uuid"
    lookup_url_kwarg = "id"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.ExitStack() as self.until_answered:
            response = super().dispatch(request, *args, **kwargs)
            if hasattr(response, "add_post_render_callback"):
                response.add_post_render_callback(etags.of_content)
            return response

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished = super().finalize_response(request, response, *args, **kwargs)
        for name, value in rate_headers(getattr(request, "_request", request)).items():
            finished[name] = value
        return finished

    def check_permissions(self, request: Request) -> None:
        """Whoever is signed in and refused asked all the same, which counts."""
        try:
            super().check_permissions(request)
        except APIException:
            if getattr(request.user, "is_authenticated", False):
                self.check_throttles(request)
            raise

    def handle_exception(self, exc: Exception) -> Response:
        """A body of another kind is told which kinds are read here."""
        if isinstance(exc, UnsupportedMediaType):
            kinds = ", ".join(parser.media_type for parser in self.parser_classes)
            exc.detail = ErrorDetail(_("Send the body with the Content-Type %(kinds)s.") % {"kinds": kinds})
        response: Response = super().handle_exception(exc)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        structlog.contextvars.bind_contextvars(user_id=request.user.pk, face=Face.API)
        self.until_answered.enter_context(acting(self.actor))
        if hasattr(self, (request.method or "").lower()):
            self._check_parameters(request)
            self._check_body(request)

    @property
    def user(self) -> User:
        """Who calls; `SignedIn` lets nobody else in."""
        user: Any = self.request.user
        return user

    @cached_property
    def actor(self) -> Actor:
        """Who acts, through this face."""
        token = self.request.auth if isinstance(self.request.auth, ApiToken) else None
        return Actor(user=self.user, face=Face.API, request_id=request_id(), token=token)

    @cached_property
    def now(self) -> datetime:
        """The moment of the request."""
        return timezone.now()

    @property
    def is_list(self) -> bool:
        return self.action == "list"

    def get_object(self) -> Any:
        """The row of the address.

        :raises Http404: when there is none that the caller may see.
        """
        key = read_uuid(self.kwargs["id"])
        row = self.get_queryset().filter(uuid=key).first() if key else None
        if row is None:
            raise Http404
        return row

    # What comes in

    def allowed_parameters(self) -> set[str]:
        """Names of query parameters this request may carry."""
        if not self.is_list:
            return {"fields"} if self.request.method in READING else set()
        filters = getattr(self, "filterset_class", None)
        return {
            "fields",
            *PARAMETERS,
            *(filters.base_filters if filters else ()),
            *({"search"} if self.search_kind else ()),
        }

    def several_times(self) -> set[str]:
        """Names of query parameters that may come several times."""
        filters = getattr(self, "filterset_class", None)
        return {name for name, each in filters.base_filters.items() if each.field_class.several} if filters else set()

    def body_class(self) -> type[Serializer] | None:
        """The serializer of what this request writes; None when it carries nothing."""
        return self.bodies.get(self.action or (self.request.method or "").lower())

    def body(self, instance: Any = None) -> dict[str, Any]:
        """The body, checked by the action's serializer; of a PATCH only what was sent.

        :raises ValidationError: naming each field at fault.
        """
        kind: Any = self.body_class()
        partial = self.request.method == "PATCH"
        serializer = kind(instance, data=self.request.data, partial=partial, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    # What goes out

    def get_serializer_class(self) -> type[BaseSerializer]:
        kind: type[BaseSerializer] = self.answers.get(self.action) or super().get_serializer_class()
        return kind

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer: Any = super().get_serializer(*args, **kwargs)
        outer = getattr(serializer, "child", serializer)
        wanted = self._wanted()
        if wanted is not None:
            serializer.context["fields"] = check_fields(wanted, outer.get_fields())
        elif self.is_list and self.list_fields:
            serializer.context["fields"] = frozenset(self.list_fields)
        return serializer

    def shown_fields(self) -> Callable[[str], bool]:
        """Whether the answer of this request shows a field, for fetching no more than that."""
        wanted = self._wanted()
        names = set(self.list_fields) if wanted is None and self.is_list else split_names(wanted or "")
        shows_all = (wanted is None and not self.is_list) or (self.is_list and not self.list_fields)
        return lambda name: shows_all or name in names

    def _wanted(self) -> str | None:
        """The `fields` parameter of a read."""
        reading = self.request is not None and self.request.method in READING
        return self.request.query_params.get("fields") if reading else None

    def answer(self, row: Any, code: int = status.HTTP_200_OK) -> Response:
        """The row as JSON, with its ETag."""
        response = Response(self.get_serializer(row).data, code)
        tag = etags.of(row)
        if tag:
            response["ETag"] = tag
        return response

    def code(self) -> int:
        """The status of success."""
        return self.codes.get(self.action, status.HTTP_200_OK)

    def once(self, perform: Callable[[], Any]) -> Response:
        """Perform a POST and answer with the row it gives; with an `Idempotency-Key` at most once a day.

        All of it is one transaction, so `perform` looks everything up and checks the body inside. The row is read
        again, as the caller may see it now: who may not any more (they made it restricted, or left) gets 204.
        """
        key, code = self.request.headers.get(KEY_HEADER), self.code()
        if key is None:
            with transaction.atomic():
                made = perform().uuid
            return self.show(made, code)
        outcome = idempotency.once(
            actor=self.actor, key=key, method=self.request.method or "", path=self.request.path,
            body=self.told(), now=self.now, perform=lambda: (code, str((row := perform()).uuid), row),
        )  # fmt: skip
        response = self.show(outcome.object_id, outcome.status)
        if outcome.replayed:
            response[REPLAYED_HEADER] = "true"
        return response

    def told(self) -> Any:
        """What an idempotency key stands for: the body."""
        return self.request.data

    def shown(self) -> QuerySet[Any]:
        """Where `once` looks the answer's row up: what the caller sees now."""
        return self.get_queryset()

    def show(self, key: Any, code: int = status.HTTP_200_OK) -> Response:
        """Answer with the row of this id, as the caller sees it now."""
        row = self.shown().filter(uuid=key).first()
        if row is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        response = self.answer(row, code)
        if self.action == "create" and code == status.HTTP_201_CREATED:
            response["Location"] = self.request.build_absolute_uri(f"{self.request.path}{row.uuid}/")
        return response

    def _check_parameters(self, request: Request) -> None:
        allowed, several = self.allowed_parameters(), self.several_times()
        for name, values in request.query_params.lists():
            if name not in allowed:
                raise field_error(name, _("There is no such parameter here."), "unknown")
            if len(values) > 1 and name not in several:
                raise field_error(name, _("This comes several times and takes one value."), "repeated")
            if any(UNSTORABLE.search(value) for value in values):
                raise field_error(name, _("It holds a NUL character or half a character."))

    def _check_body(self, request: Request) -> None:
        # Read even where nothing is expected, so that a broken body is refused everywhere alike.
        if request.method in WITH_BODY and request.data and self.body_class() is None:
            raise field_error(next(iter(request.data)), _("There is no such field."), "unknown")


class ApiViewSet(ViewSetMixin, ApiView):
    """A view of several actions. Without `GenericViewSet`'s browsable extras."""

    action_map: dict[str, str]


class Reads(mixins.ListModelMixin):
    """List and one."""

    def retrieve(self: Any, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return self.answer(self.get_object())

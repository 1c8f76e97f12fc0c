"""Tokens and sessions: seen by their owners and those who administer them, and ended. None is made by a token."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import Moment, Text
from core.api.filters import RecordFilters, ReferenceFilter
from core.api.ordering import RECORD, Column
from core.api.references import PersonalReference
from core.api.serializers import Answer
from core.api.views import ApiViewSet, Reads
from core.flows import sessions, tokens
from core.models import AccountSession, ApiToken, User


class TokenSerializer(Answer):
    """An API token, without its secret."""

    id = serializers.UUIDField(source="uuid")
    name = Text()
    hint = Text(help_text="The first characters, to recognise it by.")
    user = PersonalReference(User)
    scopes = serializers.ListField(child=Text())
    created_at = Moment()
    updated_at = Moment()
    expires_at = Moment(allow_null=True)
    last_used_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)


class TokenFilters(RecordFilters):
    """Tokens by whom they act as."""

    user = ReferenceFilter(User, natural="email")


class TokenViewSet(Reads, ApiViewSet):
    """One's own tokens, and those of service accounts that one administers. The console makes them."""

    queryset = ApiToken.objects.none()
    area = "configuration"
    serializer_class = TokenSerializer
    filterset_class = TokenFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {}
    orderings: ClassVar[dict[str, Column]] = {name: RECORD[name] for name in ("created_at", "updated_at")}
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[Any]:
        return ApiToken.objects.visible_to(self.request.user).select_related("user")

    @action(detail=True, methods=["post"])
    def revoke(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """End it for good. A token may end itself."""
        return self.once(lambda: self._perform(tokens.revoke))

    def _perform(self, verb: Callable[..., Any]) -> ApiToken:
        token: ApiToken = self.get_object()
        verb(token=token, actor=self.actor, now=self.now)
        return token


class SessionSerializer(Answer):
    """A browser that is signed in."""

    id = serializers.UUIDField(source="uuid")
    user = PersonalReference(User)
    browser = Text(help_text="For example Firefox · Linux.")
    address = Text()
    created_at = Moment()
    last_seen_at = Moment()


class SessionViewSet(Reads, ApiViewSet):
    """Browsers that are signed in: one's own, and those of the people one administers."""

    queryset = AccountSession.objects.none()
    area = "configuration"
    serializer_class = SessionSerializer
    may_vanish = True
    orderings: ClassVar[dict[str, Column]] = {
        "created_at": RECORD["created_at"], "last_seen_at": Column(path="last_seen_at"),
    }  # fmt: skip
    default_ordering = "-last_seen_at"

    def get_queryset(self) -> QuerySet[Any]:
        return AccountSession.objects.visible_to(self.request.user).select_related("user")

    @action(detail=True, methods=["post"])
    def end(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Sign it out at once; there is nothing to show afterwards."""
        return self.once(self._end)

    def _end(self) -> AccountSession:
        session: AccountSession = self.get_object()
        sessions.end(session=session, actor=self.actor, now=self.now)
        return session

"""Who am I."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import mails
from core.api import etags
from core.api.fields import Choice, Flag, Moment, Text, Whole
from core.api.references import Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiView
from core.flows import users
from core.models import ApiToken, MembershipRole, Organization, Project


class OwnMembershipSerializer(Answer):
    """Where the caller belongs."""

    id = serializers.UUIDField(source="uuid")
    organization = Reference(Organization, read_only=True)
    project = Reference(Project, read_only=True, allow_null=True)
    role = Choice(MembershipRole.choices)


class OwnTokenSerializer(Answer):
    """The token of this request."""

    id = serializers.UUIDField(source="uuid")
    name = Text()
    scopes = serializers.ListField(child=Text())
    expires_at = Moment(allow_null=True)


class MeSerializer(Answer):
    """The caller: account, memberships, preferences, and the token if one was used."""

    id = serializers.UUIDField(source="uuid")
    version = Whole()
    email = Text()
    name = Text()
    time_zone = Text(help_text="Empty: the browser's own.")
    unwanted_mails = serializers.ListField(
        child=Choice(mails.Choice.choices), help_text="Mails that are not sent. Pages cannot be switched off."
    )
    is_service = Flag()
    memberships = OwnMembershipSerializer(many=True, source="own_memberships")
    token = OwnTokenSerializer(allow_null=True)


class ProfileBody(Body):
    """What one changes oneself."""

    name = Text(max_length=200, allow_blank=True, required=False)
    time_zone = Text(max_length=64, allow_blank=True, required=False)
    unwanted_mails = serializers.ListField(child=Choice(mails.Choice.choices), max_length=10, required=False)


class MeView(ApiView):
    """Who calls. Any token may read it."""

    serializer_class = MeSerializer
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {"patch": ProfileBody}

    def get(self, _request: Request) -> Response:
        return self._me()

    def patch(self, request: Request) -> Response:
        """Change one's own name, time zone, or which mails one does not want."""
        etags.expected_version(request, request.user)
        users.edit_profile(user=self.user, actor=self.actor, now=self.now, **self.body())
        return self._me()

    def _me(self) -> Response:
        me: Any = self.request.user
        me.own_memberships = me.memberships.select_related("organization", "project").order_by("pk")
        me.token = self.request.auth if isinstance(self.request.auth, ApiToken) else None
        return self.answer(me)

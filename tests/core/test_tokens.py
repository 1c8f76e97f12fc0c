"""API tokens: shown once, scoped, expiring, revocable, and nobody's but their owner's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.actor import Actor, Face
from core.errors import Forbidden, Invalid
from core.flows import memberships, tokens, users
from core.models import ApiToken
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def user(project):
    return make.make_member(project)


def issue(user, actor=None, **changes):
    given = {"name": "CI", "scopes": ["read"], "actor": actor or make.actor_for(user), "now": NOW, **changes}
    return tokens.issue(user=user, **given)


def make_service(project, role="responder"):
    service = users.invite(
        email=f"bot{project.pk}@example.com", name="Bot", is_service=True, actor=make.system(), now=NOW
    )
    memberships.grant(user=service, project=project, role=role, actor=make.system(), now=NOW)
    return service


def test_a_token_is_recognised_by_its_secret_which_is_kept_nowhere(user):
    token, secret = issue(user)

    assert tokens.authenticate(secret, now=NOW) == token
    assert secret.startswith("dsp_")
    assert len(secret) >= 40
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert all(secret not in str(value) for value in row.values())
    assert token.hint == secret[:10]


@pytest.mark.parametrize(
    "change", [lambda s: s[:-1], lambda s: s + "x", lambda s: s.upper(), lambda s: s[4:], lambda _: ""]
)
def test_anything_but_the_secret_is_not_recognised(user, change):
    _token, secret = issue(user)

    assert tokens.authenticate(change(secret), now=NOW) is None


@pytest.mark.parametrize("secret", ["dsp_", "dsp_\0", "dsp_\ud7ff", "dsp_" + "é" * 20, "dsp_" + "x" * 10_000])
def test_a_strange_secret_is_not_recognised(secret):
    assert tokens.authenticate(secret, now=NOW) is None


def test_a_token_ends_at_its_expiry(user):
    token, secret = issue(user, expires_at=NOW + timedelta(days=1))

    assert tokens.authenticate(secret, now=NOW + timedelta(hours=23)) == token
    assert tokens.authenticate(secret, now=NOW + timedelta(days=1)) is None


def test_a_revoked_token_ends_at_once_and_stays_revoked_since_then(user):
    token, secret = issue(user)

    tokens.revoke(token=token, actor=make.actor_for(user), now=NOW)
    tokens.revoke(token=token, actor=make.actor_for(user), now=NOW + timedelta(days=1))

    assert token.revoked_at == NOW
    assert tokens.authenticate(secret, now=NOW) is None


def test_the_tokens_of_a_deactivated_account_end_and_stay_ended(user, project):
    make.make_member(project, "owner")
    _token, secret = issue(user)

    users.deactivate(user=user, actor=make.system(), now=NOW)
    assert tokens.authenticate(secret, now=NOW) is None

    users.reactivate(user=user, actor=make.system(), now=NOW)
    assert tokens.authenticate(secret, now=NOW) is None


def test_its_use_is_noted_once_a_minute(user):
    token, secret = issue(user)

    for seconds in (0, 30, 59):
        tokens.authenticate(secret, now=NOW + timedelta(seconds=seconds))
    token.refresh_from_db()
    assert token.last_used_at == NOW

    tokens.authenticate(secret, now=NOW + timedelta(seconds=61))
    token.refresh_from_db()
    assert token.last_used_at == NOW + timedelta(seconds=61)


@pytest.mark.parametrize(
    ("scopes", "area", "reads", "writes"),
    [
        (["read"], "incidents", True, False),
        (["write"], "incidents", True, True),
        (["incidents:read"], "incidents", True, False),
        (["incidents:read"], "people", False, False),
        (["incidents:write"], "incidents", True, True),
        (["incidents:write", "read"], "people", True, False),
    ],
)
def test_a_scope_reaches_its_area_and_writing_implies_reading(user, scopes, area, reads, writes):
    token, _secret = issue(user, scopes=scopes)

    assert tokens.allows(token, area, write=False) is reads
    assert tokens.allows(token, area, write=True) is writes


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": ["read", "weather:read"]}, "scopes"),
        ({"scopes": ["read\n"]}, "scopes"),
        ({"scopes": ["READ"]}, "scopes"),
        ({"scopes": ["incidents:"]}, "scopes"),
        ({"scopes": [None]}, "scopes"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 101}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"expires_at": NOW}, "expires_at"),
        ({"expires_at": NOW - timedelta(days=1)}, "expires_at"),
    ],
)
def test_a_wrong_token_names_the_field_and_is_not_made(user, change, field):
    with pytest.raises(Invalid) as refused:
        issue(user, **change)

    assert refused.value.field == field
    assert not ApiToken.objects.exists()


def test_scopes_are_kept_once_each(user):
    token, _secret = issue(user, scopes=["write", "read", "write"])

    assert token.scopes == ["read", "write"]


def test_a_token_is_made_for_oneself_and_by_nobody_else(user, project):
    for role in ("member", "admin", "owner"):
        with pytest.raises(Forbidden):
            issue(user, actor=make.actor_for(make.make_member(project, role)))

    assert not ApiToken.objects.exists()


def test_a_token_does_not_make_another_one(user):
    token, _secret = issue(user, scopes=["write"])

    with pytest.raises(Forbidden):
        issue(user, actor=Actor(user=user, face=Face.API, token=token))

    assert ApiToken.objects.count() == 1


def test_an_owner_makes_tokens_for_a_service_account_and_an_admin_not(project):
    service = make_service(project)

    token, secret = issue(service, actor=make.actor_for(make.make_member(project, "owner")))
    assert tokens.authenticate(secret, now=NOW) == token

    with pytest.raises(Forbidden):
        issue(service, actor=make.actor_for(make.make_member(project, "admin")))


def test_taking_a_foreign_service_account_in_gives_no_token_of_it(project):
    service = make_service(project)
    elsewhere = make.make_project()
    owner = make.make_member(elsewhere, "owner")
    memberships.grant(user=service, project=elsewhere, role="member", actor=make.actor_for(owner), now=NOW)

    with pytest.raises(Forbidden):
        issue(service, actor=make.actor_for(owner))

    assert not ApiToken.objects.exists()


def test_an_account_that_is_not_active_gets_none(user):
    user.is_active = False

    with pytest.raises(Invalid, match="not active"):
        issue(user, actor=make.system())


def test_nobody_revokes_anothers_token(user, project):
    token, secret = issue(user)

    with pytest.raises(Forbidden):
        tokens.revoke(token=token, actor=make.actor_for(make.make_member(project, "owner")), now=NOW)

    assert tokens.authenticate(secret, now=NOW) == token

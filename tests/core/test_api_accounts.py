"""Tokens, sessions and mail preferences over the API."""

import pytest
from django.test import Client
from django.utils import timezone

from core.flows import memberships, tokens, users
from core.models import AccountSession, ApiToken
from tests import factories as make
from tests.apiclient import Api, at_fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def user(project):
    return make.make_member(project, "responder")


def names(answer):
    return {row["name"] for row in answer.json()["results"]}


def test_tokens_are_listed_without_secrets_and_one_ends_itself(user):
    api = Api(user)
    (row,) = api.get("/tokens/").json()["results"]
    secret = api.headers["Authorization"].removeprefix("Bearer ")
    assert (row["name"], row["scopes"], row["user"]["email"]) == ("test", ["read", "write"], user.email)
    assert secret not in api.get("/tokens/").content.decode()

    answer = api.post(f"/tokens/{row['id']}/revoke/")

    assert answer.status_code == 200
    assert answer.json()["revoked_at"]
    assert api.get("/tokens/").status_code == 401


def test_others_tokens_are_not_there_and_a_service_account_s_are_its_admins(project, user):
    service = users.invite(email="s@example.com", name="S", is_service=True, actor=make.system(), now=timezone.now())
    memberships.grant(user=service, project=project, role="member", actor=make.system(), now=timezone.now())
    Api(user)
    tokens.issue(user=service, name="siem", scopes=["read"], actor=make.system(), now=timezone.now())
    owner = Api(make.make_member(project, "owner"))
    foreign = ApiToken.objects.get(user=user)

    assert names(owner.get("/tokens/")) == {"test", "siem"}
    assert names(owner.get("/tokens/", user="s@example.com")) == {"siem"}
    assert owner.post(f"/tokens/{foreign.uuid}/revoke/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_a_token_is_made_by_none(user):
    assert Api(user).post("/tokens/", {"name": "more", "scopes": ["write"]}).status_code == 405


def test_sessions_are_listed_and_ended(project, user):
    browser = Client()
    browser.force_login(user)
    row = AccountSession.objects.get()
    api, stranger = Api(user), Api(make.make_member(project, "manager"))
    assert [each["id"] for each in api.get("/sessions/").json()["results"]] == [str(row.uuid)]
    assert stranger.get("/sessions/").json()["results"] == []
    assert stranger.post(f"/sessions/{row.uuid}/end/").status_code == 404

    assert api.post(f"/sessions/{row.uuid}/end/").status_code == 204

    assert browser.get("/account/").status_code == 302
    assert api.post(f"/sessions/{row.uuid}/end/").status_code == 404


def test_lists_ask_as_often_whatever_their_length(user, django_assert_num_queries):
    api = Api(user)
    for number in range(5):
        Client(headers={"user-agent": f"Browser {number}"}).force_login(user)
        tokens.issue(user=user, name=f"t{number}", scopes=["read"], actor=make.system(), now=timezone.now())
    api.get("/tokens/")

    for path in ("/tokens/", "/sessions/"):
        with django_assert_num_queries(2):
            assert len(api.get(path).json()["results"]) >= 5


def test_which_mails_are_not_wanted(user):
    api = Api(user)

    assert api.get("/me/").json()["unwanted_mails"] == []
    assert api.patch("/me/", {"unwanted_mails": ["reminders"]}).json()["unwanted_mails"] == ["reminders"]
    assert at_fault(api.patch("/me/", {"unwanted_mails": ["pages"]})) == {"unwanted_mails.0"}
    assert api.get("/me/").json()["unwanted_mails"] == ["reminders"]

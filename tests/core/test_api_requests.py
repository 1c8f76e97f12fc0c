"""What comes in: who calls, what a token may, what a body and an address may look like, and how refusals read."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from core.actor import Actor
from core.flows import tokens, users
from core.models import ApiToken
from incidents.models import Incident
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder")


def test_an_anonymous_call_is_asked_to_sign_in():
    response = Api(None).get("/incidents/")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="dispatch"'
    assert problem(response)["type"] == "urn:dispatch:problem:not_signed_in"


@pytest.mark.parametrize("header", ["Bearer", "Bearer nonsense", "Bearer a b", "Bearer dsp_x", "Bearer ü", "Basic abc"])
def test_a_strange_authorization_is_a_401(header):
    response = Client().get("/api/v1/incidents/", headers={"Authorization": header})

    assert response.status_code == 401


def test_an_expired_or_revoked_token_or_one_of_a_gone_user_is_a_401(project, responder):
    owner = make.make_member(project, "owner")
    expired, revoked, gone = Api(responder), Api(owner), Api(make.make_member(project, "responder"))
    ApiToken.objects.filter(user=responder).update(expires_at=timezone.now() - timedelta(seconds=1))
    tokens.revoke(token=owner.tokens.get(), actor=make.system(), now=timezone.now())
    users.deactivate(user=ApiToken.objects.latest("pk").user, actor=Actor.system(), now=timezone.now())

    assert [api.get("/me/").status_code for api in (expired, revoked, gone)] == [401, 401, 401]


@pytest.mark.parametrize(
    ("scopes", "reads", "writes", "people"),
    [
        (("read",), 200, 403, 200),
        (("write",), 200, 201, 200),
        (("incidents:read",), 200, 403, 403),
        (("incidents:write",), 200, 201, 403),
        (("people:write",), 403, 403, 200),
    ],
)
def test_a_token_reaches_what_its_scopes_say(responder, scopes, reads, writes, people):
    api = Api(responder, scopes)

    assert api.get("/incidents/").status_code == reads
    assert api.post("/incidents/", {"title": "Lost laptop"}).status_code == writes
    assert api.get("/individuals/").status_code == people
    assert api.get("/me/").status_code == 200
    assert Incident.objects.count() == (writes == 201)


def test_a_missing_scope_is_named(responder):
    response = Api(responder, ("people:read",)).post("/incidents/", {"title": "Lost laptop"})

    assert "incidents:write" in problem(response)["detail"]
    assert 'error="insufficient_scope", scope="incidents:write"' in response["WWW-Authenticate"]


def test_a_token_never_exceeds_its_user(project):
    incident = make.declare(project)
    member = Api(make.make_member(project, "member"), ("write",))

    response = member.patch(f"/incidents/{incident.name}/", {"title": "Mine"})

    assert response.status_code == 403
    assert "a responder" in problem(response)["detail"]
    incident.refresh_from_db()
    assert incident.title != "Mine"


def test_the_console_session_reads_and_writes_only_with_the_csrf_token(responder):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(responder)
    assert SESSION_KEY in browser.session
    assert browser.get("/api/v1/incidents/").status_code == 200

    without = browser.post("/api/v1/incidents/", {"title": "Lost laptop"}, content_type="application/json")
    assert without.status_code == 403
    assert "CSRF" in problem(without)["detail"]
    assert not Incident.objects.exists()

    browser.cookies["csrftoken"] = "a" * 32
    with_it = browser.post(
        "/api/v1/incidents/",
        {"title": "Lost laptop"},
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )
    assert with_it.status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("", 400, "title"),
        ("[]", 400, "object"),
        ('"x"', 400, "object"),
        ("null", 400, "object"),
        ("{", 400, "not JSON"),
        ('{"title": NaN}', 400, "NaN"),
        ('{"title": Infinity}', 400, "Infinity"),
        ('{"title": 1e999}', 400, "too large"),
        ('{"title": "a", "title": "b"}', 400, "twice"),
        (r'{"title": "a\u0000b"}', 400, "NUL"),
        (r'{"title": "a\ud800b"}', 400, "half a character"),
        (r'{"a\ud800": 1, "a\ud800": 2}', 400, "twice"),
        (r'{"title": "x", "details": [[["\u0000"]]]}', 400, "NUL"),
        (b'{"title": "\xff"}', 400, "UTF-8"),
        ('{"title": ' + "[" * 40 + "]" * 40 + "}", 400, "deeper"),
        ('{"title": ' + "[" * 100_000 + "}", 400, "deeper"),
        ('{"title": ' + "9" * 5000 + "}", 400, "not JSON"),
        (b'{"title": "' + b"x" * 3_000_000 + b'"}', 413, "At most 2.5 MiB"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_is_no_sane_json_object_is_refused_in_words(responder, body, status, says):
    response = Api(responder).raw("/incidents/", body)

    assert response.status_code == status
    assert says in problem(response)["detail"]
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", ""],
)
def test_a_body_that_is_not_json_by_its_type_is_a_415(responder, content_type):
    response = Api(responder).raw("/incidents/", '{"title": "Lost laptop"}', content_type)

    assert response.status_code == 415
    assert problem(response)["type"] == "urn:dispatch:problem:unsupported_media_type"
    assert "application/json" in problem(response)["detail"]


def test_a_body_of_another_kind_is_told_which_kinds_are_read_there(responder):
    response = Api(responder).post("/individuals/import/", {"file": "x"})

    assert response.status_code == 415
    assert "text/csv, multipart/form-data" in problem(response)["detail"]


def test_a_compressed_body_is_refused_and_not_read_as_it_comes(responder):
    response = Api(responder).post("/incidents/", {"title": "Lost laptop"}, Content_Encoding="gzip")

    assert response.status_code == 415
    assert "Content-Encoding" in problem(response)["detail"]
    assert Api(responder).post("/incidents/", {"title": "Lost"}, Content_Encoding="identity").status_code == 201
    assert Incident.objects.count() == 1


def test_the_charset_and_case_of_the_content_type_do_not_matter(responder):
    response = Api(responder).raw("/incidents/", '{"title": "Lost laptop"}', "Application/JSON; charset=utf-8")

    assert response.status_code == 201


def test_unknown_fields_are_named_and_nothing_is_written(responder):
    response = Api(responder).post("/incidents/", {"title": "Lost laptop", "colour": "red", "name": "INC-7"})

    assert response.status_code == 400
    assert at_fault(response) == {"colour", "name"}
    assert not Incident.objects.exists()


def test_every_wrong_field_is_named_at_once(responder):
    response = Api(responder).post("/incidents/", {"title": 7, "status": "open", "reported_at": "yesterday"})

    assert at_fault(response) == {"title", "status", "reported_at"}
    assert "status: “open” is not one of active, stable, closed." in problem(response)["detail"]


@pytest.mark.parametrize("value", ["2026-11-24", "2026-11-24T09:41:00", "0001-01-01T00:00:00+14:00", 5, "now"])
def test_a_time_has_a_zone_and_a_sane_year(responder, value):
    response = Api(responder).post("/incidents/", {"title": "Lost laptop", "reported_at": value})

    assert at_fault(response) == {"reported_at"}


def test_a_body_where_none_is_expected_is_refused(project, responder):
    incident = make.declare(project)

    response = Api(responder).post(f"/incidents/{incident.name}/join/", {"role": "scribe"})

    assert at_fault(response) == {"role"}


@pytest.mark.parametrize("path", ["/", "/nonsense/", "/incidents", "/incidents/INC-1", "/incidents/INC-1/nonsense/"])
def test_an_unknown_address_is_a_404_problem(responder, path):
    response = Api(responder).get(path)

    assert response.status_code == 404
    problem(response)


@pytest.mark.parametrize(
    ("path", "hinted"),
    [("/incidents", True), ("/incidents/INC-1", True), ("/schema", True), ("/nonsense", False), ("/nonsense/", False)],
)
def test_who_leaves_out_the_last_slash_is_told(responder, path, hinted):
    detail = problem(Api(responder).get(path))["detail"]

    assert (f"/api/v1{path}/" in detail) is hinted


@pytest.mark.parametrize(
    ("path", "accept"), [("/docs/", "text/html"), ("/schema/", "*/*"), ("/schema/", "application/vnd.oai.openapi")]
)
def test_the_documents_refuse_as_everything_else_does(responder, path, accept):
    api = Api(responder)
    refused = [
        Client().get(f"/api/v1{path}"),
        api.post(path, {}),
        api.get(path, headers={"Authorization": "Bearer x", "Accept": accept}),
    ]

    assert [problem(answer)["status"] for answer in refused] == [401, 405, 401]
    assert refused[1]["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("method", ["put", "options", "trace"])
def test_an_unoffered_method_is_a_405_that_lists_the_others(responder, method):
    api = Api(responder)

    response = getattr(api.client, method)("/api/v1/incidents/", headers=api.headers)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"
    problem(response)


def test_whatever_is_accepted_the_answer_is_json(responder):
    api = Api(responder)

    response = api.client.get("/api/v1/incidents/", headers={**api.headers, "Accept": "text/html"})

    assert response["Content-Type"] == "application/json"


def test_a_mistake_of_ours_is_a_problem_that_says_nothing(responder, monkeypatch):
    api = Api(responder)
    api.client.raise_request_exception = False
    monkeypatch.setattr("core.api.me.MeView._me", lambda _self: 1 / 0)

    response = api.get("/me/")

    assert response.status_code == 500
    assert problem(response)["type"] == "urn:dispatch:problem:internal"
    assert "division" not in response.content.decode()


def test_two_writes_at_the_same_moment_are_a_409(responder, monkeypatch):
    """The flows look first; what slips between look and write meets the constraint."""
    api = Api(responder)
    monkeypatch.setattr("core.flows.subjects.next_name", lambda _project, _kind: "INC-1")
    make.declare(responder.memberships.get().project)

    response = api.post("/incidents/", {"title": "Lost laptop"})

    assert response.status_code == 409
    assert problem(response)["type"] == "urn:dispatch:problem:conflict"
    assert Incident.objects.count() == 1


def test_the_change_history_tells_the_face_and_the_user(project):
    manager = make.make_member(project, "manager")

    made = Api(manager).post("/incident-types/", {"project": project.name, "name": "Malware"})

    row = project.incidents_type_set.get(uuid=made.json()["id"]).history.get()
    assert (row.face, row.history_user, bool(row.request_id)) == ("api", manager, True)

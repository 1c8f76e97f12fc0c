"""What every answer says to browsers, what a request may bring, and that looking changes nothing."""

import pytest
from django.core.checks import run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import AccountSession
from tests import factories as make
from tests.apiclient import Api, problem

pytestmark = pytest.mark.django_db
FRAMED = ["/admin/", "/account/"]
PLAIN = ["/login/", "/password/forgotten/", "/api/v1/docs/", "/api/v1/me/", "/no/such/page", "/page/xyz/", "/healthz"]


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def owner(client, project):
    user = make.make_member(project, "owner")
    client.force_login(user)
    return user


def policy(response):
    parts = response["Content-Security-Policy"].split("; ")
    return {name: set(values) for name, *values in (part.split(" ") for part in parts)}


class TestHeaders:
    @pytest.mark.parametrize("path", [*FRAMED, *PLAIN])
    def test_every_page_forbids_frames_foreign_scripts_and_sniffing(self, client, owner, path):
        response = client.get(path)

        rules = policy(response)
        assert rules["default-src"] == {"'self'"}
        assert rules["frame-ancestors"] == rules["object-src"] == {"'none'"}
        assert rules["form-action"] == rules["base-uri"] == {"'self'"}
        assert "'unsafe-inline'" not in rules["script-src"] | rules["style-src-elem"]
        assert response["X-Frame-Options"] == "DENY"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=()" in response["Permissions-Policy"]

    @pytest.mark.parametrize("path", PLAIN)
    def test_outside_the_console_nothing_is_evaluated(self, client, owner, path):
        assert policy(client.get(path))["script-src"] == {"'self'"}

    def test_what_somebody_saw_signed_in_is_in_no_shared_cache(self, client, owner):
        for path in ("/admin/", "/api/v1/me/", "/account/"):
            assert "private" in client.get(path)["Cache-Control"]

    def test_cookies_are_out_of_scripts_reach_and_stay_on_the_site(self, client, project):
        user = make.make_member(project, "responder")
        answer = client.post(
            reverse("admin:login"), {"username": user.email, "password": "correct horse battery"}
        )  # fmt: skip

        assert answer.cookies["sessionid"]["httponly"]
        assert answer.cookies["sessionid"]["samesite"] == "Lax"
        assert client.get("/account/").status_code == 200
        assert client.cookies["csrftoken"]["samesite"] == "Lax"

    def test_with_https_the_deployment_check_is_content(self, settings):
        settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
        settings.SECURE_HSTS_SECONDS = 31_536_000
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
        settings.SECRET_KEY = "k3y-" * 20 + "with-many-characters-!?"

        found = [check.id for check in run_checks(tags=["security"], include_deployment_checks=True)]

        assert [name for name in found if name.startswith("security.")] == []

    def test_https_is_asked_of_browsers_for_a_year(self, client, settings):
        settings.SECURE_HSTS_SECONDS = 31_536_000
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True

        response = Client().get("/password/forgotten/", secure=True)

        assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


class TestBodies:
    def test_a_page_says_what_is_too_large(self, client, owner, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2

        answer = client.post("/account/", "x" * (2 * 1024**2 + 1), content_type="application/x-www-form-urlencoded")

        assert answer.status_code == 413
        assert "At most 2 MiB" in answer.content.decode()

    def test_the_api_says_it_as_a_problem(self, owner, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

        answer = Api(owner).post("/incidents/", {"title": "x" * 2000})

        assert problem(answer)["type"] == "urn:dispatch:problem:too_large"
        assert "1000 B" in problem(answer)["detail"]

    def test_files_have_a_limit_of_their_own_for_the_signed_in_only(self, client, owner, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.MAX_UPLOAD_BYTES = 5000, 50_000
        body = {"name": "x", "file": SimpleUploadedFile("x.txt", b"x" * 20_000)}

        assert client.post("/account/", body).status_code in {200, 302}
        body["file"].seek(0)
        assert Client().post("/admin/login/", body).status_code == 413
        body["file"] = SimpleUploadedFile("x.txt", b"x" * 60_000)
        assert client.post("/account/", body).status_code == 413

    @pytest.mark.parametrize("method", ["post", "patch", "delete"])
    def test_a_body_in_chunks_is_refused_and_not_thrown_away(self, owner, method):
        api = Api(owner)
        chunked = {**api.headers, "Transfer-Encoding": "chunked"}

        answer = getattr(api.client, method)("/api/v1/me/", headers=chunked, CONTENT_LENGTH="")

        assert answer.status_code == 411
        assert problem(answer)["type"] == "urn:dispatch:problem:length_required"
        assert "Content-Length" in problem(answer)["detail"]

    def test_a_page_refuses_a_body_in_chunks_too(self, client, owner):
        answer = client.post("/account/", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH="")

        assert answer.status_code == 411
        assert "could not be read" in answer.content.decode()

    @pytest.mark.parametrize("length", ["", "many", "-5"])
    def test_a_strange_length_breaks_nothing(self, client, owner, length):
        assert client.get("/account/", headers={"content-length": length}).status_code == 200


HOSTILE_NEXT = ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"]


class TestRedirects:
    @pytest.mark.parametrize("target", HOSTILE_NEXT)
    def test_a_dialog_leads_nowhere_else(self, client, owner, target):
        token = client.post(reverse("admin:core_apitoken_issue"), {"name": "t", "user": owner.pk, "scopes": ["read"]})
        assert token.status_code == 200
        url = reverse("admin:core_apitoken_revoke", args=[owner.tokens.get().pk])

        plain = client.post(url, {"next": target})
        by_script = client.post(url, {}, headers={"HX-Request": "true", "HX-Current-URL": target})

        assert plain["Location"].startswith("/admin/")
        assert by_script["HX-Redirect"].startswith("/admin/")

    @pytest.mark.parametrize("target", HOSTILE_NEXT)
    def test_signing_out_leads_nowhere_else(self, client, owner, target):
        answer = client.post(reverse("admin:logout"), {"next": target})

        assert "evil" not in answer.get("Location", "")
        assert "javascript" not in answer.get("Location", "")

    def test_without_a_csrf_token_nothing_is_posted(self, project):
        user = make.make_member(project, "owner")
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(user)
        row = AccountSession.objects.get(user=user)

        for url in (
            reverse("account"), reverse("account_end_others"), reverse("account_end_session", args=[row.uuid]),
            reverse("account_password"), reverse("admin_password_reset"), reverse("admin:core_apitoken_issue"),
            reverse("admin:login"), "/api/v1/incidents/",
        ):  # fmt: skip
            assert strict.post(url, {}).status_code == 403, url

"""What the command line does, and says when it refuses."""

import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.core.validators import validate_email
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from core.access import Right, rights
from core.flows import tokens
from core.models import ApiToken, Membership, Organization, Project, User
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run a command; what it printed."""

    def _run(*arguments, **options):
        call_command(*arguments, **options)
        return capsys.readouterr().out

    return _run


@pytest.fixture
def typed(monkeypatch):
    """Put something on standard input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


# first_owner


def test_the_first_owner_gets_an_organization_a_project_and_a_password_that_works(run):
    out = run("first_owner")

    email, password = re.fullmatch(r"E-mail:   (\S+)\nPassword: (\S+)\n[^\n]+\.\n", out).groups()
    validate_email(email)
    validate_password(password)
    assert len(password) >= 16
    owner = User.objects.get()
    project = Project.objects.get()
    assert (owner.email, project.name, project.organization.name) == (email, "Security", "My organization")
    assert Right.OWN in rights(owner, project)
    assert owner.is_staff
    assert authenticate(username=email, password=password) == owner
    assert Project.history.get(name="Security").face == "command"


def test_where_an_owner_exists_it_says_nothing_and_makes_nothing(run):
    run("first_owner")

    assert run("first_owner") == ""
    assert User.objects.count() == Organization.objects.count() == Project.objects.count() == 1


def test_the_first_owners_address_can_be_chosen(run, monkeypatch):
    monkeypatch.setenv("DISPATCH_OWNER_EMAIL", " Ada@Example.com ")

    assert run("first_owner").startswith("E-mail:   ada@example.com\n")


def test_an_address_that_is_none_makes_nothing(run, monkeypatch):
    monkeypatch.setenv("DISPATCH_OWNER_EMAIL", "ada")

    with pytest.raises(CommandError, match="“ada” is not an e-mail address"):
        run("first_owner")

    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_an_organization_without_an_owner_gets_one(run):
    project = make.make_project()

    run("first_owner")

    assert Membership.objects.get().organization == project.organization
    assert Project.objects.count() == 1


# create_user


def test_an_account_is_made_with_a_role_and_a_password(run, typed):
    project = make.make_project(name="Red team")
    typed("correct horse battery\r\n")

    out = run(
        "create_user", "Ada@Example.com", "--name", "Ada", "--role", "manager", "--project", "Red team",
        "--password-stdin",
    )  # fmt: skip

    ada = User.objects.get(email="ada@example.com")
    assert out == "ada@example.com was made.\n"
    assert (ada.name, ada.is_staff, ada.memberships.get().project) == ("Ada", True, project)
    assert authenticate(username="ada@example.com", password="correct horse battery") == ada


def test_an_owner_is_made(run):
    project = make.make_project()

    run("create_user", "ada@example.com", "--owner")

    assert Right.OWN in rights(User.objects.get(), project)


def test_without_a_password_nobody_signs_in(run):
    run("create_user", "ada@example.com")

    assert not User.objects.get().has_usable_password()
    assert authenticate(username="ada@example.com", password="") is None


def test_a_project_is_named_within_its_organization(run):
    here, there = make.make_project(name="Security"), make.make_project(name="Security")
    named = ["create_user", "ada@example.com", "--role", "member", "--project", "Security"]

    with pytest.raises(CommandError, match="--organization"):
        run(*named)
    run(*named, "--organization", there.organization.name)

    assert User.objects.get().memberships.get().project == there
    assert here.organization != there.organization


def test_a_service_account_is_made_for_tokens(run):
    run("create_user", "bot@example.com", "--service")

    assert User.objects.get().is_service


@pytest.mark.parametrize(
    ("arguments", "password", "says"),
    [
        (["ada"], "", "not an e-mail address"),
        (["taken@example.com"], "", "taken@example.com has an account"),
        (["ada@example.com", "--name", "n" * 201], "", "200 characters"),
        (["ada@example.com", "--role", "member"], "", "--role and --project together"),
        (["ada@example.com", "--project", "Security"], "", "--role and --project together"),
        (["ada@example.com", "--role", "member", "--project", "Nowhere"], "", "no project “Nowhere”"),
        (["ada@example.com", "--owner", "--organization", "Nowhere"], "", "no organization “Nowhere”"),
        (["ada@example.com", "--owner"], "", "--organization"),
        (["ada@example.com", "--role", "owner", "--project", "Security"], "", "invalid choice"),
        (["ada@example.com", "--password-stdin"], "short\n", "too short"),
        (["ada@example.com", "--password-stdin"], "", "too short"),
        (["ada@example.com", "--service", "--password-stdin"], "", "has no password"),
    ],
)
def test_a_refused_account_leaves_nothing_behind(run, typed, arguments, password, says):
    make.make_project(name="Security")
    make.make_organization()
    make.make_user("taken@example.com")
    typed(password)

    with pytest.raises(CommandError, match=re.escape(says)):
        run("create_user", *arguments)

    assert User.objects.count() == 1
    assert not Membership.objects.exists()


# create_token


def test_a_token_is_printed_alone_and_works(run):
    user = make.make_user("ada@example.com")

    out = run("create_token", "Ada@Example.com", "--scopes", "read, incidents:write", "--name", "CI", "--days", "30")

    token = tokens.authenticate(out.removesuffix("\n"), now=timezone.now())
    assert (token.user, token.name, token.scopes) == (user, "CI", ["incidents:write", "read"])
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    assert re.fullmatch(r"dsp_\S+\n", out)


def test_without_days_a_token_does_not_expire(run):
    make.make_user("ada@example.com")

    run("create_token", "ada@example.com", "--scopes", "read")

    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nobody@example.com", "--scopes", "read"], "Nobody has the address nobody@example.com"),
        (["nobody", "--scopes", "read"], "nobody"),
        (["ada@example.com", "--scopes", "everything"], "“everything” is no scope"),
        (["ada@example.com", "--scopes", ","], "at least one scope"),
        (["ada@example.com", "--scopes", "read", "--name", ""], "name"),
        (["ada@example.com", "--scopes", "read", "--days", "0"], "days"),
        (["ada@example.com", "--scopes", "read", "--days", "-1"], "days"),
        (["ada@example.com", "--scopes", "read", "--days", "99999999999"], "days"),
        (["gone@example.com", "--scopes", "read"], "not active"),
    ],
)
def test_a_refused_token_is_not_made_and_nothing_is_printed(capsys, arguments, says):
    make.make_user("ada@example.com")
    make.make_user("gone@example.com", is_active=False)

    with pytest.raises(CommandError, match=says):
        call_command("create_token", *arguments)

    assert not ApiToken.objects.exists()
    assert capsys.readouterr().out == ""


# verify_timeline


def test_whole_timelines_are_counted(run):
    make.declare(make.make_project())

    assert run("verify_timeline") == "1 timelines are whole.\n"


def test_a_name_nobody_has_is_an_error(run):
    with pytest.raises(CommandError, match="no subject"):
        run("verify_timeline", "INC-999")


# check_database


def test_a_database_that_newer_code_migrated_is_refused(run):
    assert run("check_database") == ""
    MigrationRecorder(connection).record_applied("core", "9999_from_the_future")

    with pytest.raises(CommandError, match="newer than this code"):
        run("check_database")

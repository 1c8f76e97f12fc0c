"""The access table, row by row and column by column."""

import pytest
from django.utils import timezone

from core import access
from core.access import Right
from core.errors import Forbidden
from core.flows import memberships
from core.flows.memberships import LastOwner
from incidents.flows import edit
from incidents.models import Incident
from people.flows import add_participant, assign_role, remove_participant
from tests import factories as make

pytestmark = pytest.mark.django_db

# DESIGN: Access.
TABLE = {
    "member": {"see", "report", "join"},
    "responder": {"see", "report", "join", "write", "edit"},
    "manager": {"see", "report", "join", "write", "edit", "configure"},
    "admin": {"see", "report", "join", "write", "edit", "configure", "see_restricted", "administer", "delete"},
    "owner": {"see", "report", "join", "write", "edit", "configure", "see_restricted", "administer", "delete", "own"},
}


@pytest.fixture
def project():
    return make.make_project()


@pytest.mark.parametrize("role", TABLE)
def test_a_membership_grants_what_the_table_says_in_its_project_only(project, role):
    user = make.make_member(project, role)
    sibling = make.make_project(project.organization)
    stranger = make.make_project()

    assert set(access.project_rights(user, project)) == TABLE[role]
    assert set(access.project_rights(user, sibling)) == (TABLE["owner"] if role == "owner" else set())
    assert access.project_rights(user, stranger) == frozenset()


def test_without_a_membership_there_is_nothing_even_for_a_participant(project):
    incident = make.declare(project)
    outsider = make.make_user()
    person = make.make_individual(project, outsider.email)
    person.user = outsider
    person.save()
    add_participant(subject=incident, individual=person, actor=make.system(), now=timezone.now())

    assert access.subject_rights(outsider, incident) == frozenset()
    assert not Incident.objects.visible_to(outsider).exists()


def test_an_inactive_user_may_nothing(project):
    user = make.make_member(project, "admin")
    make.declare(project)
    user.is_active = False

    assert access.project_rights(user, project) == frozenset()
    assert not Incident.objects.visible_to(user).exists()


@pytest.mark.parametrize(
    ("role", "sees"), [("member", False), ("responder", False), ("manager", False), ("admin", True), ("owner", True)]
)
def test_a_restricted_incident_is_for_admins_and_owners(project, role, sees):
    user = make.make_member(project, role)
    incident = make.declare(project, visibility="restricted")

    assert Incident.objects.visible_to(user).filter(pk=incident.pk).exists() is sees
    assert (Right.SEE in access.subject_rights(user, incident)) is sees


def test_a_participant_sees_a_restricted_incident_and_writes_on_its_timeline(project):
    user = make.make_member(project, "member")
    incident = make.declare(project, visibility="restricted")
    add_participant(
        subject=incident, individual=make.individual_of(user, project), actor=make.system(), now=timezone.now()
    )

    assert access.subject_rights(user, incident) == {Right.SEE, Right.WRITE}
    assert Incident.objects.visible_to(user).get() == incident


def test_the_commander_edits_whatever_the_project_role(project):
    user = make.make_member(project, "member")
    incident = make.declare(project, visibility="restricted")
    assign_role(
        subject=incident, individual=make.individual_of(user, project), role="incident_commander", actor=make.system(),
        now=timezone.now(),
    )  # fmt: skip

    edited = edit(incident=incident, actor=make.actor_for(user), now=timezone.now(), title="Mine")

    assert edited.title == "Mine"


@pytest.mark.parametrize("may_read", [True, False])
def test_a_removed_participant_keeps_reading_where_the_project_says_so(may_read):
    project = make.make_project(past_participants_may_read=may_read)
    user = make.make_member(project, "member")
    incident = make.declare(project, visibility="restricted")
    who = {"individual": make.individual_of(user, project), "actor": make.system(), "now": timezone.now()}
    add_participant(subject=incident, **who)
    remove_participant(subject=incident, **who)

    assert Incident.objects.visible_to(user).exists() is may_read
    assert access.subject_rights(user, incident) == ({Right.SEE} if may_read else set())


def test_a_refusal_says_who_could(project):
    member = make.make_member(project, "member")
    incident = make.declare(project)

    with pytest.raises(Forbidden, match="a responder"):
        edit(incident=incident, actor=make.actor_for(member), now=timezone.now(), title="Not mine")

    incident.refresh_from_db()
    assert incident.title != "Not mine"


def test_the_console_opens_with_the_first_responder_role_and_shuts_with_the_last(project):
    user = make.make_member(project, "member")
    assert user.is_staff is False

    granted = memberships.grant(user=user, project=project, role="responder", actor=make.system(), now=timezone.now())
    assert user.is_staff is True

    memberships.revoke(membership=granted, actor=make.system(), now=timezone.now())
    user.refresh_from_db()
    assert user.is_staff is False


def test_the_last_owner_cannot_go(project):
    owner = make.make_member(project, "owner")

    with pytest.raises(LastOwner):
        memberships.revoke(membership=owner.memberships.get(), actor=make.system(), now=timezone.now())

    assert owner.memberships.count() == 1


@pytest.mark.parametrize(("role", "grants"), [("manager", "member"), ("admin", "owner")])
def test_nobody_grants_above_the_table(project, role, grants):
    actor = make.actor_for(make.make_member(project, role))
    friend = make.make_user()
    scope = {"organization": project.organization} if grants == "owner" else {"project": project}

    with pytest.raises(Forbidden):
        memberships.grant(user=friend, role=grants, actor=actor, now=timezone.now(), **scope)

    assert not friend.memberships.exists()

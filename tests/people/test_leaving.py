"""Leaving the organization: nothing is orphaned, and what is not handed over stops the leaver."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.flows import memberships, users
from core.models import Membership
from core.models.subjects import Visibility
from core.timeline import Event
from incidents import flows as incidents
from incidents.models import Incident
from people.flows import add_participant, handovers, pages
from people.flows.duties import open_duties
from people.flows.leaving import CannotLeave, deactivate, reactivate
from people.flows.merging import merge
from people.flows.teams import add_members, save_team
from people.models import (
    CalendarFeed,
    EngagementRule,
    EscalationStep,
    Individual,
    Override,
    Participant,
    Role,
    RolePolicy,
    RotationLayer,
    RotationMember,
    Service,
    Shift,
    Swap,
    Task,
    TaskAssignee,
    Team,
)
from tests import factories as make
from tests.apiclient import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def owner(project):
    return make.make_member(project, "owner", name="Olga Owner", email="olga@example.com")


@pytest.fixture
def manager(project):
    return make.make_member(project, "manager", name="Mona Manager", email="mona@example.com")


@pytest.fixture
def heir(project):
    return make.make_individual(project, "hedy@example.com", "Hedy Heir")


@pytest.fixture
def ada(project):
    return make.make_individual(project, "ada@example.com", "Ada Leaver")


def by(user):
    return {"actor": make.actor_for(user), "now": timezone.now()}


def task_of(incident, owner, *assignees, title="Look at the logs"):
    task = Task.objects.create(incident=incident, title=title, owner=owner, due_at=timezone.now() + timedelta(days=1))
    for one in assignees:
        TaskAssignee.objects.create(task=task, individual=one)
    return task


def roles(incident):
    held = Role.objects.of(incident).filter(renounced_at=None)
    return {row.role: row.participant.individual.email for row in held if row.role in Role.EXCLUSIVE}


def story(incident):
    return list(Event.objects.of(incident).order_by("seq").values_list("description", flat=True))


def test_a_commander_of_two_who_owns_five_tasks_leaves_and_nothing_is_orphaned(project, owner, heir, client):
    leaver = make.make_member(project, "responder", name="Ada Leaver", email="ada@example.com")
    ada = make.individual_of(leaver, project)
    first, second = (make.declare(project, commander="ada@example.com") for _ in range(2))
    tasks = [task_of(first if n < 3 else second, ada, ada, title=f"Task {n}") for n in range(5)]
    client.force_login(leaver)
    bearer = Api(leaver)
    assert bearer.get("/me/").status_code == 200
    assert client.get("/admin/").status_code == 200

    deactivate(individual=ada, successor=heir, **by(owner))

    assert roles(first)["incident_commander"] == roles(second)["incident_commander"] == "hedy@example.com"
    assert {Task.objects.get(pk=task.pk).owner for task in tasks} == {heir}
    assert set(TaskAssignee.objects.values_list("individual", flat=True)) == {heir.pk}
    assert not Participant.objects.filter(individual=ada, left_at=None).exists()
    assert not open_duties(ada, **by(owner))
    assert bearer.get("/me/").status_code == 401
    assert client.get("/admin/").status_code == 302
    ada.refresh_from_db()
    leaver.refresh_from_db()
    assert (ada.is_active, leaver.is_active) == (False, False)
    assert ada.deactivated_at is not None
    told = story(first)
    assert "Ada Leaver was removed" in told
    assert "Hand-over from Ada Leaver to Hedy Heir: Ada Leaver leaves the organization." in told
    assert {f"The task “Task {n}” went from Ada Leaver to Hedy Heir" for n in range(3)} <= set(told)
    page = Api(owner).get(f"/incidents/{first.name}/participants/").json()["results"]
    assert ("ada@example.com", "Ada Leaver") in [
        (row["individual"]["email"], row["individual"]["name"]) for row in page
    ]


def test_without_a_successor_nothing_changes_and_the_refusal_names_each_duty(project, owner, ada):
    incident = make.declare(project, commander="ada@example.com", title="Mail is down")
    task = task_of(incident, ada)
    service = Service.objects.create(project=project, name="Mail", owner=ada)

    with pytest.raises(CannotLeave) as refusal:
        deactivate(individual=ada, **by(owner))

    assert refusal.value.params["left"] == [
        f"Incident Commander of {incident.name} “Mail is down”",
        f"Owns the task “Look at the logs” of {incident.name}",
        "Owns the service “Mail”",
    ]
    assert refusal.value.field == "successor"
    assert Individual.objects.get(pk=ada.pk).is_active
    assert Task.objects.get(pk=task.pk).owner == ada
    assert Service.objects.get(pk=service.pk).owner == ada
    assert roles(incident)["incident_commander"] == "ada@example.com"


def test_each_duty_may_have_a_successor_of_its_own(project, owner, ada, heir):
    other = make.make_individual(project, "bob@example.com", "Bob")
    incident = make.declare(project, commander="ada@example.com")
    task = task_of(incident, ada)
    role = Role.objects.of(incident).get(role="incident_commander", renounced_at=None)

    deactivate(
        individual=ada, choices={f"role:{role.uuid}": other, f"task:{task.uuid}": heir}, **by(owner)
    )  # fmt: skip

    assert roles(incident)["incident_commander"] == "bob@example.com"
    assert Task.objects.get(pk=task.pk).owner == heir
    assert Participant.objects.of(incident).filter(individual=heir, left_at=None).exists()


def test_on_call_places_end_and_what_names_the_person_passes_on(project, owner, ada, heir):
    now = timezone.now()
    service = Service.objects.create(project=project, name="Mail")
    layer = RotationLayer.objects.create(service=service, name="Day", handover_at="09:00", starts_on="2026-01-01")
    RotationMember.objects.create(layer=layer, individual=ada, position=0)
    RotationMember.objects.create(layer=layer, individual=heir, position=1)
    step = EscalationStep.objects.create(service=service, position=1, individual=ada)
    override = Override.objects.create(
        service=service, individual=ada, starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2)
    )
    swap = Swap.objects.create(
        service=service, asked_by=heir, asked=ada, starts_at=now, ends_at=now + timedelta(hours=8)
    )
    running = Shift.objects.create(
        service=service, individual=ada, starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1),
        source="rotation",
    )  # fmt: skip
    coming = Shift.objects.create(
        service=service, individual=ada, starts_at=now + timedelta(days=3), ends_at=now + timedelta(days=4),
        source="rotation",
    )  # fmt: skip
    policy = RolePolicy.objects.create(project=project, name="Commander", role="incident_commander", individual=ada)
    rule = EngagementRule.objects.create(project=project, name="Always Ada", individual=ada)

    deactivate(individual=ada, successor=heir, **by(owner))

    assert list(layer.members.values_list("individual", flat=True)) == [heir.pk]
    assert EscalationStep.objects.get(pk=step.pk).individual == heir
    assert Override.objects.get(pk=override.pk).cancelled_at is not None
    assert Swap.objects.get(pk=swap.pk).status == "declined"
    assert Shift.objects.get(pk=running.pk).ends_at <= timezone.now()
    assert not Shift.objects.filter(pk=coming.pk).exists()
    assert RolePolicy.objects.get(pk=policy.pk).individual == heir
    assert not EngagementRule.objects.get(pk=rule.pk).enabled


def test_nobody_waits_for_a_leaver_who_is_being_called(project, owner, ada, heir):
    incident = make.declare(project)
    service = Service.objects.create(project=project, name="Mail", owner=heir)
    EscalationStep.objects.create(service=service, position=1, individual=ada)
    page = pages.page(subject=incident, service=service, fact="now", **by(owner))
    assert [call.individual for call in page.calls.all()] == [ada]

    deactivate(individual=ada, successor=heir, **by(owner))

    first, second = page.calls.order_by("position")
    assert (first.status, second.individual, second.status) == ("stopped", heir, "calling")
    assert "Ada Leaver leaves the organization; the next one is called" in story(incident)


@pytest.mark.parametrize("side", ["giver", "receiver"])
def test_an_offered_hand_over_is_called_off(project, owner, ada, heir, side):
    giver, receiver = (ada, heir) if side == "giver" else (heir, ada)
    incident = make.declare(project, commander=giver.email)
    offer = handovers.offer(subject=incident, role="incident_commander", to=receiver, **by(owner))

    deactivate(individual=ada, successor=heir, **by(owner))

    offer.refresh_from_db()
    assert (offer.status, offer.decided_reason) == ("withdrawn", "Ada Leaver leaves the organization")
    assert roles(incident)["incident_commander"] == "hedy@example.com"


def test_a_team_loses_its_lead_and_member(project, owner, ada):
    team = save_team(Team(organization=project.organization, name="Blue", lead=ada), **by(owner))
    add_members(team=team, individuals=[ada], **by(owner))

    deactivate(individual=ada, **by(owner))

    team.refresh_from_db()
    assert (team.lead, team.members.count()) == (None, 0)


def test_an_account_that_works_for_others_too_loses_its_place_here_only(project, owner):
    elsewhere = make.make_project(name="Elsewhere")
    leaver = make.make_member(project, "responder", email="ada@example.com")
    memberships.grant(user=leaver, role="member", project=elsewhere, actor=make.system(), now=timezone.now())
    ada = make.individual_of(leaver, project)

    deactivate(individual=ada, **by(owner))

    leaver.refresh_from_db()
    assert leaver.is_active
    assert list(Membership.objects.filter(user=leaver).values_list("project", flat=True)) == [elsewhere.pk]


def test_a_manager_lets_people_without_an_account_go_and_no_others(project, manager, ada):
    colleague = make.individual_of(make.make_member(project, "responder"), project)

    deactivate(individual=ada, **by(manager))
    with pytest.raises(Forbidden):
        deactivate(individual=colleague, **by(manager))

    assert not Individual.objects.get(pk=ada.pk).is_active
    assert Individual.objects.get(pk=colleague.pk).is_active


def test_duties_out_of_sight_are_neither_told_nor_touched(project, manager, ada, heir):
    secret = make.declare(project, commander="ada@example.com", title="The board", visibility=Visibility.RESTRICTED)

    duties = open_duties(ada, **by(manager))
    with pytest.raises(Forbidden) as refusal:
        deactivate(individual=ada, successor=heir, **by(manager))

    assert (duties.to_hand_over, duties.ending, duties.hidden) == ([], [], True)
    assert secret.name not in refusal.value.message
    assert "board" not in refusal.value.message
    assert roles(secret)["incident_commander"] == "ada@example.com"


def test_taking_part_in_a_restricted_subject_out_of_sight_stops_a_manager_too(project, owner, manager, ada):
    secret = make.declare(project, visibility=Visibility.RESTRICTED)
    add_participant(subject=secret, individual=ada, **by(owner))

    with pytest.raises(Forbidden):
        deactivate(individual=ada, **by(manager))

    assert Participant.objects.of(secret).get(individual=ada).left_at is None


@pytest.mark.parametrize("who", ["self", "foreign", "gone"])
def test_an_heir_is_an_active_colleague(project, owner, ada, who):
    make.declare(project, commander="ada@example.com")
    foreign = make.make_individual(make.make_project(), "x@example.com")
    gone = make.make_individual(project, "gone@example.com")
    deactivate(individual=gone, **by(owner))
    gone.refresh_from_db()

    with pytest.raises(Invalid) as refusal:
        deactivate(individual=ada, successor={"self": ada, "foreign": foreign, "gone": gone}[who], **by(owner))

    assert refusal.value.field == "successor"
    assert Individual.objects.get(pk=ada.pk).is_active


def test_an_unknown_duty_is_refused(project, owner, ada, heir):
    with pytest.raises(Invalid) as refusal:
        deactivate(individual=ada, choices={"role:none": heir}, **by(owner))

    assert refusal.value.field == "choices"


def test_leaving_twice_is_leaving_once(project, owner, ada):
    first = deactivate(individual=ada, **by(owner))
    second = deactivate(individual=ada, **by(owner))

    assert second.deactivated_at == first.deactivated_at
    assert second.version == first.version


def test_calendar_feeds_of_the_leaver_end(project, owner):
    leaver = make.make_member(project, "responder", email="ada@example.com")
    feed = CalendarFeed.objects.create(user=leaver, organization=project.organization, secret_hash="x")

    deactivate(individual=make.individual_of(leaver, project), **by(owner))

    feed.refresh_from_db()
    assert feed.revoked_at is not None


def test_who_comes_back_may_be_chosen_and_sign_in_again(project, owner, client):
    leaver = make.make_member(project, "responder", email="ada@example.com")
    ada = make.individual_of(leaver, project)
    deactivate(individual=ada, **by(owner))

    reactivate(individual=ada, **by(owner))

    incident = make.declare(project, commander="ada@example.com")
    assert roles(incident)["incident_commander"] == "ada@example.com"
    leaver.refresh_from_db()
    assert leaver.is_active


def test_reopening_gives_no_role_back_to_who_left_meanwhile(project, owner, ada):
    incident = make.declare(project, commander="ada@example.com")
    incident = incidents.change_status(incident=incident, to="closed", reason="done", **by(owner))
    deactivate(individual=ada, **by(owner))

    incidents.change_status(incident=Incident.objects.get(pk=incident.pk), to="active", reason="again", **by(owner))

    assert "ada@example.com" not in roles(incident).values()


# Ends that begin elsewhere


def test_ending_the_account_of_somebody_with_duties_is_refused(project, owner):
    leaver = make.make_member(project, "responder", email="ada@example.com")
    make.individual_of(leaver, project)
    make.declare(project, commander="ada@example.com")

    with pytest.raises(CannotLeave):
        users.deactivate(user=leaver, **by(owner))

    leaver.refresh_from_db()
    assert leaver.is_active


def test_ending_an_account_lets_its_person_go(project, owner):
    leaver = make.make_member(project, "responder", email="ada@example.com")
    ada = make.individual_of(leaver, project)

    users.deactivate(user=leaver, **by(owner))

    ada.refresh_from_db()
    assert not ada.is_active
    assert Membership.objects.filter(user=leaver).exists()


def test_who_may_sign_in_again_may_report_again(project, owner):
    leaver = make.make_member(project, "responder", email="ada@example.com")
    make.individual_of(leaver, project)
    users.deactivate(user=leaver, **by(owner))

    users.reactivate(user=leaver, **by(owner))

    incident = make.declare(project, by=leaver, commander=None)
    assert roles(incident) == {"incident_commander": "ada@example.com", "reporter": "ada@example.com"}


def test_an_account_that_opens_again_brings_nobody_back_where_they_were_let_go(project, owner):
    elsewhere = make.make_project(name="Elsewhere")
    leaver = make.make_member(project, "responder", email="ada@example.com")
    memberships.grant(user=leaver, role="member", project=elsewhere, actor=make.system(), now=timezone.now())
    here, there = make.individual_of(leaver, project), make.individual_of(leaver, elsewhere)
    deactivate(individual=here, **by(owner))
    users.deactivate(user=leaver, actor=make.system(), now=timezone.now())

    users.reactivate(user=leaver, actor=make.system(), now=timezone.now())

    assert list(Individual.objects.filter(pk__in=[here.pk, there.pk], is_active=True)) == [there]


def test_a_row_that_was_merged_stays_merged_when_the_account_opens_again(project, owner, ada):
    leaver = make.make_member(project, "responder", email="ada.king@example.com")
    gone = make.individual_of(leaver, project)
    merge(kept=ada, gone=gone, **by(owner))
    users.deactivate(user=leaver, **by(owner))

    users.reactivate(user=leaver, **by(owner))

    assert list(Individual.objects.filter(pk__in=[ada.pk, gone.pk], is_active=True)) == [ada]


def test_the_last_membership_of_somebody_with_duties_stays(project, owner):
    leaver = make.make_member(project, "responder", email="ada@example.com")
    make.individual_of(leaver, project)
    make.declare(project, commander="ada@example.com")

    with pytest.raises(CannotLeave):
        memberships.revoke(membership=leaver.memberships.get(), **by(owner))

    assert leaver.memberships.exists()

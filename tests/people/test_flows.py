"""Individuals, participants and roles: each verb with its refusals."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import Conflict, Forbidden, Invalid
from core.timeline import Event
from incidents import flows as incidents
from incidents.models import Incident
from people import flows
from people.flows.merging import merge
from people.flows.roles import MustHandOver
from people.models import Individual, Participant, Role
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder")


@pytest.fixture
def incident(project, responder):
    return make.declare(project, by=responder, commander="first@example.com")


def by(user):
    return {"actor": make.actor_for(user), "now": timezone.now()}


def by_system():
    return {"actor": make.system(), "now": timezone.now()}


def held(incident, person):
    return set(
        Role.objects.of(incident)
        .filter(participant__individual=person, renounced_at=None)
        .values_list("role", flat=True)
    )


def holder(incident, role="incident_commander"):
    return Role.objects.of(incident).get(role=role, renounced_at=None).participant.individual.email


def test_a_person_is_made_on_first_sight_and_found_afterwards(project):
    first = make.make_individual(project, " Grace.HOPPER@example.com")
    second = make.make_individual(project, "grace.hopper@EXAMPLE.com")

    assert first == second
    assert (first.name, first.email) == ("Grace Hopper", "grace.hopper@example.com")


def test_a_user_of_the_organization_is_linked_by_the_verified_address_only(project):
    member = make.make_member(project)
    outsider = make.make_user()

    assert make.make_individual(project, member.email).user == member
    assert make.make_individual(project, outsider.email).user is None


@pytest.mark.parametrize("email", ["", "no address", "a@b", "x\n@example.com", "a@b@c.com"])
def test_what_is_no_address_makes_nobody(project, email):
    with pytest.raises(Invalid) as refusal:
        flows.find_individual(organization=project.organization, email=email, now=timezone.now())

    assert refusal.value.field == "email"
    assert not Individual.objects.exists()


def test_an_address_that_exists_is_a_conflict_naming_the_person(project):
    there = make.make_individual(project, "ada@example.com")
    manager = make.make_member(project, "manager")

    with pytest.raises(Conflict) as refusal:
        flows.save_individual(Individual(organization=project.organization, email="ADA@example.com"), **by(manager))

    assert refusal.value.params["id"] == str(there.uuid)


@pytest.mark.parametrize("row", ["itself", "merged into it"])
def test_a_manager_opens_no_restricted_incident_by_another_address(project, row):
    secret = make.declare(project, visibility="restricted", commander="carla@example.com")
    carla = make.make_individual(project, "carla@example.com")
    manager, member = make.make_member(project, "manager"), make.make_member(project)
    if row == "merged into it":
        carla = merge(kept=carla, gone=make.make_individual(project, "c@example.com"), **by_system()).gone
    address, carla.email = carla.email, member.email

    with pytest.raises(Forbidden) as refusal:
        flows.save_individual(carla, **by(manager))

    assert secret.name not in refusal.value.message
    make.individual_of(member, project)
    assert not Incident.objects.visible_to(member).filter(pk=secret.pk).exists()
    assert Individual.objects.get(pk=carla.pk).email == address


def test_who_sees_what_the_person_has_a_part_in_changes_their_address(project):
    make.declare(project, visibility="restricted", commander="carla@example.com")
    carla = make.make_individual(project, "carla@example.com")
    carla.email = "carla.king@example.com"

    assert flows.save_individual(carla, **by(make.make_member(project, "admin"))).email == "carla.king@example.com"


def test_a_manager_changes_the_address_of_whoever_hides_nothing(project, incident):
    first = make.make_individual(project, "first@example.com")
    first.email = "second@example.com"

    assert flows.save_individual(first, **by(make.make_member(project, "manager"))).email == "second@example.com"


def test_an_account_whose_address_nobody_confirmed_is_not_who_is_known_by_it(project):
    secret = make.declare(project, visibility="restricted", commander="carla@example.com")
    stranger = make.make_member(project, email="carla@example.com")
    stranger.email_verified_at = None
    stranger.save()

    person = make.individual_of(stranger, project)

    assert (person.email, person.user) == ("carla@example.com", None)
    assert not Incident.objects.visible_to(stranger).filter(pk=secret.pk).exists()


@pytest.mark.parametrize("role", ["incident_commander", "liaison", "scribe", "reporter"])
def test_an_exclusive_role_has_one_holder_and_the_other_keeps_a_role(project, incident, responder, role):
    one, two = make.make_individual(project), make.make_individual(project)
    flows.assign_role(subject=incident, individual=one, role=role, **by(responder))

    flows.assign_role(subject=incident, individual=two, role=role, **by(responder))

    assert holder(incident, role) == two.email
    assert held(incident, one) == {"participant"}
    assert held(incident, two) == {role}


@pytest.mark.parametrize("role", ["participant", "observer"])
def test_other_roles_may_be_held_by_many(project, incident, responder, role):
    people = [make.make_individual(project) for _ in range(2)]
    for person in people:
        flows.assign_role(subject=incident, individual=person, role=role, **by(responder))

    assert all(held(incident, person) == {role} for person in people)


def test_assigning_twice_changes_nothing(project, incident, responder):
    person = make.make_individual(project)
    first = flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))
    events = Event.objects.of(incident).count()

    assert flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder)) == first
    assert Event.objects.of(incident).count() == events


def test_other_roles_of_the_new_holder_stay(project, incident, responder):
    person = make.make_individual(project)
    for role in ("scribe", "liaison"):
        flows.assign_role(subject=incident, individual=person, role=role, **by(responder))

    assert held(incident, person) == {"scribe", "liaison"}


def told(incident, since):
    """What the timeline says after so many entries."""
    return list(Event.objects.of(incident).filter(seq__gt=since).order_by("seq").values_list("description", flat=True))


def test_assigning_is_on_the_timeline(project, incident, responder):
    person = make.make_individual(project, name="Ada Lovelace")
    flows.add_participant(subject=incident, individual=person, **by(responder))

    flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))

    last = Event.objects.of(incident).order_by("-seq").first()
    assert last.description == "Ada Lovelace has been assigned the role of Scribe"
    assert (last.kind, last.owner) == ("participant_updated", responder.name)


def test_who_is_brought_in_by_a_role_is_on_the_timeline_once(project, incident, responder):
    person = make.make_individual(project, name="Ada Lovelace")
    before = Event.objects.of(incident).count()

    flows.assign_role(subject=incident, individual=person, role="incident_commander", **by(responder))

    assert told(incident, before) == ["Ada Lovelace was added as Incident Commander"]
    first = make.make_individual(project, "first@example.com")
    details = Event.objects.of(incident).order_by("-seq").first().details
    assert (details["role"], details["before"]) == ("incident_commander", str(first.uuid))


def test_who_is_brought_back_by_a_role_takes_part_from_then_on(project, incident, responder):
    person, start = make.make_individual(project, name="Ada Lovelace"), timezone.now()
    flows.add_participant(subject=incident, individual=person, reason="knows the mails", **by(responder))
    flows.remove_participant(subject=incident, individual=person, **by(responder))
    before, back_at = Event.objects.of(incident).count(), start + timedelta(hours=3)

    flows.assign_role(
        subject=incident, individual=person, role="scribe", actor=make.actor_for(responder), now=back_at
    )  # fmt: skip

    part = Participant.objects.of(incident).get(individual=person)
    assert (part.joined_at, part.left_at, part.added_reason) == (back_at, None, "")
    assert told(incident, before) == ["Ada Lovelace came back as Scribe"]


def test_a_role_that_does_not_exist_or_fit_is_refused(project, incident, responder):
    person = make.make_individual(project)
    for role in ("boss", "assignee", ""):
        with pytest.raises(Invalid) as refusal:
            flows.assign_role(subject=incident, individual=person, role=role, **by(responder))
        assert refusal.value.field == "role"
        with pytest.raises(Invalid) as refusal:
            flows.add_participant(subject=incident, individual=person, role=role, **by(responder))
        assert refusal.value.field == "role"
    assert not Participant.objects.of(incident).filter(individual=person).exists()


def test_a_person_of_another_organization_or_gone_is_refused(project, incident, responder):
    foreign = make.make_individual(make.make_project())
    gone = make.make_individual(project)
    Individual.objects.filter(pk=gone.pk).update(is_active=False)
    gone.refresh_from_db()

    for person in (foreign, gone):
        with pytest.raises(Invalid):
            flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))
        with pytest.raises(Invalid):
            flows.add_participant(subject=incident, individual=person, **by(responder))


def test_a_member_assigns_nobody(project, incident):
    with pytest.raises(Forbidden):
        flows.assign_role(
            subject=incident, individual=make.make_individual(project), role="scribe",
            **by(make.make_member(project, "member")),
        )  # fmt: skip


def test_handing_over_passes_the_role_on_with_a_note(project, incident, responder):
    person = make.make_individual(project, name="Night Shift")

    flows.hand_over(subject=incident, role="incident_commander", to=person, note="Keys are rotated.", **by(responder))

    assert holder(incident) == person.email
    assert Event.objects.of(incident).filter(description__contains="Keys are rotated.").exists()


def test_a_role_nobody_holds_is_not_handed_over(project, incident, responder):
    with pytest.raises(flows.NotHolder):
        flows.hand_over(subject=incident, role="scribe", to=make.make_individual(project), **by(responder))


def test_renouncing_leaves_a_participant(project, incident, responder):
    person = make.make_individual(project)
    flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))

    flows.renounce_role(subject=incident, individual=person, role="scribe", **by(responder))

    assert held(incident, person) == {"participant"}


def test_the_lead_of_an_open_incident_hands_over_instead_of_renouncing(project, incident, responder):
    person = make.make_individual(project, "first@example.com")

    with pytest.raises(MustHandOver):
        flows.renounce_role(subject=incident, individual=person, role="incident_commander", **by(responder))

    assert holder(incident) == "first@example.com"


def test_a_role_not_held_is_not_renounced(project, incident, responder):
    with pytest.raises(flows.NotHolder):
        flows.renounce_role(subject=incident, individual=make.make_individual(project), role="scribe", **by(responder))


def test_removing_the_commander_of_an_open_incident_names_what_is_in_the_way(project, incident, responder):
    commander = make.make_individual(project, "first@example.com")

    with pytest.raises(flows.CannotRemove, match="hand the role over first") as refusal:
        flows.remove_participant(subject=incident, individual=commander, **by(responder))

    assert len(refusal.value.params["blockers"]) == 1
    assert Participant.objects.of(incident).get(individual=commander).left_at is None


def test_removing_ends_the_roles_and_keeps_the_history(project, incident, responder):
    person = make.make_individual(project)
    flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))

    flows.remove_participant(subject=incident, individual=person, **by(responder))

    participant = Participant.objects.of(incident).get(individual=person)
    assert participant.left_at is not None
    assert held(incident, person) == set()
    assert participant.roles.count() == 1


def test_who_takes_no_part_is_not_removed(project, incident, responder):
    with pytest.raises(Invalid):
        flows.remove_participant(subject=incident, individual=make.make_individual(project), **by(responder))


def test_leaving_and_coming_back_is_one_participant(project, incident):
    member = make.make_member(project)
    flows.join(subject=incident, **by(member))
    flows.leave(subject=incident, **by(member))
    flows.join(subject=incident, **by(member))

    participant = Participant.objects.of(incident).get(individual__user=member)
    assert participant.left_at is None
    assert held(incident, participant.individual) == {"observer"}
    assert participant.roles.count() == 2


def test_joining_twice_is_joining_once(project, incident):
    member = make.make_member(project)

    assert flows.join(subject=incident, **by(member)) == flows.join(subject=incident, **by(member))
    assert Role.objects.of(incident).filter(participant__individual__user=member).count() == 1


def test_joining_is_refused_where_the_project_does_not_allow_it():
    project = make.make_project(allow_self_join=False)
    incident = make.declare(project)
    member, admin = make.make_member(project), make.make_member(project, "admin")

    with pytest.raises(flows.CannotJoin):
        flows.join(subject=incident, **by(member))

    assert flows.join(subject=incident, **by(admin))


def test_nobody_joins_a_restricted_incident_but_admins(project):
    incident = make.declare(project, visibility="restricted")

    with pytest.raises(Forbidden):
        flows.join(subject=incident, **by(make.make_member(project, "manager")))

    assert flows.join(subject=incident, **by(make.make_member(project, "admin")))


def test_a_role_asked_for_is_given_to_an_active_participant(project, incident, responder):
    person = make.make_individual(project)
    flows.add_participant(subject=incident, individual=person, **by(responder))

    flows.add_participant(subject=incident, individual=person, role="liaison", **by(responder))

    assert held(incident, person) == {"liaison"}


def test_adding_an_observer_who_holds_a_role_takes_none_away(project, incident, responder):
    person = make.make_individual(project)
    flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))

    flows.add_participant(subject=incident, individual=person, role="observer", **by(responder))

    assert held(incident, person) == {"scribe"}


def test_reopening_gives_back_only_what_nobody_took_since(project, incident, responder):
    scribe, newcomer = make.make_individual(project), make.make_individual(project)
    flows.assign_role(subject=incident, individual=scribe, role="scribe", **by(responder))
    closed = incidents.change_status(incident=incident, to="closed", **by(responder))
    flows.assign_role(subject=closed, individual=newcomer, role="incident_commander", **by(responder))

    incidents.change_status(incident=closed, to="stable", **by(responder))

    assert holder(incident) == newcomer.email
    assert held(incident, scribe) == {"scribe"}


def test_who_was_removed_after_closing_gets_nothing_back(project, incident, responder):
    person = make.make_individual(project)
    flows.assign_role(subject=incident, individual=person, role="scribe", **by(responder))
    closed = incidents.change_status(incident=incident, to="closed", **by(responder))
    flows.remove_participant(subject=closed, individual=person, **by(responder))

    incidents.change_status(incident=closed, to="active", **by(responder))

    assert held(incident, person) == set()


def test_what_a_person_does_counts_towards_their_roles(project, responder):
    incident = incidents.declare(project=project, title="X", **by(responder))

    incidents.edit(incident=incident, title="Y", **by(responder))

    role = Role.objects.of(incident).get(role="incident_commander")
    assert role.activity == 1

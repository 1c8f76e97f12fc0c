"""Role policies and engagement rules: who is chosen, why, and that the preview is what declaring then does."""

import random

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.models import Membership
from core.operations import queue
from incidents import flows as incidents
from incidents.models import Incident, Priority, Severity, Type
from knowledge.models import Tag, TagType
from people.flows import policies, remove_participant
from people.flows.previewing import new_subject, preview
from people.models import EngagementRule, Individual, Participant, Role, RolePolicy, Team, TeamMember, TeamNotice
from tests import factories as make
from tests.apiclient import Api

pytestmark = pytest.mark.django_db

COMMANDER = Role.Name.COMMANDER


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def manager(project):
    return make.make_member(project, "manager", name="Mona")


@pytest.fixture
def person(project):
    def make_person(name):
        return make.make_individual(project, f"{name.lower()}@example.com", name)

    return make_person


def policy(project, role=COMMANDER, order=100, when=None, **target):
    name = f"policy {RolePolicy.objects.count()}"
    row = RolePolicy(project=project, name=name, role=role, order=order, filter=when or {}, **target)
    return policies.save_rule(row, actor=make.system(), now=timezone.now())


def rule(project, when=None, **target):
    name = f"rule {EngagementRule.objects.count()}"
    row = EngagementRule(project=project, name=name, filter=when or {}, **target)
    return policies.save_rule(row, actor=make.system(), now=timezone.now())


def has(field, *names, op="in"):
    return {"field": field, "op": op, "value": list(names)}


def holder(incident, role=COMMANDER):
    held = Role.objects.of(incident).filter(role=role, renounced_at=None).first()
    return held.participant.individual.name if held else None


def test_the_policy_that_names_most_counts_then_the_lowest_order(project, manager, person):
    policy(project, order=1, individual=person("Anyone"))
    policy(project, order=50, when=has("severity", "High"), individual=person("Later"))
    policy(project, order=40, when=has("severity", "High"), individual=person("Severe"))
    policy(
        project, order=900, when={"all": [has("severity", "High"), has("priority", "High")]}, individual=person("Both")
    )
    high = Severity.objects.get(project=project, name="High")
    urgent = Priority.objects.get(project=project, name="High")

    def commander(**facts):
        return holder(make.declare(project, by=manager, commander=None, **facts))

    assert commander() == "Anyone"
    assert commander(severity=high) == "Severe"
    assert commander(severity=high, priority=urgent) == "Both"


def test_a_named_commander_stays_and_without_any_the_reporter_commands(project, manager, person):
    assert holder(make.declare(project, by=manager, commander=None)) == "Mona"
    policy(project, individual=person("Petra"))
    assert holder(make.declare(project, by=manager, commander=person("Nina"))) == "Nina"
    assert holder(make.declare(project, by=manager, commander=None)) == "Petra"


def test_a_service_gives_who_is_on_call_or_next_and_is_then_represented(project, manager, person):
    service = make.make_service(project, person("Now"), person("Next"), name="Database")
    policy(project, service=service)
    policy(project, role=Role.Name.SCRIBE, service=service, next_on_call=True)

    incident = make.declare(project, by=manager, commander=None)

    assert (holder(incident), holder(incident, Role.Name.SCRIBE)) == ("Now", "Next")
    assert Participant.objects.of(incident).get(individual__name="Now").service == service


def test_a_policy_that_names_nobody_now_gives_way_to_the_next(project, manager, person):
    gone = person("Gone")
    policy(project, when=has("severity", "Undetermined"), individual=gone)
    policy(project, when=has("severity", "Undetermined"), order=200, service=make.make_service(project))
    policy(project, individual=person("Still"))
    Individual.objects.filter(pk=gone.pk).update(is_active=False)

    assert holder(make.declare(project, by=manager, commander=None)) == "Still"


def test_nobody_on_call_asks_the_owner_instead(project, manager, person):
    policy(project, service=make.make_service(project, owner=person("Olga")))

    assert holder(make.declare(project, by=manager, commander=None)) == "Olga"


def test_engaged_people_observe_a_service_once_and_who_left_stays_away(project, manager, person):
    service = make.make_service(project, person("Dana"))
    policy(project, service=service)
    rule(project, service=service)
    rule(project, individual=person("Lawyer"))
    incident = make.declare(project, by=manager, commander=None)

    assert {part.individual.name for part in Participant.objects.of(incident)} == {"Mona", "Dana", "Lawyer"}
    assert holder(incident, Role.Name.OBSERVER) == "Lawyer"
    lawyer = Participant.objects.of(incident).get(individual__name="Lawyer")
    by = {"actor": make.actor_for(manager), "now": timezone.now()}
    remove_participant(subject=incident, individual=lawyer.individual, **by)
    incidents.edit(incident=incident, title="Another title", **by)
    lawyer.refresh_from_db()
    assert lawyer.left_at is not None


def test_a_rule_that_fits_only_after_an_edit_engages_then(project, manager, person):
    rule(project, when=has("severity", "Critical"), individual=person("Chief"))
    incident = make.declare(project, by=manager)
    assert not Participant.objects.of(incident).filter(individual__name="Chief").exists()

    critical = Severity.objects.get(project=project, name="Critical")
    incidents.edit(incident=incident, severity=critical, actor=make.actor_for(manager), now=timezone.now())

    assert Participant.objects.of(incident).filter(individual__name="Chief").exists()


def test_a_team_is_told_once_and_not_of_a_restricted_incident(project, manager, person):
    team = Team.objects.create(organization=project.organization, name="Legal")
    for name in ("Lara", "Luis"):
        TeamMember.objects.create(team=team, individual=person(name))
    rule(project, team=team)
    open_one = make.declare(project, by=manager, title="Leaked keys")
    make.declare(project, by=manager, visibility="restricted", title="Insider")
    incidents.edit(incident=open_one, title="Leaked keys again", actor=make.actor_for(manager), now=timezone.now())
    queue.run_due(200)

    told = [letter for letter in mail.outbox if "Legal" in letter.body]
    assert sorted(letter.to[0] for letter in told) == ["Lara <lara@example.com>", "Luis <luis@example.com>"]
    assert all(open_one.name in letter.subject for letter in told)
    assert TeamNotice.objects.count() == 1


def test_a_team_with_an_address_is_told_there(project, manager, person):
    team = Team.objects.create(organization=project.organization, name="Legal", email="legal@example.com")
    TeamMember.objects.create(team=team, individual=person("Lara"))
    rule(project, team=team)
    make.declare(project, by=manager)
    queue.run_due(200)

    assert [letter.to for letter in mail.outbox if "Legal" in letter.body] == [["Legal <legal@example.com>"]]


def test_a_rule_names_one_target_of_its_own_organization_and_a_valid_filter(project, manager, person):
    stranger = make.make_individual(make.make_project())
    with pytest.raises(Invalid, match="Name one"):
        policy(project)
    with pytest.raises(Invalid, match="another organization"):
        policy(project, individual=stranger)
    with pytest.raises(Invalid, match="no field") as refusal:
        policy(project, individual=person("Ada"), when=has("colour", "red"))
    assert refusal.value.field == "filter.field"
    with pytest.raises(Invalid, match="not given by policies"):
        policy(project, role=Role.Name.ASSIGNEE, individual=person("Ada"))
    responder = make.make_member(project, "responder")
    with pytest.raises(Forbidden):
        policies.save_rule(
            RolePolicy(project=project, name="mine", role=COMMANDER, individual=person("Ada")),
            actor=make.actor_for(responder), now=timezone.now(),
        )  # fmt: skip


def scenery(project, chance):
    """Words, services, policies and rules at random; some name nobody."""
    words = {model: list(model.objects.filter(project=project)) for model in (Severity, Priority)}
    words[Type] = [Type.objects.create(project=project, name=f"Type {n}") for n in range(3)]
    tag_type = TagType.objects.create(project=project, name="kind")
    words[Tag] = [Tag.objects.create(project=project, tag_type=tag_type, name=f"tag {n}") for n in range(4)]
    people = [make.make_individual(project) for _ in range(8)]
    services = [
        make.make_service(project, *chance.sample(people, chance.randint(0, 2)), owner=chance.choice([None, *people]))
        for _ in range(4)
    ]
    teams = [Team.objects.create(organization=project.organization, name=f"Team {n}") for n in range(2)]
    names = {model: [row.name for row in rows] for model, rows in words.items()}

    def part():
        return chance.choice([
            has("type", chance.choice(names[Type])), has("severity", *chance.sample(names[Severity], 2)),
            has("priority", chance.choice(names[Priority])), has("tags", chance.choice(names[Tag]), op="any"),
            {"not": has("tags", chance.choice(names[Tag]), op="any")}, has("visibility", "open"),
        ])  # fmt: skip

    def when():
        return {"all": [part() for _ in range(chance.randint(0, 3))]}

    for number in range(24):
        target = chance.choice([{"individual": chance.choice(people)}, {"service": chance.choice(services)}])
        role = chance.choice([COMMANDER, COMMANDER, Role.Name.SCRIBE, Role.Name.LIAISON, Role.Name.OBSERVER])
        policy(project, role, chance.randint(1, 9), when(), next_on_call=chance.random() < 0.3, **target)
        if number % 2:
            target = chance.choice([target, {"team": chance.choice(teams)}])
            about_lead = {"field": "commander", "op": "any", "value": [chance.choice(people).email]}
            rule(project, chance.choice([when(), about_lead]), **target)
    return words


@pytest.mark.parametrize("times", [40, pytest.param(500, marks=pytest.mark.soak)])
def test_the_preview_is_what_declaring_does(project, manager, times):
    chance = random.Random(20261125)  # noqa: S311 (the same each time)
    words = scenery(project, chance)
    reporter = make.individual_of(manager, project)

    for _number in range(times):
        facts = {name: chance.choice(words[model])
                 for name, model in (("type", Type), ("severity", Severity), ("priority", Priority))}  # fmt: skip
        tags = chance.sample(words[Tag], chance.randint(0, 3))
        visibility = chance.choice(["open", "restricted"])
        now = timezone.now()
        said = preview(
            new_subject(project, "incident", visibility=visibility, reported_at=now, **facts), tags=tags,
            reporter=reporter, now=now,
        )  # fmt: skip
        with transaction.atomic():
            incident = incidents.declare(
                title="x", project=project, tags=tags, visibility=visibility, actor=make.actor_for(manager), now=now,
                **facts,
            )  # fmt: skip
            assert expected(said, visibility) == done(incident), facts
            transaction.set_rollback(True)


def expected(said, visibility):
    """Roles and observers as the preview tells them. Observer is the role of those who hold none."""
    roles = {(one.role, one.individual.pk) for one in said.chosen if one.role != Role.Name.OBSERVER}
    busy = {pk for _role, pk in roles}
    observers = {one.individual.pk for one in said.chosen if one.role == Role.Name.OBSERVER} - busy
    represented = {one.service.pk for one in said.chosen if one.service}
    for one in said.engaged:
        if one.individual and (one.service is None or one.service.pk not in represented):
            observers.add(one.individual.pk)
            represented |= {one.service.pk} if one.service else set()
    teams = {one.team.pk for one in said.engaged if one.team} if visibility == "open" else set()
    return roles | {(Role.Name.OBSERVER, pk) for pk in observers}, teams


def done(incident):
    held = Role.objects.of(incident).filter(renounced_at=None).values_list("role", "participant__individual")
    return set(held), set(TeamNotice.objects.filter(incident=incident).values_list("team", flat=True))


def test_the_page_tells_who_would_get_it_and_why(project, manager, person):
    policy(project, when=has("severity", "High"), individual=person("Petra"))
    rule(project, individual=person("Lawyer"))
    high = Severity.objects.get(project=project, name="High")
    client = Client()
    client.force_login(manager)

    shown = client.get(f"/admin/people/rolepolicy/resolve/?project={project.pk}&severity={high.pk}").content.decode()

    assert "Petra" in shown
    assert "named by “policy 0”" in shown
    assert "engaged by “rule 0”" in shown
    assert not Incident.objects.exists()
    stranger = Client()
    stranger.force_login(make.make_member(make.make_project(), "manager"))
    assert "Petra" not in stranger.get(f"/admin/people/rolepolicy/resolve/?project={project.pk}").content.decode()


def test_a_policy_is_made_in_the_console_by_choosing_words(project, manager, person):
    high = Severity.objects.get(project=project, name="High")
    client = Client()
    client.force_login(manager)

    answer = client.post(
        "/admin/people/rolepolicy/add/",
        {"project": project.pk, "name": "Bad ones", "role": COMMANDER, "order": 5, "enabled": "on",
         "individual": person("Petra").pk, "severity_is": [high.pk]},
    )  # fmt: skip

    assert answer.status_code == 302, answer.content.decode()
    row = RolePolicy.objects.get()
    assert row.filter == {"all": [{"field": "severity", "op": "in", "value": [str(high.uuid)]}]}
    assert "severity: High" in client.get("/admin/people/rolepolicy/").content.decode()
    page = client.get(f"/admin/people/rolepolicy/{row.pk}/change/")
    assert page.context["adminform"].form.initial["severity_is"] == [high.pk]


def test_a_new_policy_gives_no_role_before_one_is_chosen(project, manager, person):
    client = Client()
    client.force_login(manager)
    form = client.get("/admin/people/rolepolicy/add/").context["adminform"].form

    refused = client.post(
        "/admin/people/rolepolicy/add/",
        {"project": project.pk, "name": "Bad ones", "role": "", "order": 5, "individual": person("Petra").pk},
    )

    assert form["role"].value() in (None, "")
    assert next(iter(form.fields["role"].choices)) == ("", "Choose")
    assert refused.context["adminform"].form.errors == {"role": ["This field is required."]}
    assert not RolePolicy.objects.exists()


def test_the_words_of_a_rule_are_picked_among_those_of_its_project(project, manager, person):
    other = make.make_project(project.organization, name="Payments")
    kept = policy(project, individual=person("Petra"))
    client = Client()
    client.force_login(manager)

    def offered(address: str):
        field = client.get(address).context["adminform"].form.fields["severity_is"]
        return field.widget.attrs["class"].split(), {label for _value, label in field.choices}

    alone = offered("/admin/people/rolepolicy/add/")
    make_member_of(manager, other)
    of_several, of_one = (
        offered("/admin/people/rolepolicy/add/"),
        offered(f"/admin/people/rolepolicy/{kept.pk}/change/"),
    )

    assert all("console-picker" in classes for classes, _labels in (alone, of_several, of_one))
    assert "High" in alone[1]
    assert {f"High · {project}", "High · Payments"} <= of_several[1]
    assert of_one[1] == alone[1]


def make_member_of(user, project) -> None:
    Membership.objects.create(user=user, project=project, organization=project.organization, role="manager")


def test_over_the_api_policies_are_kept_and_asked(project, manager, person):
    api = Api(manager)
    made = api.post("/role-policies/", {
        "project": str(project.uuid), "name": "Bad ones", "role": COMMANDER, "individual": person("Petra").email,
        "filter": has("severity", "High"),
    })  # fmt: skip
    assert made.status_code == 201, made.json()
    told = api.post("/incident-preview/", {"project": str(project.uuid), "severity": "High"}).json()

    assert [(row["role"], row["individual"]["name"]) for row in told["roles"]][:2] == [
        ("reporter", "Mona"), (COMMANDER, "Petra"),
    ]  # fmt: skip
    member = Api(make.make_member(project, "member"))
    stranger = Api(make.make_member(make.make_project(), "owner"))
    refused = [each.post("/incident-preview/", {"project": str(project.uuid)}) for each in (member, stranger)]
    assert [answer.status_code for answer in refused] == [403, 400]
    wrong = api.post("/role-policies/", {
        "project": str(project.uuid), "name": "Odd", "role": COMMANDER, "individual": person("Petra").email,
        "filter": {"any": []},
    })  # fmt: skip
    assert wrong.status_code == 400
    assert "filter" in str(wrong.json()["errors"])

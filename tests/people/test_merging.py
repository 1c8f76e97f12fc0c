"""Two rows become one person and two again; nothing that points at a person is forgotten."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, UniqueConstraint
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.models.subjects import Visibility
from core.timeline import Event
from people.flows import add_participant, assign_role, find_individual
from people.flows.leaving import deactivate
from people.flows.merge_rows import RULES, relations
from people.flows.merging import CannotMerge, CannotUndo, merge, undo_merge
from people.models import (
    ContactMethod,
    EngagementRule,
    EscalationStep,
    ExternalIdentity,
    HandOver,
    Individual,
    Merge,
    Override,
    Page,
    PageCall,
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
    TeamMember,
)
from tests import factories as make

pytestmark = pytest.mark.django_db

# What undoing leaves behind on purpose: that it happened, and the marks of having written. Shifts and costs are worked
# out again.
LEFT_BEHIND = {
    "people.merge", "core.event", "core.searchdocument", "core.operation", "people.historicalindividual",
    "people.shift", "reporting.coststatement",
}  # fmt: skip
MARKS = {"updated_at", "version", "event_count", "event_head", "refreshed_at"}


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def owner(project):
    return make.make_member(project, "owner", name="Olga")


@pytest.fixture
def kept(project):
    return make.make_individual(project, "ada@example.com", "Ada Lovelace")


@pytest.fixture
def gone(project):
    return make.make_individual(project, "ada.king@example.com", "Ada King")


def by(user):
    return {"actor": make.actor_for(user), "now": timezone.now()}


def dump():
    """Every row of every table, without what undoing leaves behind."""
    found = {}
    for model in apps.get_models():
        label = model._meta.label_lower
        if label in LEFT_BEHIND or not model._meta.managed:
            continue
        for row in model._base_manager.values():
            found[label, row[model._meta.pk.attname]] = {name: row[name] for name in row.keys() - MARKS}
    return found


def roles(incident):
    held = Role.objects.of(incident).filter(renounced_at=None).select_related("participant__individual")
    return sorted((row.role, row.participant.individual.email) for row in held)


def busy_lives(project, kept, gone):
    """Both with everything a person can have, together and alone."""
    now = timezone.now()
    both, alone = make.declare(project, commander=kept.email), make.declare(project, commander=gone.email)
    assign_role(subject=both, individual=gone, role="scribe", actor=make.system(), now=now)
    for incident in (both, alone):
        task = Task.objects.create(incident=incident, title="Look", owner=gone, due_at=now)
        TaskAssignee.objects.create(task=task, individual=gone)
    TaskAssignee.objects.create(task=Task.objects.get(incident=both), individual=kept)
    service = Service.objects.create(project=project, name="Mail", owner=gone)
    layer = RotationLayer.objects.create(service=service, name="Day", handover_at="09:00", starts_on="2026-01-01")
    other = RotationLayer.objects.create(
        service=service, name="Night", order=2, handover_at="09:00", starts_on="2026-01-01"
    )
    for place, (where, who) in enumerate([(layer, kept), (layer, gone), (other, gone)]):
        RotationMember.objects.create(layer=where, individual=who, position=place)
    EscalationStep.objects.create(service=service, position=1, individual=kept)
    EscalationStep.objects.create(service=service, position=2, individual=gone)
    span = {"service": service, "starts_at": now, "ends_at": now + timedelta(hours=8)}
    Override.objects.create(individual=gone, **span)
    Shift.objects.create(individual=gone, source="override", **span)
    Swap.objects.create(asked_by=gone, asked=kept, **span)
    third = make.make_individual(project, "third@example.com")
    Swap.objects.create(asked_by=third, asked=gone, **span)
    RolePolicy.objects.create(project=project, name="P", role="scribe", individual=gone)
    EngagementRule.objects.create(project=project, name="E", individual=gone)
    team = Team.objects.create(organization=project.organization, name="Blue", lead=gone)
    for one in (kept, gone):
        TeamMember.objects.create(team=team, individual=one)
        ExternalIdentity.objects.create(
            organization=project.organization, individual=one, system="hr", value=f"hr-{one.pk}"
        )
    ExternalIdentity.objects.create(organization=project.organization, individual=gone, system="slack", value="U1")
    ContactMethod.objects.create(
        organization=project.organization, individual=gone, kind="email", address="second@example.com"
    )
    page = Page.objects.create(incident=both, individual=gone, acknowledged_by=gone, fact="f", paged_at=now)
    for place, one in enumerate((kept, gone)):
        PageCall.objects.create(page=page, individual=one, position=place, reason="named", called_at=now)
    HandOver.objects.create(
        incident=alone, role="incident_commander", receiver=third, offered_at=now,
        giver=Participant.objects.of(alone).get(individual=gone),
    )  # fmt: skip
    return both, alone


def test_everything_that_points_at_a_person_goes_over(project, owner, kept, gone):
    both, alone = busy_lives(project, kept, gone)

    merge(kept=kept, gone=gone, **by(owner))

    stays = {"people.ExternalIdentity.individual", "people.PageCall.individual", "people.Merge.gone"}
    left = {
        f"{model._meta.label}.{field}" for model, field in relations() if model._base_manager.filter(**{field: gone})
    }
    # A swap of the two with each other names both for ever.
    assert left == {*stays, "people.Swap.asked_by"}
    assert ("scribe", "ada@example.com") in roles(both)
    assert ("incident_commander", "ada@example.com") in roles(both)
    assert roles(alone)[0] == ("incident_commander", "ada@example.com")
    assert Participant.objects.of(both).filter(individual=kept).count() == 1
    assert Swap.objects.get(asked_by=gone).status == "withdrawn"
    gone.refresh_from_db()
    assert (gone.is_active, gone.merged_into) == (False, kept)
    told = Event.objects.of(alone).filter(description__contains="the same person").get().description
    assert told.startswith("Ada King (ada.king@example.com) and Ada Lovelace")


def test_undoing_restores_every_row_to_the_letter(project, owner, kept, gone):
    gone.title, gone.time_zone = "Analyst", "Europe/London"
    gone.save()
    busy_lives(project, kept, gone)
    before = dump()

    done = merge(kept=kept, gone=gone, **by(owner))
    assert dump() != before
    undo_merge(merge=done, **by(owner))

    assert dump() == before


def test_every_key_that_has_a_rule_of_its_own_is_handled_on_purpose():
    """A new column that points at a person goes over by itself, unless a constraint speaks of it: then decide."""
    for model, field in relations():
        spoken_of = [
            constraint.name
            for constraint in model._meta.constraints
            if (isinstance(constraint, UniqueConstraint) and field in constraint.fields)
            or (isinstance(constraint, CheckConstraint) and f"F({field})" in str(constraint.condition))
        ]
        if spoken_of:
            assert f"{model._meta.label}.{field}" in RULES, spoken_of
    assert not [field for field in Individual._meta.get_fields(include_hidden=True) if field.many_to_many]


def test_the_part_of_both_reaches_from_the_first_coming_to_the_last_going(project, owner, kept, gone):
    incident = make.declare(project, commander="else@example.com")
    first, second = timezone.now() - timedelta(hours=3), timezone.now() - timedelta(hours=1)
    add_participant(subject=incident, individual=gone, role="participant", **by(owner))
    add_participant(subject=incident, individual=kept, role="observer", **by(owner))
    Participant.objects.filter(individual=gone).update(joined_at=first, left_at=second)
    Role.objects.filter(participant__individual=gone).update(renounced_at=second)

    merge(kept=kept, gone=gone, **by(owner))

    part = Participant.objects.of(incident).get(individual=kept)
    assert (part.joined_at, part.left_at) == (first, None)
    assert sorted(part.roles.values_list("role", "renounced_at")) == [("observer", None), ("participant", second)]


def test_of_two_roles_held_now_the_greater_stays(project, owner, kept, gone):
    incident = make.declare(project, commander="else@example.com")
    add_participant(subject=incident, individual=gone, role="participant", **by(owner))
    add_participant(subject=incident, individual=kept, role="observer", **by(owner))

    merge(kept=kept, gone=gone, **by(owner))

    part = Participant.objects.of(incident).get(individual=kept)
    assert list(part.roles.filter(renounced_at=None).values_list("role", flat=True)) == ["participant"]
    assert part.roles.count() == 2


def test_the_old_address_finds_the_person_who_was_kept(project, owner, kept, gone):
    merge(kept=kept, gone=gone, **by(owner))

    found = find_individual(organization=project.organization, email="Ada.King@example.com", now=timezone.now())

    assert found == kept


def test_what_is_empty_is_filled_and_what_is_there_stays(project, owner, kept, gone):
    Individual.objects.filter(pk=kept.pk).update(title="Countess")
    Individual.objects.filter(pk=gone.pk).update(title="Analyst", mobile_phone="+44 1")

    merge(kept=kept, gone=gone, **by(owner))

    kept.refresh_from_db()
    assert (kept.title, kept.mobile_phone) == ("Countess", "+44 1")


def test_the_account_of_the_one_who_goes_is_the_other_ones_now(project, owner, kept):
    member = make.make_member(project, "responder", email="king@example.com")
    gone = make.individual_of(member, project)

    done = merge(kept=kept, gone=gone, **by(owner))

    kept.refresh_from_db()
    assert kept.user == member
    undo_merge(merge=done, **by(owner))
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.user, kept.user, gone.is_active) == (member, None, True)


def test_two_accounts_stay_two(project, owner):
    one, two = (make.individual_of(make.make_member(project, "member"), project) for _ in range(2))

    with pytest.raises(CannotMerge) as refusal:
        merge(kept=one, gone=two, **by(owner))

    assert "account" in refusal.value.message
    assert not Merge.objects.exists()


@pytest.mark.parametrize("case", ["itself", "foreign", "inactive kept", "merged gone"])
def test_only_two_living_rows_of_one_organization_are_merged(project, owner, kept, gone, case):
    if case == "itself":
        gone = kept
    elif case == "foreign":
        gone = make.make_individual(make.make_project(), "x@example.com")
    elif case == "inactive kept":
        kept = deactivate(individual=kept, **by(owner))
    else:
        merge(kept=make.make_individual(project, "b@example.com"), gone=gone, **by(owner))

    with pytest.raises((CannotMerge, Invalid)):
        merge(kept=kept, gone=gone, **by(owner))

    assert not Merge.objects.filter(kept=kept).exists()


@pytest.mark.parametrize("theirs", ["kept", "gone"])
def test_a_manager_opens_no_restricted_subject_by_merging(project, owner, kept, gone, theirs):
    manager = make.make_member(project, "manager")
    secret = make.declare(project, visibility=Visibility.RESTRICTED)
    add_participant(subject=secret, individual={"kept": kept, "gone": gone}[theirs], **by(owner))

    with pytest.raises(Forbidden) as refusal:
        merge(kept=kept, gone=gone, **by(manager))

    assert secret.name not in refusal.value.message
    assert not Merge.objects.exists()


def test_merging_is_a_managers(project, kept, gone):
    with pytest.raises(Forbidden):
        merge(kept=kept, gone=gone, **by(make.make_member(project, "responder")))


def test_undoing_ends_after_thirty_days(project, owner, kept, gone):
    done = merge(kept=kept, gone=gone, **by(owner))
    later = done.merged_at + timedelta(days=30, seconds=1)

    with pytest.raises(CannotUndo):
        undo_merge(merge=done, actor=make.actor_for(owner), now=later)

    assert Individual.objects.get(pk=gone.pk).merged_into == kept


def test_a_later_merge_is_undone_first(project, owner, kept, gone):
    third = make.make_individual(project, "third@example.com")
    first = merge(kept=gone, gone=third, **by(owner))
    second = merge(kept=kept, gone=gone, **by(owner))
    assert Individual.objects.get(pk=third.pk).merged_into == kept

    with pytest.raises(CannotUndo):
        undo_merge(merge=first, **by(owner))
    undo_merge(merge=second, **by(owner))
    undo_merge(merge=first, **by(owner))

    assert not Individual.objects.filter(merged_into__isnull=False).exists()
    assert Individual.objects.active().filter(pk__in=[kept.pk, gone.pk, third.pk]).count() == 3


def test_what_was_changed_since_stays(project, owner, kept, gone):
    Individual.objects.filter(pk=gone.pk).update(title="Analyst")
    incident = make.declare(project, commander=gone.email)
    done = merge(kept=kept, gone=gone, **by(owner))
    Individual.objects.filter(pk=kept.pk).update(title="Countess")
    assign_role(subject=incident, individual=kept, role="scribe", **by(owner))

    undo_merge(merge=done, **by(owner))

    kept.refresh_from_db()
    assert kept.title == "Countess"
    assert roles(incident)[0] == ("incident_commander", gone.email)

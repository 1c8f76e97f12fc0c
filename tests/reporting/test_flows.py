"""Costs as they are kept: by hand equals worked out, each fact is followed, nothing is written twice."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.actor import Actor, Face
from core.errors import Forbidden, Invalid, NotVisible, Stale
from core.flows import configuration, organizations
from core.timeline import Event
from core.timeline.flows import add_entry
from incidents import flows as incidents
from people.flows import add_participant, assign_role, remove_participant
from people.flows.merging import merge, undo_merge
from reporting.flows import cost_items, costs
from reporting.models import CostItem, CostLine, CostStatement, CostType
from tests import factories as make

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def hour(number: float) -> datetime:
    return TEN + timedelta(hours=number)


@pytest.fixture
def project():
    return make.make_project(name="Security")


def declare(project, commander="ada@example.com", now=TEN, **fields):
    return incidents.declare(
        project=project, title="Odd log-ins", commander=commander, reporter=commander, actor=make.system(), now=now,
        **fields,
    )  # fmt: skip


def move(incident, to, number):
    return incidents.change_status(incident=incident, to=to, actor=make.system(), now=hour(number))


def stored(incident) -> CostStatement:
    return CostStatement.objects.get(incident=incident)


def amounts(statement) -> list[tuple[str, Decimal]]:
    return list(statement.lines.order_by("position").values_list("role", "amount"))


def acted(incident, user, project, number):
    person = make.individual_of(user, project)
    actor = Actor(user=user, face=Face.CONSOLE)
    add_entry(subject=incident, description="Looked at the logs", actor=actor, now=hour(number))
    return person


# Worked out


def test_the_cost_of_the_specification_comes_out_by_the_product_s_own_flows(project):
    """By hand: A 4 h × 1, B 3 h × 0.5, C observer, D a silent scribe, review 1 + 4 × 0.5: 8.5 h × 24.04 = 204.34."""
    incident = declare(project)
    b = make.make_member(project, "responder", email="b@example.com")
    for email, role, number in [("c@example.com", "observer", 0), ("d@example.com", "scribe", 0)]:
        person = make.make_individual(project, email)
        add_participant(subject=incident, individual=person, role=role, actor=make.system(), now=hour(number))
    add_participant(
        subject=incident,
        individual=make.individual_of(b, project),
        role="participant",
        actor=make.system(),
        now=hour(1),
    )
    acted(incident, b, project, 2)
    move(incident, "stable", 4)

    statement = costs.work_out(subject=incident, now=hour(400))

    assert (statement.total, statement.currency, statement.hourly_rate) == (
        Decimal("204.34"), "USD", Decimal("24.04"),
    )  # fmt: skip
    assert statement.final
    assert statement.due_at is None
    assert [amount for _role, amount in amounts(statement) if amount] == [
        Decimal("96.16"), Decimal("36.06"), Decimal("72.12"),
    ]  # fmt: skip


def test_a_new_incident_is_due_and_the_job_works_it_out(project):
    incident = declare(project)
    assert stored(incident).currency == ""

    CostStatement.objects.update(due_at=TEN)
    assert costs.work_out_due(now=hour(2)) == 1

    statement = stored(incident)
    assert (statement.total, statement.final) == (Decimal("48.08"), False)
    assert statement.due_at == hour(3)
    assert costs.work_out_due(now=hour(2)) == 0


def test_working_out_again_writes_nothing(project, django_assert_max_num_queries):
    incident = declare(project)
    costs.work_out(subject=incident, now=hour(2))
    lines = list(CostLine.objects.values_list("pk", flat=True))

    with django_assert_max_num_queries(9) as asked:
        costs.work_out(subject=incident, now=hour(2))

    assert not [one for one in asked.captured_queries if one["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    assert list(CostLine.objects.values_list("pk", flat=True)) == lines


def test_a_late_worker_does_not_turn_time_back(project):
    incident = declare(project)
    costs.work_out(subject=incident, now=hour(3))

    late = costs.work_out(subject=incident, now=hour(1))

    assert (late.total, late.worked_out_at) == (Decimal("72.12"), hour(3))


def test_order_and_number_of_runs_make_no_difference(project):
    often, once = declare(project), declare(project)
    for number in (1, 7, 2, 30, 30, 9):
        costs.work_out(subject=often, now=hour(number))
    move(often, "stable", 40)
    costs.work_out(subject=often, now=hour(41))
    move(once, "stable", 40)

    first, second = costs.work_out(subject=often, now=hour(90)), costs.work_out(subject=once, now=hour(60))

    assert (first.total, amounts(first)) == (second.total, amounts(second))


def test_two_who_become_one_person_cost_less_also_in_what_is_over(project):
    """By hand: 4 h × 1 and a review of 1 + 2 × 0.5 are 6 h × 24.04; with one of them in it, it is 5.5 h × 24.04."""
    incident = declare(project)
    ada, twin = (make.make_individual(project, email) for email in ("ada@example.com", "twin@example.com"))
    add_participant(subject=incident, individual=twin, actor=make.system(), now=hour(1))
    move(move(incident, "stable", 4), "closed", 5)
    statement = costs.work_out(subject=incident, now=hour(6))
    assert (statement.total, statement.final) == (Decimal("144.24"), True)

    merged = merge(kept=ada, gone=twin, actor=make.system(), now=timezone.now())
    costs.work_out_due(now=timezone.now())
    assert (stored(incident).total, stored(incident).final) == (Decimal("132.22"), True)

    undo_merge(merge=merged, actor=make.system(), now=timezone.now())
    costs.work_out_due(now=timezone.now())
    assert stored(incident).total == Decimal("144.24")


def test_stable_stops_it_and_reopening_goes_on(project):
    incident = declare(project)
    incident.type.exclude_from_review = True
    incident.type.save()
    incident = move(incident, "closed", 4)
    assert costs.work_out(subject=incident, now=hour(50)).total == Decimal("96.16")

    incident = move(incident, "active", 100)

    assert costs.work_out(subject=incident, now=hour(103)).total == Decimal("168.28")
    assert not stored(incident).final


def test_the_review_is_one_line_and_stays_when_it_flares_up(project):
    incident = declare(project)
    incident = move(incident, "stable", 1)
    incident = move(incident, "active", 2)
    incident = move(incident, "stable", 3)

    statement = costs.work_out(subject=incident, now=hour(4))

    reviews = statement.lines.filter(kind="review")
    assert [(line.hours, line.amount) for line in reviews] == [(Decimal("1.5"), Decimal("36.06"))]


def test_what_was_recorded_after_the_fact_costs_nothing(project):
    past = incidents.record_past(
        project=project, title="Long ago", actor=make.system(), now=TEN, reported_at=hour(-90), closed_at=hour(-80)
    )

    assert costs.work_out(subject=past, now=hour(5)).total == 0


# Followed


def due(incident) -> bool:
    """Whether a fact has marked it since it was worked out."""
    statement = stored(incident)
    return statement.due_at is not None and statement.due_at != statement.worked_out_at + costs.REFRESHED_EVERY


def settled(incident):
    costs.work_out(subject=incident, now=hour(5))
    assert not due(incident)
    return incident


def test_every_fact_that_changes_it_marks_it(project, django_capture_on_commit_callbacks):
    incident = declare(project)
    person = make.make_individual(project, "eve@example.com")
    user = make.make_member(project, "responder")

    facts = {
        "joined": lambda: add_participant(
            subject=incident, individual=person, role="participant", actor=make.system(), now=hour(5)
        ),
        "role": lambda: assign_role(
            subject=incident, individual=person, role="scribe", actor=make.system(), now=hour(5)
        ),
        "removed": lambda: remove_participant(
            subject=incident, individual=person, actor=make.system(), now=hour(5)
        ),
        "activity": lambda: acted(incident, user, project, 5),
        "status": lambda: move(incident, "stable", 6),
    }  # fmt: skip
    for name, happen in facts.items():
        settled(incident)
        happen()
        assert due(incident), name


def test_another_rate_marks_all_of_the_project_and_another_word_none(project):
    incident = settled(declare(project))

    project.description = "Other words"
    organizations.save_project(project, actor=make.system(), now=hour(6))
    assert not due(incident)

    project.annual_employee_cost = Decimal(100000)
    organizations.save_project(project, actor=make.system(), now=hour(6))
    assert due(incident)
    assert costs.work_out(subject=incident, now=hour(6)).total == Decimal("288.48")


def test_declaring_gets_two_queries_dearer_at_most(project, django_assert_max_num_queries):
    with django_assert_max_num_queries(400) as asked:
        declare(project)

    assert len([one for one in asked.captured_queries if "reporting_" in one["sql"]]) <= 2


def test_a_mark_after_working_out_in_the_same_transaction_is_not_lost(project):
    incident = declare(project)
    costs.work_out(subject=incident, now=hour(5))

    assign_role(
        subject=incident, individual=make.make_individual(project), role="scribe", actor=make.system(), now=hour(5)
    )

    assert due(incident)


def test_one_that_cannot_be_worked_out_does_not_hold_up_the_others(project, monkeypatch):
    bad, good = declare(project), declare(project)
    CostStatement.objects.update(due_at=TEN)
    asked = costs.cost_of
    monkeypatch.setattr(costs, "cost_of", lambda subject, now: 1 / 0 if subject.pk == bad.pk else asked(subject, now))

    assert costs.work_out_due(now=hour(1)) == 2

    assert stored(good).total == Decimal("24.04")
    assert stored(bad).due_at == hour(2)


def test_the_nightly_check_repairs_and_names_what_did_not_follow_from_its_facts(project):
    right, wrong, missing = declare(project), declare(project), declare(project)
    for incident in (right, wrong):
        costs.work_out(subject=incident, now=hour(2))
    CostStatement.objects.filter(incident=wrong).update(effort=999, total=999)
    CostStatement.objects.filter(incident=missing).delete()

    assert costs.check(now=hour(3)) == [wrong.name]

    assert {stored(one).total for one in (right, wrong, missing)} == {Decimal("72.12")}
    assert costs.check(now=hour(4)) == []


# Written by hand


@pytest.fixture
def responder(project):
    return Actor(user=make.make_member(project, "responder"), face=Face.CONSOLE)


def vendor(project) -> CostType:
    return CostType.objects.get(project=project, name="Vendor")


def add(incident, actor, amount="1200.00", **fields):
    values = {"type": vendor(incident.project), "amount": amount, "incurred_on": date(2026, 11, 24), **fields}
    return cost_items.add_item(subject=incident, actor=actor, now=hour(1), **values)


def test_a_new_project_has_cost_types(project):
    names = CostType.objects.filter(project=project).values_list("name", flat=True)

    assert set(names) == {"Vendor", "Hardware and software", "Lost revenue", "Compensation", "Fine", "Other"}


def test_an_item_adds_to_the_total_and_changes_no_other(project, responder):
    incident = declare(project)
    first = add(incident, responder)
    add(incident, responder, amount="0.01", note="A stamp")

    assert (stored(incident).items, stored(incident).total) == (Decimal("1200.01"), Decimal("1224.05"))
    assert CostItem.objects.get(pk=first.pk).amount == Decimal("1200.00")
    assert Event.objects.filter(incident=incident, description="Cost added: Vendor 1,200.00 USD").exists()


def test_an_item_keeps_its_currency_and_does_not_add_to_another(project, responder):
    incident = declare(project)
    add(incident, responder)
    project.currency = "EUR"
    organizations.save_project(project, actor=make.system(), now=hour(2))

    incident.refresh_from_db()
    add(incident, responder, amount="10")

    assert set(CostItem.objects.values_list("amount", "currency")) == {
        (Decimal(1200), "USD"), (Decimal(10), "EUR"),
    }  # fmt: skip
    assert (stored(incident).items, stored(incident).currency) == (Decimal(10), "EUR")


def test_editing_and_removing_follow(project, responder):
    incident = declare(project)
    item = add(incident, responder)

    cost_items.edit_item(item=item, amount="5.50", version=1, actor=responder, now=hour(1))
    assert stored(incident).items == Decimal("5.50")

    with pytest.raises(Stale):
        cost_items.edit_item(item=item, amount="6", version=1, actor=responder, now=hour(1))
    cost_items.remove_item(item=item, version=2, actor=responder, now=hour(1))
    assert stored(incident).items == 0
    with pytest.raises(NotVisible):
        cost_items.remove_item(item=item, actor=responder, now=hour(1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0"), ("amount", "-5"), ("amount", "1.005"), ("amount", "NaN"), ("amount", "Infinity"),
        ("amount", "many"), ("amount", None), ("amount", "1000000000000"), ("amount", "1e400"), ("note", "x" * 501),
        ("note", "a\x00b"), ("incurred_on", date(3001, 1, 1)), ("incurred_on", "today"),
    ],
)  # fmt: skip
def test_a_wrong_item_is_refused_by_field_and_leaves_nothing(project, responder, field, value):
    incident = declare(project)

    with pytest.raises(Invalid) as refusal:
        add(incident, responder, **{field: value})

    assert refusal.value.field == field
    assert not CostItem.objects.exists()


def test_types_of_other_projects_and_disabled_ones_are_refused(project, responder):
    incident = declare(project)
    other = make.make_project(name="Other")
    with pytest.raises(Invalid):
        add(incident, responder, type=vendor(other))
    item = add(incident, responder)
    disabled = vendor(project)
    disabled.enabled = False
    configuration.save(disabled, actor=make.system(), now=TEN)

    with pytest.raises(Invalid):
        add(incident, responder, type=disabled)
    edited = cost_items.edit_item(item=item, type=disabled, note="Still", actor=responder, now=TEN)
    assert edited.note == "Still"


def test_members_and_strangers_write_no_costs(project):
    incident = declare(project)
    for user in (make.make_member(project, "member"), make.make_user()):
        with pytest.raises(Forbidden):
            add(incident, Actor(user=user, face=Face.API))
    assert not CostItem.objects.exists()

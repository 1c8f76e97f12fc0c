"""Retrying, skipping and cancelling by hand: when, by whom, and what follows."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.operations import flows, plan, queue
from core.operations.errors import Permanent, Transient
from core.operations.models import Operation
from core.timeline import Event
from tests import factories as make
from tests.standins.performing import stage

pytestmark = pytest.mark.django_db

ALLOWED = {
    "retry": {"failed", "skipped", "retrying"},
    "skip": {"pending", "retrying", "failed"},
    "cancel": {"pending", "retrying"},
}
VERBS = {
    "retry": lambda **more: flows.retry(**more),
    "skip": lambda **more: flows.skip(reason="done by hand", **more),
    "cancel": lambda **more: flows.cancel(reason="not needed", **more),
}
ENDS_AS = {"retry": "pending", "skip": "skipped", "cancel": "skipped"}
STATUSES = ["pending", "running", "succeeded", "retrying", "failed", "skipped"]


@pytest.fixture
def on():
    with stage() as made:
        made.action("a.do")
        made.action("b.do")
        yield made


@pytest.fixture
def clock():
    with time_machine.travel("2026-11-25T03:00:00Z", tick=False) as made:
        yield made


@pytest.fixture
def incident():
    made = make.declare(make.make_project())
    Operation.objects.all().delete()
    return made


def row(operation):
    return Operation.objects.get(pk=operation.pk)


def values(operation):
    return Operation.objects.filter(pk=operation.pk).values().get()


def said(incident):
    return list(Event.objects.of(incident).order_by("seq").values_list("description", flat=True))


def act(verb, operation, user=None):
    actor = make.actor_for(user) if user else make.system()
    return VERBS[verb](operation=operation, actor=actor, now=timezone.now())


def in_status(status, incident):
    operation = plan("a.do", subject=incident, fact="1")
    ended = timezone.now() if status in {"succeeded", "failed", "skipped"} else None
    Operation.objects.filter(pk=operation.pk).update(
        status=status, attempts=3, failures=3, error="The tracker is down.", started_at=timezone.now(),
        finished_at=ended, lease_until=timezone.now() + timedelta(minutes=1) if status == "running" else None,
    )  # fmt: skip
    return row(operation)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("verb", ALLOWED)
def test_each_verb_is_possible_in_its_statuses_only_and_refused_elsewhere(on, incident, verb, status):
    operation = in_status(status, incident)
    before, told = values(operation), said(incident)

    if status in ALLOWED[verb]:
        assert act(verb, operation).status == ENDS_AS[verb]
        assert row(operation).status == ENDS_AS[verb]
        assert len(said(incident)) == len(told) + 1
    else:
        with pytest.raises(flows.NotPossible):
            act(verb, operation)
        assert values(operation) == before
        assert said(incident) == told


def test_a_refusal_says_in_words_what_it_is(on, incident):
    operation = in_status("succeeded", incident)

    with pytest.raises(flows.NotPossible, match="It is done"):
        act("retry", operation)


@pytest.mark.parametrize("verb", ALLOWED)
@pytest.mark.parametrize(
    ("role", "may"), [("member", False), ("responder", True), ("manager", True), ("admin", True), ("owner", True)]
)
def test_who_edits_the_subject_may(on, incident, verb, role, may):
    operation = in_status("retrying", incident)
    before = values(operation)
    user = make.make_member(incident.project, role)

    if may:
        act(verb, operation, user)
        assert row(operation).status == ENDS_AS[verb]
    else:
        with pytest.raises(Forbidden):
            act(verb, operation, user)
        assert values(operation) == before


@pytest.mark.parametrize("verb", ALLOWED)
def test_somebody_of_another_project_may_not(on, incident, verb):
    operation = in_status("retrying", incident)
    before = values(operation)

    with pytest.raises(Forbidden):
        act(verb, operation, make.make_member(make.make_project(), "owner"))

    assert values(operation) == before


@pytest.mark.parametrize(("role", "may"), [("responder", False), ("manager", False), ("admin", True)])
def test_a_projects_own_operations_are_for_its_admins(on, role, may):
    project = make.make_project()
    operation = plan("a.do", project=project, fact="1")
    user = make.make_member(project, role)

    if may:
        assert act("skip", operation, user).status == "skipped"
    else:
        with pytest.raises(Forbidden):
            act("skip", operation, user)


def test_an_organizations_own_operations_are_for_those_who_administer_in_it(on):
    project = make.make_project()
    operation = plan("a.do", organization=project.organization, fact="1")

    for user in (make.make_member(project, "manager"), make.make_member(make.make_project(), "owner")):
        with pytest.raises(Forbidden):
            act("skip", operation, user)

    assert act("skip", operation, make.make_member(project, "admin")).status == "skipped"


def test_an_operation_of_nobody_is_for_dispatch_itself(on):
    operation = plan("a.do", fact="1")

    with pytest.raises(Forbidden):
        act("skip", operation, make.make_member(make.make_project(), "owner"))

    assert act("skip", operation).status == "skipped"


def test_a_retry_is_due_at_once_and_wakes_a_worker(on, incident, clock, django_capture_on_commit_callbacks):
    on.action("a.do", Transient("down"))
    operation = plan("a.do", subject=incident, fact="1")
    queue.run_due()
    assert row(operation).next_attempt_at > timezone.now()

    with django_capture_on_commit_callbacks() as after_commit:
        act("retry", operation)
    on.action("a.do")

    assert len(after_commit) == 1
    assert queue.run_due() == 1
    assert (row(operation).status, row(operation).attempts) == ("succeeded", 2)


def test_a_retry_has_a_fresh_day(on, incident, clock):
    on.action("a.do", Transient("The tracker is down."))
    operation = plan("a.do", subject=incident, fact="1")
    queue.run_due()
    clock.shift(timedelta(hours=25))
    queue.run_due()
    assert row(operation).status == "failed"

    act("retry", operation)
    queue.run_due()

    assert row(operation).status == "retrying"
    assert row(operation).started_at == timezone.now()
    assert timezone.now() < row(operation).next_attempt_at <= timezone.now() + timedelta(seconds=5)


def test_a_retry_gives_way_to_a_newer_one_that_waits_to_do_the_same(on, incident):
    on.action("a.do", Permanent("No such project."))
    old = plan("a.do", subject=incident, fact="1", coalesce="thing")
    queue.run_due()
    newer = plan("a.do", subject=incident, fact="2", coalesce="thing")
    before, told = values(old), said(incident)

    with pytest.raises(flows.NotPossible, match="newer"):
        act("retry", old)

    assert values(old) == before
    assert said(incident) == told
    assert row(newer).status == "pending"


def test_what_was_skipped_can_be_taken_up_again(on, incident):
    operation = plan("a.do", subject=incident, fact="1")
    act("skip", operation)
    assert queue.run_due() == 0

    act("retry", operation)
    queue.run_due()

    assert row(operation).status == "succeeded"


@pytest.mark.parametrize("verb", ["skip", "cancel"])
def test_what_waited_for_a_dropped_one_goes_on(on, incident, verb, django_capture_on_commit_callbacks):
    first = plan("a.do", subject=incident, fact="1", delay_seconds=60)
    then = plan("b.do", subject=incident, fact="2", after=[first])
    assert queue.run_due() == 0

    with django_capture_on_commit_callbacks() as after_commit:
        act(verb, first)
    queue.run_due()

    assert len(after_commit) == 1
    assert row(then).status == "succeeded"
    assert on.performed == ["b.do"]


def test_the_timeline_says_who_did_what_and_why(on, incident):
    user = make.make_member(incident.project, "responder", name="Ada Lovelace")
    operation = in_status("failed", incident)

    act("retry", operation, user)
    act("cancel", operation, user)
    act("retry", operation, user)
    act("skip", operation, user)

    assert said(incident)[-4:] == [
        "Ada Lovelace retried “a.do”",
        "Ada Lovelace cancelled “a.do”: not needed",
        "Ada Lovelace retried “a.do”",
        "Ada Lovelace skipped “a.do”: done by hand",
    ]
    last = Event.objects.of(incident).order_by("-seq").first()
    assert last.details == {"operation": str(operation.uuid)}


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_skipping_without_a_reason_is_refused_and_names_the_field(on, incident, reason):
    operation = in_status("failed", incident)
    before = values(operation)

    with pytest.raises(Invalid) as refusal:
        flows.skip(operation=operation, actor=make.system(), now=timezone.now(), reason=reason)

    assert refusal.value.field == "reason"
    assert values(operation) == before


def test_cancelling_without_a_reason_is_enough(on, incident):
    operation = in_status("pending", incident)

    flows.cancel(operation=operation, actor=make.system(), now=timezone.now())

    assert (row(operation).status, row(operation).error) == ("skipped", "cancelled")
    assert row(operation).finished_at is not None


def test_a_result_that_comes_after_the_verb_was_refused_still_counts(on, incident):
    operation = plan("a.do", subject=incident, fact="1")
    claimed = queue.claim(timezone.now())

    with pytest.raises(flows.NotPossible, match="It is running"):
        act("cancel", operation)
    queue.perform(claimed)

    assert row(operation).status == "succeeded"

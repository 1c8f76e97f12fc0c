"""A request with a key is carried out once, whatever happens around it."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone

from core.actor import Actor, Face
from core.errors import Forbidden, Invalid, KeyReused
from core.flows import tokens
from core.idempotency.models import IdempotencyRecord
from core.idempotency.once import Done, clean, digest, once
from incidents.models import Incident
from tests import factories as make
from tests.standins.threads import at_once

NOW = timezone.now()


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def actor(project):
    return make.actor_for(make.make_member(project))


def report(project, actor, *, key="k1", body=None, now: datetime = NOW, title="Payroll", path="/incidents/"):
    """One POST of an incident as a face sends it."""
    body = {"title": title} if body is None else body

    def perform():
        incident = make.declare(project, title=title)
        return 201, str(incident.uuid), incident

    return once(actor=actor, key=key, method="POST", path=path, body=body, now=now, perform=perform)


@pytest.mark.django_db
def test_the_first_request_is_carried_out_and_the_next_get_its_answer(project, actor):
    first = report(project, actor)
    second = report(project, actor)

    incident = Incident.objects.get()
    assert first == Done(status=201, object_id=str(incident.uuid), replayed=False, result=incident)
    assert second == Done(status=201, object_id=str(incident.uuid), replayed=True)


@pytest.mark.django_db(transaction=True)
def test_the_same_ten_requests_at_once_make_one_object_and_ten_equal_answers(project, actor):
    answers = at_once([partial(report, project, actor) for _ in range(10)])

    assert {type(answer) for answer in answers} == {Done}
    assert len({(answer.status, answer.object_id) for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    assert Incident.objects.get().uuid.hex == answers[0].object_id.replace("-", "")
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_when_the_first_of_many_is_refused_another_one_succeeds(project, actor):
    refused = []

    def perform():
        if not refused:
            refused.append(True)
            make.declare(project, title="Left behind?")
            raise Invalid("Not this time.")
        incident = make.declare(project, title="Payroll")
        return 201, str(incident.uuid), None

    send = partial(once, actor=actor, key="k", method="POST", path="/", body={}, now=NOW, perform=perform)
    answers = at_once([send] * 4)

    assert [type(answer) for answer in answers].count(Invalid) == 1
    assert len({answer.object_id for answer in answers if isinstance(answer, Done)}) == 1
    assert list(Incident.objects.values_list("title", flat=True)) == ["Payroll"]


@pytest.mark.django_db
def test_a_key_that_comes_with_another_body_is_refused_and_carries_nothing_out(project, actor):
    report(project, actor)

    with pytest.raises(KeyReused) as refused:
        report(project, actor, title="Something else")

    assert (refused.value.status, refused.value.field) == (422, "Idempotency-Key")
    assert Incident.objects.count() == 1


@pytest.mark.django_db
def test_the_order_of_a_bodys_fields_does_not_matter_and_everything_else_does():
    now = timezone.now()

    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    bodies = [{"a": 1}, {"a": "1"}, {"a": None}, {}, [], {"a": [2, 1]}, {"a": [1, 2]}, {"a": now}, {"é": "\ud800"}]
    assert len({digest(body) for body in bodies}) == len(bodies)


@pytest.mark.django_db
def test_a_refusal_stores_nothing_and_the_key_can_be_used_again(project, actor):
    def perform():
        make.declare(project, title="Half done")
        raise Forbidden("No.")

    with pytest.raises(Forbidden):
        once(actor=actor, key="k1", method="POST", path="/incidents/", body={}, now=NOW, perform=perform)

    assert not Incident.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    assert report(project, actor, body={"mended": True}).replayed is False


@pytest.mark.django_db
def test_a_failure_of_ours_stores_nothing_either(project, actor):
    def perform():
        make.declare(project)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once(actor=actor, key="k1", method="POST", path="/incidents/", body={}, now=NOW, perform=perform)

    assert not Incident.objects.exists()
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db
def test_a_key_is_kept_for_24_hours(project, actor):
    first = report(project, actor)

    assert report(project, actor, now=NOW + timedelta(hours=23, minutes=59)).object_id == first.object_id
    later = report(project, actor, now=NOW + timedelta(hours=24), title="Another")

    assert later.replayed is False
    assert later.object_id != first.object_id
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_old_keys_are_cleaned_away_and_younger_ones_stay(project, actor):
    report(project, actor, key="old", now=NOW - timedelta(hours=25))
    report(project, actor, key="young", now=NOW - timedelta(hours=23))

    assert clean(NOW) == 1
    assert IdempotencyRecord.objects.get().key == "young"


@pytest.mark.django_db
def test_a_key_is_the_callers_own_and_that_of_the_address(project, actor):
    other = make.actor_for(make.make_member(project))
    token, _secret = tokens.issue(user=actor.user, name="t", scopes=["write"], actor=make.system(), now=NOW)
    by_token = Actor(user=actor.user, face=Face.API, token=token)

    answers = [
        report(project, actor), report(project, other), report(project, by_token),
        report(project, actor, path="/cases/"), report(project, actor, key="K1"),
    ]  # fmt: skip

    assert len({answer.object_id for answer in answers}) == 5
    assert not any(answer.replayed for answer in answers)
    assert report(project, by_token).object_id == answers[2].object_id


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "   ", "k" * 201, "a\nb", "a\0b", "\ud800", "\x1b[31m"])
def test_a_key_that_cannot_be_kept_is_refused(project, actor, key):
    with pytest.raises(Invalid) as refused:
        report(project, actor, key=key)

    assert refused.value.field == "Idempotency-Key"
    assert not Incident.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["k" * 200, "’ OR 1=1 --", "日本", " padded "])
def test_any_printable_key_works(project, actor, key):
    assert report(project, actor, key=key).object_id == report(project, actor, key=key).object_id


@pytest.mark.django_db
def test_nobody_has_a_key_without_signing_in(project):
    with pytest.raises(Forbidden):
        report(project, make.system())

    assert not Incident.objects.exists()

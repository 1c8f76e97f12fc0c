"""How a shift was: who is asked, by which mail, and who reads the answer."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.operations import queue
from people.flows import oncall
from people.flows.leaving import deactivate
from people.models import Shift, ShiftFeedback
from people.tasks import ask_how_shifts_were
from tests import factories as make
from tests.apiclient import Api, at_fault
from tests.people.rotas import make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def ada(project):
    return make.individual_of(make.make_member(project, "responder", email="ada@example.com", name="Ada"), project)


@pytest.fixture
def service(project, now):
    return make_service(project, "Primary", now=now, asks_for_feedback=True)


def had(service, person, ended, hours=8, source="rotation"):
    """A shift that ended at the moment."""
    return Shift.objects.create(
        service=service, individual=person, starts_at=ended - timedelta(hours=hours), ends_at=ended, source=source
    )


def asked(service, person, now):
    """The question about a shift that is just over."""
    shift = had(service, person, now)
    assert oncall.ask_how_shifts_were(now=now) == 1
    return ShiftFeedback.objects.get(shift=shift)


def answer(feedback, user, now, rating=2, text="Nine pages"):
    return oncall.say_how_it_was(feedback=feedback, rating=rating, text=text, actor=make.actor_for(user), now=now)


def test_whoever_had_a_shift_is_asked_once_when_it_is_over(service, ada, now):
    had(service, ada, now + timedelta(minutes=1))
    assert oncall.ask_how_shifts_were(now=now) == 0

    later = now + timedelta(minutes=15)
    assert [oncall.ask_how_shifts_were(now=later) for _twice in range(2)] == [1, 0]

    queue.run_due(200)
    (letter,) = mail.outbox
    assert letter.subject == "[Security] How was your shift?"
    assert "you were on call for Primary" in letter.body


def test_nobody_is_asked_where_it_is_off_where_it_is_long_ago_or_who_left(project, service, ada, now):
    had(make_service(project, "Silent", now=now), ada, now)
    had(service, ada, now - timedelta(days=2))
    gone = make.make_individual(project)
    had(service, gone, now)
    deactivate(individual=gone, actor=make.system(), now=now)

    assert oncall.ask_how_shifts_were(now=now) == 0


def test_one_who_goes_on_is_asked_at_the_end_of_all_of_it(service, ada, now):
    had(service, ada, now)
    last = had(service, ada, now + timedelta(hours=4), hours=4, source="override")
    assert oncall.ask_how_shifts_were(now=now) == 0

    assert oncall.ask_how_shifts_were(now=now + timedelta(hours=4)) == 1
    assert ShiftFeedback.objects.get().shift == last


def test_the_link_takes_the_answer_and_looking_changes_nothing(service, ada, now):
    feedback = asked(service, ada, now)
    queue.run_due(200)
    link = re.search(r"/shift/\S+/", mail.outbox[0].body).group()

    assert "How was your shift?" in Client().get(link).content.decode()
    refused = Client().post(link, {"text": "Nine <b>pages</b>"})
    assert (refused.status_code, "Choose how it was." in refused.content.decode()) == (400, True)
    assert "Nine &lt;b&gt;pages" in refused.content.decode()
    feedback.refresh_from_db()
    assert feedback.answered_at is None

    assert "Thank you" in Client().post(link, {"rating": "2", "text": "Nine pages"}).content.decode()
    feedback.refresh_from_db()
    assert (feedback.rating, feedback.text) == (2, "Nine pages")
    assert Client().get(link[:-4] + "x/").status_code == 404


def test_an_answered_question_is_not_mailed(service, ada, now):
    answer(asked(service, ada, now), ada.user, now)
    queue.run_due(200)

    assert mail.outbox == []


def test_only_its_person_answers_and_for_a_week(project, service, ada, now):
    feedback = asked(service, ada, now)
    with pytest.raises(Forbidden):
        answer(feedback, make.make_member(project, "owner"), now)
    for wrong in ({"rating": 0}, {"rating": 6}, {"text": "x" * 4001}, {"text": "a\0b"}):
        with pytest.raises(Invalid):
            answer(feedback, ada.user, now, **wrong)

    answer(feedback, ada.user, now, rating=1)
    assert answer(feedback, ada.user, now + timedelta(days=6), rating=4).rating == 4
    with pytest.raises(oncall.FeedbackOver):
        answer(feedback, ada.user, now + timedelta(days=8))


def page_of(client, user, service):
    client.force_login(user)
    return client.get(reverse("admin:people_service_change", args=[service.pk])).content.decode()


def test_the_page_of_the_service_shows_answers_to_managers_and_ones_own_to_oneself(client, project, service, ada, now):
    manager, other = make.make_member(project, "manager"), make.make_member(project, "responder")
    feedback = asked(service, ada, now)
    dialog = reverse("admin:people_shiftfeedback_answer", args=[feedback.pk])
    assert "not answered" not in page_of(client, manager, service)
    assert dialog in page_of(client, ada.user, service)

    client.post(dialog, {"rating": "2", "text": "Nine pages"})

    assert "Nine pages" in page_of(client, manager, service)
    assert "Nine pages" in page_of(client, ada.user, service)
    assert "Nine pages" not in page_of(client, other, service)
    assert client.get(dialog).status_code == 404
    client.force_login(manager)
    assert "whose shift it was" in client.post(dialog, {"rating": "5"}).content.decode()


def test_over_the_api(project, service, ada, now):
    feedback = asked(service, ada, now)
    own, manager = Api(ada.user), Api(make.make_member(project, "manager"))
    stranger = Api(make.make_member(make.make_project(), "owner"))
    url = f"/shift-feedback/{feedback.uuid}/"
    assert manager.get("/shift-feedback/").json()["results"] == []

    assert at_fault(own.post(f"{url}answer/", {"rating": 9})) == {"rating"}
    told = own.post(f"{url}answer/", {"rating": 5}).json()

    assert (told["rating"], told["text"], told["service"]["name"]) == (5, "", "Primary")
    assert [row["id"] for row in manager.get("/shift-feedback/", service="Primary").json()["results"]] == [told["id"]]
    assert manager.post(f"{url}answer/", {"rating": 1}).status_code == 403
    assert stranger.get(url).status_code == 404


def test_it_is_asked_by_a_periodic_job(service, ada, now):
    had(service, ada, now)
    ask_how_shifts_were()

    assert ShiftFeedback.objects.count() == 1

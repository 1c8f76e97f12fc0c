"""The mails about swaps: who learns what, and the page behind the link."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from core.operations import queue
from integrations.models import OutgoingMail
from people.flows import oncall
from people.models import Swap
from tests import factories as make
from tests.people.rotas import NOW, make_layer, make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def ada(project):
    return make.individual_of(make.make_member(project, "member", email="ada@example.com", name="Ada"), project)


@pytest.fixture
def bob(project):
    return make.individual_of(make.make_member(project, "member", email="bob@example.com", name="Bob"), project)


@pytest.fixture
def service(project, ada):
    """Ada is on call, always."""
    service = make_service(project, "Primary", now=timezone.now())
    make_layer(service, [ada], now=timezone.now(), starts_on=NOW.date().replace(year=2020))
    return service


def ask(service, ada, bob, by=None, hours=24):
    now = timezone.now()
    return oncall.ask_swap(
        service=service, asked_by=ada, asked=bob, starts_at=now + timedelta(hours=hours),
        ends_at=now + timedelta(hours=hours + 4), note="Dentist", actor=make.actor_for(by or ada.user), now=now,
    )  # fmt: skip


def told():
    """Whom the mails went to and what they say, and an empty box."""
    queue.run_due(200)
    found = [(letter.to[0].split("<")[-1].strip(">"), letter.subject) for letter in mail.outbox]
    mail.outbox.clear()
    return sorted(found)


def test_the_other_one_learns_of_the_question_and_of_the_answer(service, ada, bob):
    swap = ask(service, ada, bob)
    assert told() == [("bob@example.com", "[Security] Ada asks Bob for a swap")]

    oncall.accept_swap(swap=swap, actor=make.actor_for(bob.user), now=timezone.now())
    assert told() == [("ada@example.com", "[Security] Bob accepted the swap")]

    oncall.decline_swap(swap=ask(service, ada, bob, hours=30), actor=make.actor_for(bob.user), now=timezone.now())
    assert told()[0] == ("ada@example.com", "[Security] Bob declined the swap")

    asked = ask(service, ada, bob, hours=40)
    told()
    oncall.withdraw_swap(swap=asked, actor=make.actor_for(ada.user), now=timezone.now())
    assert told() == [("bob@example.com", "[Security] The swap was withdrawn")]


def test_both_learn_what_somebody_else_did_for_them(service, ada, bob, project):
    manager = make.make_member(project, "manager")

    ask(service, ada, bob, by=manager)

    assert [to for to, _heading in told()] == ["ada@example.com", "bob@example.com"]


def test_a_question_that_was_taken_back_before_the_mail_went_is_not_mailed(service, ada, bob):
    oncall.withdraw_swap(swap=ask(service, ada, bob), actor=make.actor_for(ada.user), now=timezone.now())

    assert told() == [("bob@example.com", "[Security] The swap was withdrawn")]


def link_in(letter):
    return re.search(r"/swap/\S+/", letter.body).group()


def test_the_link_shows_and_takes_the_answer_and_looking_changes_nothing(service, ada, bob):
    swap = ask(service, ada, bob)
    queue.run_due(200)
    (letter,) = mail.outbox
    link = link_in(letter)

    page = Client().get(link).content.decode()

    assert "Dentist" in page
    assert "Dentist" in letter.body
    swap.refresh_from_db()
    assert swap.status == "asked"
    assert "You accepted" in Client().post(link, {"answer": "accept"}).content.decode()
    again = Client().post(link, {"answer": "decline"})
    assert (again.status_code, "It is accepted already" in again.content.decode()) == (409, True)
    assert [shift.individual for shift in service.shifts.order_by("starts_at")] == [ada, bob, ada]
    assert link not in OutgoingMail.objects.get(heading__contains="asks").text


@pytest.mark.parametrize("said", [{}, {"answer": ""}, {"answer": "yes"}])
def test_what_is_no_answer_is_none(service, ada, bob, said):
    swap = ask(service, ada, bob)
    queue.run_due(200)
    (letter,) = mail.outbox

    answer = Client().post(link_in(letter), said)

    assert (answer.status_code, "Press one of the buttons." in answer.content.decode()) == (400, True)
    swap.refresh_from_db()
    assert swap.status == "asked"


def test_the_link_declines_and_a_broken_one_leads_nowhere(service, ada, bob):
    ask(service, ada, bob)
    queue.run_due(200)
    link = link_in(mail.outbox[0])

    assert "You declined" in Client().post(link, {"answer": "decline"}).content.decode()
    assert Client().get(link[:-5] + "x/").status_code == 404
    assert Swap.objects.get().status == "declined"


def test_whoever_asked_gets_no_link(service, ada, bob, project):
    ask(service, ada, bob, by=make.make_member(project, "manager"))
    queue.run_due(200)

    assert {letter.to[0].split("@")[0][-3:]: "/swap/" in letter.body for letter in mail.outbox} == {
        "ada": False, "bob": True,
    }  # fmt: skip

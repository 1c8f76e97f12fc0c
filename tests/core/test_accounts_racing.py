"""Many tries at the same moment: no more are looked at than one after the other, and a link works once."""

import pytest
from django.utils import timezone

from core.flows import passwords, signing_in
from core.flows.signing_in import TooManyTries
from core.models import SignInCount
from core.whence import Whence
from tests import factories as make
from tests.standins.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


def test_tries_sent_at_once_are_counted_one_by_one():
    user = make.make_user()

    def attempt():
        return signing_in.sign_in(email=user.email, password="wrong", whence=Whence(address="192.0.2.7"), now=NOW)

    answers = at_once([attempt] * 12)

    assert answers.count(None) == 5
    assert sum(isinstance(answer, TooManyTries) for answer in answers) == 7
    assert sorted(SignInCount.objects.values_list("failures", flat=True)) == [5, 5]


def test_of_two_that_use_a_link_at_once_one_wins():
    user = make.make_user()
    secret = passwords.link_for(user, "reset")

    def choose(password):
        return lambda: passwords.set_by_link(secret=secret, password=password, whence=Whence(), now=NOW)

    answers = at_once([choose("staple gun umbrella 1"), choose("staple gun umbrella 2")])

    assert sum(isinstance(answer, passwords.LinkIsOver) for answer in answers) == 1
    user.refresh_from_db()
    winner = 1 if isinstance(answers[1], passwords.LinkIsOver) else 2
    assert user.check_password(f"staple gun umbrella {winner}")

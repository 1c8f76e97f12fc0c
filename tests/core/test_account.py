"""My account: profile, mails, sessions; and what those who administer a person see and end."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.flows import sessions, users
from core.models import AccountEvent, AccountSession, Operation
from core.operations import queue
from core.whence import Whence
from integrations.models import OutgoingMail
from people.flows import add_participant
from tests import factories as make

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def user(project):
    return make.make_member(project, "responder")


def browser(user, agent=FIREFOX, address="192.0.2.1"):
    """Signed in as people do; members without the console have no log-in page of their own yet."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    if user.is_staff:
        client.post(reverse("admin:login"), {"username": user.email, "password": "correct horse battery"})
    else:
        client.force_login(user)
    return client


def is_signed_in(client):
    return client.get(reverse("account")).status_code == 200


class TestSessions:
    def test_each_browser_is_listed_with_this_one_marked(self, user):
        here, _there = browser(user), browser(user, PHONE, "198.51.100.2")

        page = here.get(reverse("account")).content.decode()

        assert "Firefox · Linux" in page
        assert "Safari · iPhone" in page
        assert "198.51.100.2" in page
        assert page.count("this one") == 1

    def test_one_is_signed_out(self, user):
        here, there = browser(user), browser(user, PHONE)
        row = AccountSession.objects.get(session_key=there.session.session_key)

        here.post(reverse("account_end_session", args=[row.uuid]))

        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert AccountEvent.objects.filter(user=user, kind="session_ended").count() == 1

    def test_all_others_are_signed_out(self, user):
        here, others = browser(user), [browser(user, PHONE) for _number in range(3)]

        here.post(reverse("account_end_others"))

        assert is_signed_in(here)
        assert not any(is_signed_in(other) for other in others)

    def test_anothers_is_not_there(self, user, project):
        row = AccountSession.objects.get(session_key=browser(user).session.session_key)

        answer = browser(make.make_member(project, "owner")).post(reverse("account_end_session", args=[row.uuid]))

        assert answer.status_code == 404
        assert AccountSession.objects.filter(pk=row.pk).exists()

    def test_looking_ends_nothing(self, user):
        here, there = browser(user), browser(user)
        row = AccountSession.objects.get(session_key=there.session.session_key)

        assert here.get(reverse("account_end_session", args=[row.uuid])).status_code == 405
        assert here.get(reverse("account_end_others")).status_code == 405
        assert is_signed_in(there)

    def test_signing_out_drops_the_row(self, user):
        here = browser(user)

        here.post(reverse("admin:logout"))

        assert not AccountSession.objects.exists()

    def test_last_seen_moves_once_a_minute(self, user):
        here = browser(user)
        row = AccountSession.objects.get()
        seen = row.last_seen_at

        here.get(reverse("account"))
        row.refresh_from_db()

        assert row.last_seen_at == seen

    def test_a_session_ended_elsewhere_is_not_made_again(self, user):
        key = browser(user).session.session_key
        row = AccountSession.objects.get()
        sessions.end(session=row, actor=make.actor_for(user), now=timezone.now())
        caches["process"].clear()

        sessions.note_seen(user=user, session_key=key, whence=Whence(), now=timezone.now())

        assert not AccountSession.objects.exists()

    def test_lapsed_ones_are_forgotten(self, user, settings):
        browser(user)

        sessions.forget_old(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE - 60))
        assert AccountSession.objects.count() == 1

        sessions.forget_old(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 60))
        assert not AccountSession.objects.exists()

    def test_an_admin_ends_those_of_their_people_and_no_owner_s(self, user, project):
        admin, owner = make.make_member(project, "admin"), make.make_member(project, "owner")
        theirs, owners = browser(user), browser(owner)
        by = {"actor": make.actor_for(admin), "now": timezone.now()}

        with pytest.raises(Forbidden):
            sessions.end_all(user=owner, **by)
        sessions.end_all(user=user, **by)

        assert is_signed_in(owners)
        assert not is_signed_in(theirs)
        assert AccountEvent.objects.get(user=user, kind="session_ended").by == admin


class TestLists:
    """The console's lists of sessions and events."""

    @pytest.mark.parametrize("page", ["accountsession", "accountevent"])
    def test_a_responder_sees_their_own_and_an_admin_those_of_their_people(self, page, user, project):
        admin, stranger = make.make_member(project, "admin"), make.make_member(make.make_project(), "owner")
        for person in (user, admin, stranger):
            browser(person)
        url = reverse(f"admin:core_{page}_changelist")

        def seen(viewer):
            rows = browser(viewer).get(url).context["cl"].result_list
            return {row.user for row in rows}

        assert seen(user) == {user}
        assert seen(admin) == {user, admin}
        assert seen(stranger) == {stranger}

    @pytest.mark.parametrize("page", ["accountsession", "accountevent"])
    def test_it_asks_as_often_whatever_its_length(self, page, project):
        admin = make.make_member(project, "admin")
        here = browser(admin)
        url = reverse(f"admin:core_{page}_changelist")
        here.get(url)
        with CaptureQueriesContext(connection) as few:
            here.get(url)
        for _number in range(10):
            browser(make.make_member(project, "member"))
        with CaptureQueriesContext(connection) as many:
            here.get(url)

        assert len(many) == len(few)

    def test_an_admin_signs_a_browser_out_by_its_dialog(self, user, project):
        there, admin = browser(user), browser(make.make_member(project, "admin"))
        row = AccountSession.objects.get(user=user)

        admin.post(reverse("admin:core_accountsession_end", args=[row.pk]), headers={"HX-Request": "true"})

        assert not is_signed_in(there)

    def test_the_person_s_page_offers_unlock_only_while_it_waits(self, user, project):
        admin = browser(make.make_member(project, "admin"))
        page, unlock = (
            reverse("admin:core_user_change", args=[user.pk]),
            reverse("admin:core_user_unlock", args=[user.pk]),
        )
        assert unlock not in admin.get(page).content.decode()

        for _number in range(5):
            Client().post(reverse("admin:login"), {"username": user.email, "password": "wrong"})
        assert unlock in admin.get(page).content.decode()

        admin.post(unlock, headers={"HX-Request": "true"})
        assert Client().login(username=user.email, password="correct horse battery")


class TestProfile:
    def save(self, client, **fields):
        return client.post(reverse("account"), {"name": "Ada", "time_zone": "", "mails": ["assigned"], **fields})

    def test_name_zone_and_mails_are_kept(self, user):
        self.save(browser(user), time_zone="Europe/Berlin")

        user.refresh_from_db()
        assert (user.name, user.time_zone, user.unwanted_mails) == ("Ada", "Europe/Berlin", ["reminders"])

    def test_an_unknown_choice_is_refused_at_its_field(self, user):
        answer = self.save(browser(user), mails=["pages"])

        assert "mails" in answer.context["form"].errors
        user.refresh_from_db()
        assert user.unwanted_mails == []

    def test_pages_cannot_be_switched_off_and_it_says_so(self, user):
        assert "cannot be switched off" in browser(user).get(reverse("account")).content.decode()
        with pytest.raises(Invalid, match="pages"):
            users.edit_profile(
                user=user, actor=make.actor_for(user), now=timezone.now(), unwanted_mails=["pages"]
            )  # fmt: skip

    def test_a_member_without_the_console_has_the_page_too(self, project):
        member = make.make_member(project, "member")

        page = browser(member).get(reverse("account")).content.decode()

        assert "My account" in page
        assert "/admin/core/" not in page

    def test_it_is_for_the_signed_in(self, client):
        assert client.get(reverse("account"))["Location"].startswith("/login/")


class TestUnwantedMails:
    def involve(self, project, user):
        incident = make.declare(project)
        add_participant(
            subject=incident, individual=make.individual_of(user, project), actor=make.system(), now=timezone.now()
        )
        queue.run_due(100)
        return OutgoingMail.objects.filter(individual__user=user)

    def test_who_wants_it_gets_it(self, project, user):
        assert self.involve(project, user).count() == 1

    def test_who_switched_it_off_gets_none_and_the_operation_says_why(self, project, user):
        users.edit_profile(
            user=user, actor=make.actor_for(user), now=timezone.now(), unwanted_mails=["assigned"]
        )  # fmt: skip

        assert not self.involve(project, user).exists()
        left = Operation.objects.filter(action="email.send").values_list("result", flat=True)
        assert {"left": "the person does not want it"} in list(left)

    def test_another_choice_switches_off_nothing_else(self, project, user):
        users.edit_profile(
            user=user, actor=make.actor_for(user), now=timezone.now(), unwanted_mails=["reminders"]
        )  # fmt: skip

        assert self.involve(project, user).count() == 1


@pytest.mark.parametrize("name", ["account", "account_password"])
def test_from_the_pages_of_their_account_members_find_back(client, project, name):
    client.force_login(make.make_member(project, "member"))

    page = client.get(reverse(name)).content.decode()

    assert "permission to view or edit anything" not in page
    for way in ("status", "report", "logout"):
        assert f'="{reverse(way)}"' in page.split('aria-label="Pages"')[1]

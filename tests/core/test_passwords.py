"""Passwords by link: a mail for whoever asks, one use, one hour, and every browser signed out."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Forbidden, Invalid
from core.flows import passwords, users
from core.models import AccountEvent, AccountSession, Operation
from core.operations import flows as operation_flows
from core.operations import queue
from core.whence import Whence
from tests import factories as make
from tests.apiclient import Api

pytestmark = pytest.mark.django_db
OLD, NEW = "correct horse battery", "staple gun umbrella 9"
HX = {"HX-Request": "true"}


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def user(project):
    return make.make_member(project, "responder", name="Grace <Hopper>")


def ask(client, email):
    return client.post(reverse("admin_password_reset"), {"email": email})


def letters():
    """The mails that the queue sends now."""
    queue.run_due(50)
    return mail.outbox


def link_in(letter):
    """The address of a letter's link, without the host."""
    return re.search(r"https?://[^/\s]+(/password/\S+/)", letter.body).group(1)


def choose(client, link, password=NEW, again=None):
    return client.post(link, {"password": password, "again": password if again is None else again})


def can_sign_in(user, password):
    return Client().login(username=user.email, password=password)


class TestReset:
    def test_the_link_of_the_mail_sets_a_new_password_once(self, client, user):
        ask(client, user.email)
        (letter,) = letters()
        link = link_in(letter)
        assert letter.to == [f'"{user.name}" <{user.email}>']
        assert "Grace &lt;Hopper&gt;" in letter.alternatives[0][0]

        assert client.get(link).status_code == 200
        assert client.get(link).status_code == 200
        answer = choose(client, link)

        assert "Your password is set" in answer.content.decode()
        assert can_sign_in(user, NEW)
        assert not can_sign_in(user, OLD)
        assert client.get(link).status_code == 410
        assert choose(client, link, "another password 7").status_code == 410
        assert can_sign_in(user, NEW)

    def test_asking_for_an_account_that_is_not_there_reads_the_same_and_sends_nothing(self, client, user):
        known, unknown = ask(client, user.email), ask(client, "nobody@example.com")

        def words(answer):
            return re.sub(r'value="[^"]+"', "", answer.content.decode())

        assert known.status_code == unknown.status_code == 200
        assert words(known) == words(unknown)
        assert Operation.objects.filter(action="account.mail").count() == 2
        assert "nobody@example.com" not in str(list(Operation.objects.values()))
        (letter,) = letters()
        assert user.email in letter.to[0]

    @pytest.mark.parametrize("fields", [{"is_active": False}, {"is_service": True}])
    def test_who_may_not_sign_in_gets_no_mail(self, client, fields):
        ask(client, make.make_user(**fields).email)

        assert letters() == []

    def test_a_new_secret_key_ends_the_link_unless_the_old_one_is_a_fallback(self, client, user, settings):
        ask(client, user.email)
        link, former = link_in(letters()[0]), settings.SECRET_KEY

        settings.SECRET_KEY = "another key " * 6
        assert client.get(link).status_code == 410

        settings.SECRET_KEY_FALLBACKS = [former]
        choose(client, link)
        assert can_sign_in(user, NEW)

    def test_the_link_lasts_an_hour(self, client, user, monkeypatch):
        link = passwords.link_for(user, "reset")
        assert passwords.user_of(link) == user

        old = timezone.now().timestamp() + 3605
        monkeypatch.setattr("django.core.signing.time.time", lambda: old)
        with pytest.raises(passwords.LinkIsOver):
            passwords.user_of(link)

    def test_a_log_in_after_asking_ends_the_link(self, client, user):
        link = reverse("password_by_link", args=[passwords.link_for(user, "reset")])
        assert can_sign_in(user, OLD)

        assert client.get(link).status_code == 410

    @pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: "x" + s, lambda s: s[::-1], lambda _: "x" * 40])
    def test_a_link_that_is_not_ours_is_410(self, client, user, change):
        secret = change(passwords.link_for(user, "reset"))

        assert client.get(reverse("password_by_link", args=[secret])).status_code == 410

    def test_a_reset_link_is_no_invitation(self, user):
        secret = passwords.link_for(user, "reset").replace("reset", "invitation")

        with pytest.raises(passwords.LinkIsOver):
            passwords.user_of(secret + "x")

    def test_every_browser_is_signed_out_and_the_owner_is_told(self, client, user):
        there = Client()
        there.force_login(user)
        assert there.get(reverse("account")).status_code == 200

        user.refresh_from_db()
        choose(client, reverse("password_by_link", args=[passwords.link_for(user, "reset")]))

        assert there.get(reverse("account")).status_code == 302
        assert not AccountSession.objects.exists()
        (letter,) = letters()
        assert "password" in letter.subject
        assert NEW not in letter.body
        assert AccountEvent.objects.filter(user=user, kind="password_set").exists()

    def test_a_new_password_ends_the_waiting(self, client, user):
        for _number in range(6):
            client.post(reverse("admin:login"), {"username": user.email, "password": "wrong"})

        choose(client, reverse("password_by_link", args=[passwords.link_for(user, "reset")]))

        assert can_sign_in(user, NEW)

    @pytest.mark.parametrize("password", ["short", "123456789012", "password1234"])
    def test_a_weak_password_is_refused_with_the_reason_and_the_link_still_works(self, client, user, password):
        link = reverse("password_by_link", args=[passwords.link_for(user, "reset")])

        answer = choose(client, link, password)

        assert answer.context["form"].errors["password"]
        assert choose(client, link).status_code == 200
        assert can_sign_in(user, NEW)

    def test_two_different_ones_are_refused(self, client, user):
        link = reverse("password_by_link", args=[passwords.link_for(user, "reset")])

        assert "again" in choose(client, link, NEW, again=NEW + "!").context["form"].errors
        assert can_sign_in(user, OLD)

    def test_the_owner_sees_that_it_was_asked_for_and_from_where(self, user):
        ask(Client(REMOTE_ADDR="198.51.100.9"), user.email)

        (letter,) = letters()
        assert "198.51.100.9" in letter.body
        assert AccountEvent.objects.get(user=user).address == "198.51.100.9"

    def test_nobody_floods_a_mailbox(self, client, user):
        answers = [ask(client, user.email) for _number in range(7)]

        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        said = answers[-1].content.decode()
        assert "asked for too often. Try again in 1 minute." in said
        assert "log-ins failed" not in said
        assert len(letters()) == 5

    def test_asking_does_not_lock_the_account(self, client, user):
        for _number in range(7):
            ask(client, user.email)

        assert can_sign_in(user, OLD)

    @pytest.mark.parametrize("email", ["", "no address", "a@b", "x" * 250 + "@example.com", "a\0b@example.com"])
    def test_what_is_no_address_is_said_at_the_field(self, client, email):
        answer = ask(client, email)

        assert "email" in answer.context["form"].errors
        assert not Operation.objects.exists()

    def test_the_log_in_page_shows_the_way(self, client):
        assert reverse("admin_password_reset") in client.get(reverse("login")).content.decode()

    def test_the_link_goes_to_the_installation_s_address_whatever_the_request_says(self, user, settings):
        settings.BASE_URL, settings.ALLOWED_HOSTS = "https://dispatch.example.com", ["*"]
        ask(Client(headers={"host": "evil.example"}), user.email)

        (letter,) = letters()
        assert "https://dispatch.example.com/password/" in letter.body
        assert "evil.example" not in letter.body


class TestInvitation:
    @pytest.fixture
    def admin(self, project):
        return make.make_member(project, "admin")

    def invite(self, client, project, **more):
        fields = {"email": "new@example.com", "name": "New", "project": project.pk, "role": "member", **more}
        return client.post(reverse("admin:core_user_invite"), fields, headers=HX)

    def test_whoever_is_invited_chooses_their_first_password(self, client, project, admin):
        client.force_login(admin)
        self.invite(client, project)
        (letter,) = letters()

        choose(Client(), link_in(letter))

        assert can_sign_in(users.User.objects.get(email="new@example.com"), NEW)

    def test_a_first_password_alarms_nobody(self, client, project, admin):
        client.force_login(admin)
        self.invite(client, project)
        choose(Client(), link_in(letters()[0]))

        told = letters()[-1]

        assert told.subject == "Your account for Dispatch is ready"
        assert "as new@example.com" in told.body
        assert "It was not you" not in told.body + told.alternatives[0][0]
        assert "/password/forgotten/" in told.body

    def test_a_service_account_is_mailed_nothing(self, client, project, admin):
        client.force_login(admin)
        self.invite(client, project, is_service="on")

        assert letters() == []

    def test_it_is_sent_again_until_there_is_a_password(self, client, project, admin):
        client.force_login(admin)
        self.invite(client, project)
        invited = users.User.objects.get(email="new@example.com")
        again = reverse("admin:core_user_send-invitation", args=[invited.pk])
        assert again in client.get(reverse("admin:core_user_change", args=[invited.pk])).content.decode()

        client.post(again, headers=HX)
        _first, second = letters()
        choose(Client(), link_in(second))

        refused = client.post(again, headers=HX)
        assert "needs no invitation" in refused.content.decode()
        assert AccountEvent.objects.filter(user=invited, kind="invited").count() == 2

    def test_one_that_waits_in_the_queue_is_not_sent_when_the_password_is_there(self, client, project, admin):
        client.force_login(admin)
        self.invite(client, project)
        invited = users.User.objects.get(email="new@example.com")
        users.set_password(user=invited, password=NEW, actor=make.system(), now=timezone.now())

        assert [letter.subject for letter in letters()] == ["Your account for Dispatch is ready"]

    def test_it_lasts_seven_days(self, project, monkeypatch):
        invited = users.invite(email="i@example.com", name="", actor=make.system(), now=timezone.now())
        link, now = passwords.link_for(invited, "invitation"), timezone.now().timestamp()

        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 7 * 86_400 - 60)
        assert passwords.user_of(link) == invited
        monkeypatch.setattr("django.core.signing.time.time", lambda: now + 7 * 86_400 + 60)
        with pytest.raises(passwords.LinkIsOver):
            passwords.user_of(link)

    def test_only_those_who_administer_the_person_send_it(self, project):
        invited = users.invite(email="i@example.com", name="", actor=make.system(), now=timezone.now())
        make.memberships.grant(
            user=invited, project=project, role="member", actor=make.system(), now=timezone.now()
        )  # fmt: skip

        for stranger in (make.make_member(project, "manager"), make.make_member(make.make_project(), "owner")):
            with pytest.raises(Forbidden):
                passwords.send_invitation(user=invited, actor=make.actor_for(stranger), now=timezone.now())
        assert not Operation.objects.exists()

    def test_who_has_a_password_needs_none(self, user):
        with pytest.raises(Invalid):
            passwords.send_invitation(user=user, actor=make.system(), now=timezone.now())


class TestChanging:
    def change(self, client, old=OLD, new=NEW):
        return client.post(reverse("account_password"), {"old": old, "password": new, "again": new})

    def test_this_browser_stays_and_the_others_go(self, client, user):
        other = Client()
        other.force_login(user)
        client.force_login(user)

        assert self.change(client)["Location"] == reverse("account")

        assert client.get(reverse("account")).status_code == 200
        assert other.get(reverse("account")).status_code == 302
        assert AccountSession.objects.get().session_key == client.session.session_key
        assert can_sign_in(user, NEW)

    def test_the_old_one_is_asked_for_and_cannot_be_guessed(self, client, user):
        client.force_login(user)
        for _number in range(5):
            assert "not your password" in str(self.change(client, old="guess").context["form"].errors["old"])

        assert "Too many" in str(self.change(client).context["form"].errors["old"])
        user.refresh_from_db()
        assert user.check_password(OLD)

    def test_strangers_who_guess_do_not_keep_the_owner_from_it(self, client, user):
        client.post(reverse("admin:login"), {"username": user.email, "password": OLD})
        for _number in range(6):
            Client(REMOTE_ADDR="203.0.113.1").post(reverse("admin:login"), {"username": user.email, "password": "no"})

        assert self.change(client)["Location"] == reverse("account")

    def test_the_console_s_own_address_leads_there(self, client, user):
        client.force_login(user)

        assert client.get(reverse("admin:password_change"))["Location"] == reverse("account_password")

    def test_a_member_without_the_console_changes_theirs(self, client, project):
        member = make.make_member(project, "member")
        client.force_login(member)

        assert client.get(reverse("account_password")).status_code == 200
        self.change(client)

        member.refresh_from_db()
        assert member.check_password(NEW)

    def test_nobody_changes_anothers_by_the_flow(self, user):
        with pytest.raises(Forbidden):
            passwords.change(
                user=user, new=NEW, actor=make.actor_for(make.make_user()), whence=Whence(), now=timezone.now()
            )
        user.refresh_from_db()
        assert user.check_password(OLD)


class TestFailedMails:
    """Owners see the mails about the accounts of their organizations, and retry them; nobody else does."""

    @pytest.fixture
    def failed(self, client, user):
        ask(client, user.email)
        Operation.objects.filter(action="account.mail").update(status="failed", error="The server said no.")
        return Operation.objects.get(action="account.mail")

    def test_an_owner_finds_and_retries_it(self, client, project, user, failed):
        owner = make.make_member(project, "owner")
        client.force_login(owner)
        page = client.get(reverse("admin:core_operation_changelist") + "?status__exact=failed").content.decode()
        assert "Send a mail about an account" in page
        assert "Grace &lt;Hopper&gt;" in page

        client.post(reverse("admin:core_operation_retry", args=[failed.pk]))

        (letter,) = letters()
        assert user.email in letter.to[0]
        assert Api(owner).get(f"/operations/{failed.uuid}/").json()["status"] == "succeeded"

    def test_nobody_else_finds_it(self, client, project, user, failed):
        others = [make.make_member(project, "admin"), user, make.make_member(make.make_project(), "owner")]
        for other in others:
            client.force_login(other)
            assert client.get(reverse("admin:core_operation_change", args=[failed.pk])).status_code == 404
            assert client.post(reverse("admin:core_operation_retry", args=[failed.pk])).status_code == 404
            assert Api(other).post(f"/operations/{failed.uuid}/retry/").status_code == 404
            with pytest.raises(Forbidden):
                operation_flows.retry(operation=failed, actor=make.actor_for(other), now=timezone.now())
        failed.refresh_from_db()
        assert failed.status == "failed"

    def test_the_mail_for_an_address_without_account_is_nobodys(self, client, project):
        ask(client, "nobody@example.com")
        owner = make.make_member(project, "owner")

        assert Api(owner).get("/operations/", action="account.mail").json()["results"] == []

    def test_an_account_that_belongs_nowhere_yet_is_any_owners(self, client, project):
        ask(client, make.make_user().email)
        owner = make.make_member(project, "owner")

        assert len(Api(owner).get("/operations/", action="account.mail").json()["results"]) == 1

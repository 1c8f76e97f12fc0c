"""Log-ins are counted: too many failures wait, longer each time, whoever is there or not."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Forbidden
from core.flows import account_events, signing_in
from core.flows.signing_in import TooManyTries
from core.models import AccountEvent, SignInCount
from core.whence import Whence, whence_of
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = timezone.now()
RIGHT, WRONG = "correct horse battery", "wrong horse battery"
HERE = Whence(address="192.0.2.7", agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


def attempt(email, password=WRONG, at=NOW, whence=HERE):
    return signing_in.sign_in(email=email, password=password, whence=whence, now=at)


def wait_after(email, failures, whence=HERE):
    """The seconds that the account has to wait after so many failures, each tried as soon as it may."""
    now = NOW
    for _number in range(failures):
        assert attempt(email, at=now, whence=whence) is None
        now += timedelta(hours=1)
    now -= timedelta(hours=1)
    with pytest.raises(TooManyTries) as refused:
        attempt(email, RIGHT, at=now, whence=whence)
    return refused.value.params["seconds"]


@pytest.fixture
def project():
    return make.make_project()


@pytest.fixture
def user(project):
    return make.make_member(project, "responder")


def test_four_failures_cost_nothing(user):
    for _number in range(4):
        assert attempt(user.email) is None

    assert attempt(user.email, RIGHT) == user


@pytest.mark.parametrize(("failures", "seconds"), [(5, 30), (6, 60), (7, 120), (10, 960), (12, 3600), (15, 3600)])
def test_the_waiting_doubles_up_to_an_hour(user, failures, seconds):
    assert wait_after(user.email, failures) == seconds


def test_an_account_that_is_not_there_waits_as_long_and_is_answered_alike(user):
    known = [attempt(user.email) for _number in range(5)]
    unknown = [attempt("nobody@example.com") for _number in range(5)]
    with pytest.raises(TooManyTries) as of_known:
        attempt(user.email)
    with pytest.raises(TooManyTries) as of_unknown:
        attempt("nobody@example.com")

    assert known == unknown
    assert of_known.value.message == of_unknown.value.message
    assert of_known.value.params == of_unknown.value.params


def test_the_right_password_does_not_help_while_it_waits_and_does_afterwards(user):
    for _number in range(5):
        attempt(user.email)

    with pytest.raises(TooManyTries):
        attempt(user.email, RIGHT, at=NOW + timedelta(seconds=29))
    assert attempt(user.email, RIGHT, at=NOW + timedelta(seconds=30)) == user


def test_a_log_in_that_works_ends_the_account_s_count(user):
    for _number in range(4):
        attempt(user.email)
    attempt(user.email, RIGHT)
    for _number in range(4):
        attempt(user.email)

    assert attempt(user.email, RIGHT) == user


def test_spelling_the_address_otherwise_gives_no_more_tries(user):
    for spelling in (user.email, user.email.upper(), f" {user.email}", user.email.title(), user.email):
        attempt(spelling)

    with pytest.raises(TooManyTries):
        attempt(user.email)


def test_failures_are_forgotten_after_a_day(user):
    for _number in range(4):
        attempt(user.email)
    later = NOW + timedelta(hours=25)
    for _number in range(4):
        attempt(user.email, at=later)

    assert attempt(user.email, RIGHT, at=later) == user


def test_one_address_that_tries_many_accounts_waits_and_others_do_not(user):
    for number in range(30):
        attempt(f"guess{number}@example.com")

    with pytest.raises(TooManyTries):
        attempt(user.email, RIGHT)
    assert attempt(user.email, RIGHT, whence=Whence(address="192.0.2.8")) == user


def test_an_own_account_does_not_clear_the_address_s_count(user):
    for number in range(29):
        attempt(f"guess{number}@example.com")
    attempt(user.email, RIGHT)
    attempt("guess30@example.com")

    with pytest.raises(TooManyTries):
        attempt("guess31@example.com")


def test_a_whole_ipv6_line_is_one_address(user):
    for number in range(30):
        attempt(f"guess{number}@example.com", whence=Whence(address=f"2001:db8::{number:x}"))

    with pytest.raises(TooManyTries):
        attempt(user.email, whence=Whence(address="2001:db8::ffff"))
    assert attempt(user.email, RIGHT, whence=Whence(address="2001:db8:0:1::1")) == user


def test_a_service_account_and_one_that_is_not_active_do_not_sign_in(project):
    service = make.make_user(is_service=True)
    gone = make.make_user(is_active=False)

    assert attempt(service.email, RIGHT) is None
    assert attempt(gone.email, RIGHT) is None


def test_an_admin_unlocks_and_it_stands_in_the_history(project, user):
    admin = make.make_member(project, "admin")
    for _number in range(5):
        attempt(user.email)
    assert signing_in.locked_until(user, NOW) == NOW + timedelta(seconds=30)

    signing_in.unlock(user=user, actor=make.actor_for(admin), now=NOW)

    assert signing_in.locked_until(user, NOW) is None
    assert attempt(user.email, RIGHT) == user
    assert AccountEvent.objects.get(kind="unlocked").by == admin


def test_nobody_unlocks_an_account_that_works_elsewhere_too(project, user):
    make.memberships.grant(user=user, project=make.make_project(), role="member", actor=make.system(), now=NOW)
    for _number in range(5):
        attempt(user.email)

    for role in ("manager", "admin"):
        with pytest.raises(Forbidden):
            signing_in.unlock(user=user, actor=make.actor_for(make.make_member(project, role)), now=NOW)
    assert signing_in.locked_until(user, NOW) is not None


def test_an_admin_does_not_unlock_an_owner(project):
    owner, admin = make.make_member(project, "owner"), make.make_member(project, "admin")

    with pytest.raises(Forbidden):
        signing_in.unlock(user=owner, actor=make.actor_for(admin), now=NOW)


def test_the_counts_keep_no_address_in_the_clear(user):
    attempt(user.email)

    kept = " ".join(SignInCount.objects.values_list("key", flat=True))
    assert SignInCount.objects.count() == 2
    assert user.email not in kept
    assert HERE.address not in kept


def test_old_counts_and_events_are_forgotten(user):
    attempt(user.email)

    signing_in.forget_old(NOW + timedelta(hours=23))
    account_events.forget_old(NOW + timedelta(days=179))
    assert SignInCount.objects.count() == 2
    assert AccountEvent.objects.count() == 1

    signing_in.forget_old(NOW + timedelta(hours=25))
    account_events.forget_old(NOW + timedelta(days=181))
    assert not SignInCount.objects.exists()
    assert not AccountEvent.objects.exists()


class TestPage:
    def sign_in(self, client, email, password=WRONG, **more):
        return client.post(reverse("admin:login"), {"username": email, "password": password}, **more)

    def test_known_and_unknown_read_the_same(self, client, user):
        known, unknown = self.sign_in(client, user.email), self.sign_in(client, "nobody@example.com")

        def errors(answer):
            return answer.context["form"].errors

        assert errors(known)
        assert errors(known) == errors(unknown)
        for _number in range(5):
            known, unknown = self.sign_in(client, user.email), self.sign_in(client, "nobody@example.com")
        assert "Too many log-ins failed. Try again in 1 minute" in str(errors(known))
        assert errors(known) == errors(unknown)

    def test_the_owner_is_told_of_failures_at_the_next_log_in_and_on_their_page(self, client, user):
        self.sign_in(client, user.email, RIGHT)
        client.logout()
        for _number in range(3):
            self.sign_in(Client(REMOTE_ADDR="198.51.100.9"), user.email)

        landed = self.sign_in(client, user.email, RIGHT, follow=True)

        assert "3 failed log-ins since" in landed.content.decode()
        page = client.get(reverse("account")).content.decode()
        assert "3 failed log-ins since" in page
        assert "198.51.100.9" in page

    def test_after_another_log_in_the_old_failures_are_not_told_again(self, client, user):
        self.sign_in(client, user.email)
        for _number in range(3):
            self.sign_in(client, user.email, RIGHT)
            client.logout()
        self.sign_in(client, user.email, RIGHT)

        assert "failed log-in since" not in client.get(reverse("account")).content.decode()

    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil"]
    )
    def test_next_leads_nowhere_else(self, client, user, target):
        answer = client.post(
            reverse("admin:login"), {"username": user.email, "password": RIGHT, "next": target}
        )  # fmt: skip

        assert answer.status_code == 302
        assert answer["Location"] == "/admin/"


class TestWhence:
    def request(self, rf, **meta):
        return rf.get("/", **meta)

    def test_a_visitor_s_own_header_is_not_believed(self, rf, settings):
        settings.TRUSTED_PROXIES = 0
        request = self.request(rf, REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="203.0.113.5")

        assert whence_of(request).address == "192.0.2.1"

    @pytest.mark.parametrize(("proxies", "address"), [(1, "203.0.113.9"), (2, "203.0.113.5")])
    def test_behind_proxies_it_is_what_the_outermost_wrote(self, rf, settings, proxies, address):
        settings.TRUSTED_PROXIES = proxies
        request = self.request(
            rf, REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.66, 203.0.113.5, 203.0.113.9"
        )  # fmt: skip

        assert whence_of(request).address == address

    @pytest.mark.parametrize("address", ["", "unix:", "not an address", "1.2.3.4:80"])
    def test_what_is_no_address_is_none(self, rf, address):
        assert whence_of(self.request(rf, REMOTE_ADDR=address)).address == ""

    def test_an_ipv4_address_in_ipv6_clothes_is_the_same_visitor(self, rf):
        assert whence_of(self.request(rf, REMOTE_ADDR="::ffff:192.0.2.1")).network == "192.0.2.1"


class TestKnownBrowser:
    """Who guesses at an account does not lock its owner out of the browser they use every day."""

    def sign_in(self, client, email, password):
        client.post(reverse("admin:login"), {"username": email, "password": password})
        return client.get(reverse("account")).status_code == 200

    @pytest.fixture
    def home(self, user):
        """A browser in which the user has signed in before."""
        client = Client()
        assert self.sign_in(client, user.email, RIGHT)
        client.post(reverse("admin:logout"))
        return client

    def test_it_is_let_in_while_strangers_wait(self, home, user):
        stranger = Client(REMOTE_ADDR="203.0.113.1")
        for _number in range(7):
            self.sign_in(stranger, user.email, WRONG)

        assert not self.sign_in(Client(), user.email, RIGHT)
        assert self.sign_in(home, user.email, RIGHT)

    def test_it_is_counted_itself(self, home, user):
        for _number in range(5):
            self.sign_in(home, user.email, WRONG)

        assert not self.sign_in(home, user.email, RIGHT)
        assert self.sign_in(Client(), user.email, RIGHT)

    def test_an_admin_sees_that_it_waits_and_unlocks_it(self, home, project, user):
        admin = make.make_member(project, "admin")
        console = Client()
        console.force_login(admin)
        for _number in range(5):
            self.sign_in(home, user.email, WRONG)
        assert not self.sign_in(home, user.email, RIGHT)

        unlock = reverse("admin:core_user_unlock", args=[user.pk])
        assert unlock in console.get(reverse("admin:core_user_change", args=[user.pk])).content.decode()
        console.post(unlock, headers={"HX-Request": "true"})

        assert unlock not in console.get(reverse("admin:core_user_change", args=[user.pk])).content.decode()
        assert self.sign_in(home, user.email, RIGHT)

    def test_a_new_password_ends_its_waiting_too(self, home, user):
        for _number in range(5):
            self.sign_in(home, user.email, WRONG)

        user.set_password("staple gun umbrella 9")
        user.save()

        assert self.sign_in(home, user.email, "staple gun umbrella 9")

    def test_it_is_known_for_its_own_account_only(self, home, project):
        other = make.make_member(project, "responder")
        for _number in range(5):
            self.sign_in(Client(REMOTE_ADDR="203.0.113.1"), other.email, WRONG)

        assert not self.sign_in(home, other.email, RIGHT)

    def test_a_cookie_that_is_not_ours_is_nothing(self, user):
        for _number in range(5):
            self.sign_in(Client(REMOTE_ADDR="203.0.113.1"), user.email, WRONG)
        forger = Client()
        forger.cookies["known_browser"] = f'{{"user": "{user.uuid}", "browser": "x"}}'

        assert not self.sign_in(forger, user.email, RIGHT)

    def test_the_cookie_is_out_of_scripts_reach(self, home):
        assert home.cookies["known_browser"]["httponly"]
        assert home.cookies["known_browser"]["samesite"] == "Lax"


@pytest.mark.parametrize("email", ["", " ", "nobody", "a\0b@example.com", "\ud800@example.com", "x" * 10_000])
def test_what_is_no_address_is_nobody_s_and_counted(email):
    for _number in range(5):
        assert attempt(email) is None

    with pytest.raises(TooManyTries):
        attempt(email)

"""Who belongs to what: memberships, accounts, tokens, the schedule, operations of a project."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from core.console.addresses import page_of
from core.flows import tokens
from core.models import ApiToken, Membership, Project, User
from core.operations.models import Operation
from core.scheduling import sync
from tests.factories import actor_for, declare, make_member, make_project, make_user

pytestmark = pytest.mark.django_db
HX = {"HX-Request": "true"}


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def owner(client, project):
    user = make_member(project, "owner", name="Olga Owner")
    client.force_login(user)
    return user


def page(name: str, *args: object) -> str:
    return reverse(f"admin:core_{name}", args=args)


class TestMemberships:
    def test_a_new_person_is_invited_with_the_membership(self, client, owner, project):
        answer = client.post(
            page("membership_add"),
            {"email": "New@Example.com", "name": "New Person", "role": "responder", "project": project.pk},
        )

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        user = User.objects.get(email="new@example.com")
        assert user.memberships.get().role == "responder"
        assert not user.has_usable_password()

    def test_somebody_who_has_an_account_is_not_made_twice(self, client, owner, project):
        there = make_user("there@example.com")

        client.post(page("membership_add"), {"email": "there@example.com", "role": "member", "project": project.pk})

        assert there.memberships.get().project == project

    def test_address_and_name_look_like_fields(self, client, owner):
        fields = client.get(page("membership_add")).context["adminform"].form.fields

        assert "border" in fields["email"].widget.attrs["class"].split()
        assert "border" in fields["name"].widget.attrs["class"].split()

    @pytest.mark.parametrize(
        ("given", "field", "words"),
        [
            ({"role": "member"}, "project", "Choose a project; only owners belong to the whole organization."),
            ({"role": "owner"}, "organization", "Choose the organization that they are to own."),
        ],
    )
    def test_who_gives_no_place_is_told_at_the_field_what_to_choose(self, client, owner, given, field, words):
        empty = client.post(page("membership_add"), given).context["adminform"].form.errors
        addressed = client.post(page("membership_add"), {"email": "x@example.com", **given})

        assert empty == {"email": ["Write the address of the person."], field: [words]}
        assert addressed.context["adminform"].form.errors == {field: [words]}
        assert not User.objects.filter(email="x@example.com").exists()

    def test_an_owner_of_a_project_is_told_to_leave_it_empty(self, client, owner, project):
        answer = client.post(page("membership_add"), {"email": "x@example.com", "role": "owner", "project": project.pk})

        told = ["Owners belong to the whole organization: leave the project empty."]
        assert answer.context["adminform"].form.errors == {"role": told}

    def test_an_admin_gives_no_place_in_a_project_they_do_not_administer(self, client, project):
        other = make_project(project.organization)
        client.force_login(make_member(project, "admin"))

        answer = client.post(page("membership_add"), {"email": "x@example.com", "role": "member", "project": other.pk})

        assert "project" in answer.context["adminform"].form.errors
        assert not User.objects.filter(email="x@example.com").exists()

    def test_an_admin_makes_no_owner(self, client, project):
        client.force_login(make_member(project, "admin"))

        client.post(
            page("membership_add"), {"email": "x@example.com", "role": "owner", "organization": project.organization_id}
        )

        assert not Membership.objects.filter(user__email="x@example.com").exists()
        assert not User.objects.filter(email="x@example.com").exists()

    def test_the_role_changes_and_a_refusal_keeps_the_input(self, client, owner, project):
        member = make_member(project, "member")
        row = member.memberships.get()

        client.post(page("membership_change", row.pk), {"role": "manager", "version": row.version})
        assert member.memberships.get().role == "manager"

        last = owner.memberships.get()
        refused = client.post(page("membership_delete", last.pk))
        assert "last owner" in refused.content.decode()
        assert owner.memberships.exists()

    def test_revoking_ends_the_place(self, client, owner, project):
        member = make_member(project, "responder")

        client.post(page("membership_delete", member.memberships.get().pk))

        member.refresh_from_db()
        assert not member.memberships.exists()
        assert not member.is_staff


class TestUsers:
    def test_everybody_keeps_their_own_account_and_sees_no_others(self, client, project):
        me, other = make_member(project, "responder"), make_member(project, "responder")
        client.force_login(me)

        answer = client.post(
            page("user_change", me.pk), {"name": "New Name", "time_zone": "Europe/Berlin", "version": 1}
        )

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        me.refresh_from_db()
        assert (me.name, me.time_zone) == ("New Name", "Europe/Berlin")
        assert client.get(page("user_change", other.pk)).status_code == 404

    def test_an_admin_sees_people_and_changes_none(self, client, project):
        other = make_member(project, "member")
        client.force_login(make_member(project, "admin"))

        assert client.get(page("user_change", other.pk)).status_code == 200
        assert client.post(page("user_change", other.pk), {"name": "X"}).status_code == 403
        assert client.post(page("user_deactivate", other.pk)).status_code == 403

    def test_an_owner_deactivates_and_reactivates(self, client, owner, project):
        other = make_member(project, "member")

        asked = client.get(page("user_deactivate", other.pk)).content.decode()
        client.post(page("user_deactivate", other.pk))
        other.refresh_from_db()
        assert "Revokes their API tokens" in asked
        assert not other.is_active

        client.post(page("user_reactivate", other.pk))
        other.refresh_from_db()
        assert other.is_active

    def test_an_owner_cannot_deactivate_themselves_as_the_last(self, client, owner):
        answer = client.post(page("user_deactivate", owner.pk), headers=HX)

        assert "last owner" in answer.content.decode()
        owner.refresh_from_db()
        assert owner.is_active

    def test_inviting_is_a_dialog_of_the_list(self, client, owner, project):
        assert page("user_invite") in client.get(page("user_changelist")).content.decode()

        answer = client.post(
            page("user_invite"),
            {"email": "bot@example.com", "is_service": "on", "project": project.pk, "role": "responder"},
            headers=HX,
        )  # fmt: skip

        assert answer["HX-Redirect"] == page("user_changelist")
        bot = User.objects.get(email="bot@example.com")
        assert bot.is_service
        assert not bot.is_staff

    def test_a_weak_password_is_refused_at_its_field(self, client, owner, project):
        other = make_member(project, "member")

        answer = client.post(page("user_set-password", other.pk), {"password": "12345"}, headers=HX)

        assert "password" in answer.context["form"].errors


class TestTokens:
    def test_the_secret_is_shown_once_and_kept_by_no_cache(self, client, owner):
        answer = client.post(page("apitoken_issue"), {"name": "ci", "user": owner.pk, "scopes": ["read"]}, headers=HX)

        token = ApiToken.objects.get()
        secret = answer.context["secret"]
        assert tokens.authenticate(secret, now=timezone.now()) == token
        assert "no-store" in answer["Cache-Control"]
        assert secret not in client.get(page("apitoken_change", token.pk)).content.decode()
        assert secret not in client.get(page("apitoken_changelist")).content.decode()

    def test_nobody_makes_one_for_another_person(self, client, owner, project):
        other = make_member(project, "admin")

        answer = client.post(page("apitoken_issue"), {"name": "x", "user": other.pk, "scopes": ["read"]}, headers=HX)

        assert "user" in answer.context["form"].errors
        assert not ApiToken.objects.exists()

    def test_others_tokens_are_404_and_own_ones_are_revoked(self, client, owner, project):
        other = make_member(project, "responder")
        theirs, _ = tokens.issue(user=other, name="t", scopes=["read"], actor=actor_for(other), now=timezone.now())
        mine, _ = tokens.issue(user=owner, name="m", scopes=["read"], actor=actor_for(owner), now=timezone.now())

        assert client.post(page("apitoken_revoke", theirs.pk)).status_code == 404
        client.post(page("apitoken_revoke", mine.pk))

        theirs.refresh_from_db()
        mine.refresh_from_db()
        assert theirs.revoked_at is None
        assert mine.revoked_at is not None


class TestSchedule:
    @pytest.fixture
    def task(self) -> PeriodicTask:
        sync()
        return PeriodicTask.objects.get(task="core.tasks.sweep")

    def url(self, task: PeriodicTask, name: str = "change") -> str:
        return reverse(f"admin:django_celery_beat_periodictask_{name}", args=[task.pk])

    def test_owners_pause_and_set_times(self, client, owner, task):
        client.post(self.url(task, "pause"))
        task.refresh_from_db()
        assert not task.enabled

        client.post(self.url(task, "resume"))
        client.post(self.url(task, "run-at"), {"at": "06:30"})
        task.refresh_from_db()
        assert task.enabled
        assert (task.crontab.hour, task.crontab.minute, task.interval) == ("6", "30", None)

        client.post(self.url(task, "run-every"), {"count": 5, "unit": "minutes"})
        task.refresh_from_db()
        assert (task.interval.every, task.interval.period, task.crontab) == (5, "minutes", None)
        assert "every 5 minutes" in client.get(self.url(task)).content.decode()

    def test_an_admin_finds_none_of_it(self, client, project, task):
        client.force_login(make_member(project, "admin"))

        assert client.get(reverse("admin:django_celery_beat_periodictask_changelist")).status_code == 403
        assert client.post(self.url(task, "pause")).status_code == 404
        task.refresh_from_db()
        assert task.enabled


class TestTokenList:
    def issue(self, user, name, days_ago=0, used_days_ago=None, **more):
        then = timezone.now() - timedelta(days=days_ago)
        token, _secret = tokens.issue(user=user, name=name, scopes=["read"], actor=actor_for(user), now=then, **more)
        used = None if used_days_ago is None else timezone.now() - timedelta(days=used_days_ago)
        ApiToken.objects.filter(pk=token.pk).update(created_at=then, last_used_at=used)
        return token

    def listed(self, client, state):
        answer = client.get(page("apitoken_changelist"), {"state": state})
        return {row.name for row in answer.context["cl"].result_list}

    def test_those_unused_for_90_days_are_found(self, client, owner):
        self.issue(owner, "old and never used", 91)
        self.issue(owner, "old and used lately", 400, used_days_ago=3)
        self.issue(owner, "used long ago", 400, used_days_ago=91)
        self.issue(owner, "new", 1)
        gone = self.issue(owner, "revoked", 400)
        tokens.revoke(token=gone, actor=actor_for(owner), now=timezone.now())

        assert self.listed(client, "unused") == {"old and never used", "used long ago"}
        assert self.listed(client, "ended") == {"revoked"}
        assert len(self.listed(client, "valid")) == 4

    def test_a_service_account_is_made_with_its_place_and_token(self, client, owner, project):
        answer = client.post(
            page("apitoken_service"),
            {"email": "siem@example.com", "name": "SIEM", "project": project.pk, "role": "responder",
             "scopes": ["incidents:write"], "lasts": "90"},
            headers=HX,
        )  # fmt: skip

        token = tokens.authenticate(answer.context["secret"], now=timezone.now())
        assert (token.user.email, token.user.is_service, token.scopes) == (
            "siem@example.com",
            True,
            ["incidents:write"],
        )
        assert token.user.memberships.get().project == project
        assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)

    def test_only_owners_make_one(self, client, project):
        client.force_login(make_member(project, "admin"))

        answer = client.post(page("apitoken_service"), {"email": "siem@example.com"}, headers=HX)

        assert answer.status_code == 403
        assert not User.objects.filter(is_service=True).exists()

    def test_one_that_exists_is_refused_at_its_field_and_nothing_is_made(self, client, owner, project):
        there = make_user("siem@example.com")

        answer = client.post(
            page("apitoken_service"),
            {"email": there.email, "name": "SIEM", "project": project.pk, "role": "responder", "scopes": ["read"]},
            headers=HX,
        )  # fmt: skip

        assert "email" in answer.context["form"].errors
        assert not ApiToken.objects.exists()
        assert not there.memberships.exists()

    def test_scopes_are_explained_and_a_chosen_lifetime_counts(self, client, owner):
        asked = client.get(page("apitoken_issue"), headers=HX).content.decode()
        assert "incidents:read · incidents, their timeline" in asked

        client.post(
            page("apitoken_issue"), {"name": "ci", "user": owner.pk, "scopes": ["read"], "lasts": "30"}, headers=HX
        )
        assert timedelta(days=29) < ApiToken.objects.get().expires_at - timezone.now() <= timedelta(days=30)

    def test_revoking_tells_when_it_was_used(self, client, owner):
        token = self.issue(owner, "ci", 10)

        assert "never used" in client.get(page("apitoken_revoke", token.pk), headers=HX).content.decode()


class TestOperationPages:
    """What leaves the process, in words."""

    @pytest.fixture
    def operation(self, project):
        row = Operation.objects.filter(incident=declare(project, title="Mail is down"), action="ticket.create").first()
        row.error, row.attempts, row.next_attempt_at = (
            "Jira was busy.",
            2,
            timezone.now() + timedelta(hours=5, minutes=1),
        )
        row.status = "retrying"
        row.save()
        return row

    def said(self, client, operation) -> str:
        text = client.get(page("operation_change", operation.pk)).content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.index('id="content"') :]))

    def test_one_that_is_tried_again_says_what_it_does_for_what_and_when_it_comes(self, client, owner, operation):
        text = client.get(page("operation_change", operation.pk)).content.decode()
        said = self.said(client, operation)

        assert "Make the ticket Retrying for INC-1" in said
        assert f'href="{page_of(operation.subject)}"' in text
        assert "It did not work yet. It is tried again in 5 h. Jira was busy." in said
        assert re.search(r'class="btn primary" href="[^"]*/retry/"', text)
        assert "ticket.create (Retrying)" not in text
        before, _fold, folded = said.partition("For whoever reads the logs")
        assert "ticket.create" not in before
        assert "ticket.create" in folded

    @pytest.mark.parametrize(
        ("status", "result", "words"),
        [
            ("succeeded", {"left": "somebody answered"}, "Not needed any more: somebody answered."),
            ("succeeded", {"label": "SEC-7", "url": "https://jira.example.com/SEC-7"}, "Done: SEC-7. Open it"),
            ("succeeded", {}, "It is done."),
            ("succeeded", {"url": "javascript:alert(1)", "label": "SEC-7"}, "Done: SEC-7. Attempts"),
            ("failed", {}, "The ticket was not made. It is not tried again unless somebody retries it."),
            ("skipped", {}, "It was given up, and does not happen unless somebody retries it."),
            ("running", {}, "A worker is at it."),
        ],
    )
    def test_how_it_stands_is_a_sentence(self, client, owner, operation, status, result, words):
        Operation.objects.filter(pk=operation.pk).update(status=status, result=result, error="")

        assert words in self.said(client, operation)

    def test_it_takes_few_queries(self, client, owner, operation, django_assert_max_num_queries):
        client.get(page("operation_change", operation.pk))

        with django_assert_max_num_queries(30):
            client.get(page("operation_change", operation.pk))

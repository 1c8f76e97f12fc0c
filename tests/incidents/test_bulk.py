"""One thing done with many incidents: foreseen, done row by row, each with its result; over the console and the API."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core import access
from core.access import Right
from core.errors import Invalid
from core.models import Event, Job, JobRow, StatusChange
from core.operations import jobs
from incidents import flows
from incidents.flows import bulk
from incidents.flows.bulk_acts import Wish
from incidents.models import Incident
from knowledge.models import Tag, TagType
from people.flows import add_participant, assign_role
from people.models import Role
from tests import factories as make
from tests.apiclient import Api, at_fault

pytestmark = pytest.mark.django_db
LIST = "admin:incidents_incident_changelist"


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def responder(project):
    return make.make_member(project, "responder", name="Rosa", email="rosa@example.com")


@pytest.fixture
def console(client, responder):
    client.force_login(responder)
    return client


def start(incidents, act="close", user=None, key="k", **wish) -> Job:
    actor = make.actor_for(user) if user else make.system()
    return bulk.start(incidents=incidents, wish=Wish(act=act, **wish), key=key, actor=actor, now=timezone.now())


def foresee(incidents, user, act="close", **wish) -> dict[str, tuple[str, str]]:
    found = bulk.foresee(incidents=incidents, wish=Wish(act=act, **wish), actor=make.actor_for(user))
    return {each.incident.title: (str(each.outcome), each.message) for each in found}


def results(job) -> dict[str, tuple[str, str]]:
    titles = {str(one.pk): one.title for one in Incident.objects.all()}
    return {titles[row.key]: (row.status, row.message) for row in job.rows.all()}


def restricted_for(project, user, title="Secret"):
    """A restricted incident in which the user only takes part."""
    secret = make.declare(project, title=title, visibility="restricted")
    add_participant(
        subject=secret, individual=make.individual_of(user, project), actor=make.system(), now=timezone.now()
    )
    return secret


def move(incident, to):
    return flows.change_status(incident=incident, to=to, actor=make.system(), now=timezone.now())


def commander_of(incident) -> str:
    held = Role.objects.get(incident=incident, role=Role.Name.COMMANDER, renounced_at=None)
    return held.participant.individual.email


class TestClosing:
    def test_each_row_has_its_own_result_and_a_refusal_stops_no_other(self, project, responder):
        rows = [
            make.declare(project, title="Open"),
            move(make.declare(project, title="Over"), "closed"),
            restricted_for(project, responder),
        ]

        job = start(rows, user=responder, reason="Spring cleaning")

        assert job.status == "succeeded"
        assert results(job) == {
            "Open": ("done", "closed"),
            "Over": ("skipped", "is closed already"),
            "Secret": ("refused", "Only a responder, or the one who leads it may do this here."),
        }
        assert Incident.objects.get(title="Open").status == "closed"
        assert Incident.objects.get(title="Secret").status == "active"
        assert StatusChange.objects.get(incident=rows[0], to_status="closed").reason == "Spring cleaning"
        assert StatusChange.objects.filter(incident=rows[1], to_status="closed").count() == 1

    def test_the_preview_tells_what_then_happens(self, project, responder):
        rows = [
            make.declare(project, title="Open"),
            move(make.declare(project, title="Over"), "closed"),
            restricted_for(project, responder),
        ]

        foreseen = foresee(rows, responder)

        assert {title: outcome for title, (outcome, _) in foreseen.items()} == {
            title: outcome for title, (outcome, _) in results(start(rows, user=responder)).items()
        }
        assert foreseen["Open"] == ("done", "will be closed")

    def test_looking_ahead_changes_nothing_and_costs_the_same_for_few_and_many(
        self, project, responder, django_assert_max_num_queries
    ):
        rows = [make.declare(project) for _ in range(12)]
        with django_assert_max_num_queries(3) as few:
            foresee(rows[:2], responder)
        with django_assert_max_num_queries(3) as many:
            foresee(rows, responder)

        assert len(few) == len(many)
        assert not Incident.objects.filter(status="closed").exists()

    def test_a_closed_one_is_not_marked_stable_among_many(self, project, responder):
        over = move(make.declare(project, title="Over"), "closed")

        job = start([over, make.declare(project, title="Open")], "stable", user=responder)

        assert results(job)["Over"] == ("refused", "It is closed. Reopen it by itself if it is not over.")
        assert results(job)["Open"] == ("done", "marked stable")
        assert Incident.objects.get(title="Over").status == "closed"

    def test_one_that_was_deleted_meanwhile_is_refused(self, project, responder):
        gone = make.declare(project, title="Gone")
        flows.delete_subject(subject=gone, actor=make.system(), now=timezone.now())

        assert results(start([gone], user=responder))["Gone"][0] == "refused"


class TestHandingOver:
    def test_all_get_the_new_commander_and_the_note_stands_on_the_timeline(self, project, responder):
        rows = [make.declare(project, title="One"), make.declare(project, title="Two", commander="nadia@example.com")]

        job = start(rows, "hand_over", user=responder, commander="Nadia@Example.com", reason="Night shift")

        assert {title: outcome for title, (outcome, _) in results(job).items()} == {"One": "done", "Two": "skipped"}
        assert commander_of(rows[0]) == "nadia@example.com"
        assert Event.objects.filter(incident=rows[0], description__contains="Night shift").count() == 1

    def test_a_closed_one_is_refused(self, project, responder):
        over = move(make.declare(project, title="Over"), "closed")

        found = foresee([over], responder, "hand_over", commander="nadia@example.com")

        assert found["Over"] == ("refused", "It is closed; its roles have ended.")
        assert results(start([over], "hand_over", user=responder, commander="nadia@example.com")) == found

    def test_nobody_named_is_refused_as_a_whole(self, project, responder):
        with pytest.raises(Invalid) as refusal:
            start([make.declare(project)], "hand_over", user=responder)

        assert refusal.value.field == "commander"
        assert not Job.objects.exists()

    def test_somebody_who_left_is_foreseen_and_refused(self, project, responder):
        leaver = make.make_individual(project, "gone@example.com", "Gil Gone")
        type(leaver).objects.filter(pk=leaver.pk).update(is_active=False)
        incident = make.declare(project, title="One")

        found = foresee([incident], responder, "hand_over", commander="gone@example.com")

        assert found["One"][0] == "refused"
        done = results(start([incident], "hand_over", user=responder, commander="gone@example.com"))
        assert done["One"][0] == "refused"
        assert commander_of(incident) == "commander@example.com"


class TestTagging:
    @pytest.fixture
    def tags(self, project):
        kind = TagType.objects.create(project=project, name="region", exclusive=True)
        other = TagType.objects.create(project=project, name="asset")
        return {
            name: Tag.objects.create(project=project, tag_type=of, name=name)
            for name, of in (("emea", kind), ("apac", kind), ("laptop", other))
        }

    def test_tags_are_added_and_none_is_taken_away(self, project, responder, tags):
        incident = make.declare(project, title="One", tags=[tags["laptop"]])

        job = start([incident], "tag", user=responder, tags=["region/emea"])

        assert results(job)["One"] == ("done", "got emea")
        assert {tag.name for tag in incident.tags.all()} == {"laptop", "emea"}

    def test_what_excludes_another_is_foreseen_and_refused(self, project, responder, tags):
        incident = make.declare(project, title="One", tags=[tags["apac"]])

        found = foresee([incident], responder, "tag", tags=["emea"])

        assert found["One"][0] == "refused"
        assert results(start([incident], "tag", user=responder, tags=["emea"])) == found

    def test_a_tag_that_the_project_does_not_have_is_refused_there_only(self, project, responder, tags):
        elsewhere = make.make_project(project.organization)
        make.memberships.grant(
            user=responder, role="responder", project=elsewhere, actor=make.system(), now=timezone.now()
        )
        rows = [make.declare(project, title="Here"), make.declare(elsewhere, title="There")]

        done = results(start(rows, "tag", user=responder, tags=["laptop"]))

        assert done["Here"] == ("done", "got laptop")
        assert done["There"][0] == "refused"


class TestJobs:
    def test_above_fifty_a_worker_does_it_once_also_when_killed_in_the_middle(self, project, responder, monkeypatch):
        rows = [make.declare(project, title=f"Number {number}") for number in range(51)]
        job = start(rows, user=responder)
        assert (job.status, job.total) == ("pending", 51)
        killed_at = 20

        def dies(*_args, **_more):
            if JobRow.objects.count() > killed_at:
                raise SystemExit
            return closes(*_args, **_more)

        closes = bulk.bulk_acts.perform
        with monkeypatch.context() as patched:
            patched.setattr(bulk.bulk_acts, "perform", dies)
            with pytest.raises(SystemExit):
                jobs.run_due()
        done_before = set(JobRow.objects.values_list("key", flat=True))
        jobs.run_due(now=timezone.now() + timedelta(minutes=10))

        job.refresh_from_db()
        assert 0 < len(done_before) < 51
        assert (job.status, job.done) == ("succeeded", 51)
        assert bulk.counts(job) == {"done": 51, "skipped": 0, "refused": 0}
        assert StatusChange.objects.filter(to_status="closed").count() == 51

    def test_the_same_key_is_the_same_job(self, project, responder):
        incident = make.declare(project)

        assert start([incident], user=responder).pk == start([incident], user=responder).pk

    def test_it_acts_with_the_rights_of_the_hour_and_not_of_the_click(self, project, responder):
        rows = [make.declare(project) for _ in range(51)]
        job = start(rows, user=responder)
        type(responder).objects.filter(pk=responder.pk).update(is_active=False)

        jobs.run_due()

        assert bulk.counts(job) == {"done": 0, "skipped": 0, "refused": 51}
        assert not Incident.objects.filter(status="closed").exists()

    def test_none_and_too_many_are_refused(self, project, responder, monkeypatch):
        monkeypatch.setattr(bulk, "MOST", 1)
        with pytest.raises(Invalid):
            start([], user=responder)
        with pytest.raises(Invalid):
            start([make.declare(project), make.declare(project)], user=responder)


class TestConsole:
    def dialog(self, name):
        return reverse(f"admin:incidents_incident_{name}")

    def test_the_dialog_foresees_and_the_page_tells(self, console, project, responder):
        rows = [make.declare(project, title="Payroll"), restricted_for(project, responder, "Insider")]
        query = "?" + "&".join(f"incident={one.pk}" for one in rows)

        asked = console.get(self.dialog("close-many") + query)
        hidden = asked.context["form"].initial
        assert "1 will change" in " ".join(asked.content.decode().split())
        assert "1 will be refused" in asked.content.decode()
        done = console.post(
            self.dialog("close-many") + query,
            {"key": hidden["key"], "newest": hidden["newest"], "reason": "over"}, follow=True,
        )  # fmt: skip

        text = done.content.decode()
        assert "2 of 2 incidents" in text
        assert "Only a responder, or the one who leads it may do this here." in text
        assert Incident.objects.get(title="Payroll").status == "closed"

    def test_all_that_match_are_meant_but_none_that_came_after_the_look(self, console, project):
        make.declare(project, title="Before")
        asked = console.get(self.dialog("close-many") + "?all=1&tab=active")
        hidden = asked.context["form"].initial
        make.declare(project, title="After")

        console.post(
            self.dialog("close-many") + "?all=1&tab=active", {"key": hidden["key"], "newest": hidden["newest"]}
        )

        assert {one.title: one.status for one in Incident.objects.all()} == {"Before": "closed", "After": "active"}

    def test_nothing_ticked_closes_nothing(self, console, project):
        make.declare(project)

        answer = console.post(self.dialog("close-many"), {"key": "k", "newest": "99999"})

        assert "Choose at least one incident." in answer.content.decode()
        assert not Incident.objects.filter(status="closed").exists()

    def test_while_typing_the_preview_knows_the_commander(self, console, project):
        incident = make.declare(project, title="One")
        url = self.dialog("hand-over-many") + f"?incident={incident.pk}&commander=commander@example.com"

        assert "is commanded by them already" in console.get(url).content.decode()

    def test_a_double_click_does_it_once(self, console, project):
        incident = make.declare(project)
        url = self.dialog("close-many") + f"?incident={incident.pk}"
        for _ in range(2):
            console.post(url, {"key": "once", "newest": incident.pk})

        assert Job.objects.filter(kind=bulk.KIND).count() == 1

    def test_the_page_of_somebody_elses_change_is_not_there(self, client, project, responder):
        job = start([make.declare(project)], user=responder)
        client.force_login(make.make_member(project, "admin"))

        assert client.get(reverse("admin:incidents_incident_bulk", args=[job.uuid])).status_code == 404

    def test_the_page_names_no_incident_that_was_hidden_since(self, console, project, responder):
        incident = make.declare(project, title="Payroll export")
        job = start([incident], user=responder)
        flows.edit(incident=incident, visibility="restricted", actor=make.system(), now=timezone.now())

        text = console.get(reverse("admin:incidents_incident_bulk", args=[job.uuid])).content.decode()

        assert "Payroll" not in text
        assert "An incident that you do not see any more" in text

    def test_hidden_ones_cannot_be_named(self, console, project):
        secret = make.declare(project, title="Insider", visibility="restricted")

        answer = console.get(self.dialog("close-many") + f"?incident={secret.pk}")

        assert "Insider" not in answer.content.decode()
        assert answer.context["form"].incidents == []

    def test_what_was_refused_stands_first(self, console, project, responder):
        rows = [make.declare(project, title="Fine"), make.declare(project, title="Gone")]
        flows.delete_subject(subject=rows[1], actor=make.system(), now=timezone.now())
        job = start(rows, user=responder)

        page = console.get(reverse("admin:incidents_incident_bulk", args=[job.uuid]))

        assert [line["row"].status for line in page.context["lines"]] == ["refused", "done"]

    def test_the_page_costs_the_same_for_few_and_many(self, console, project, responder, django_assert_max_num_queries):
        url = [
            reverse("admin:incidents_incident_bulk", args=[start(rows, user=responder, key=str(number)).uuid])
            for number, rows in enumerate(
                [[make.declare(project)], [make.declare(project) for _ in range(20)]]
            )
        ]  # fmt: skip
        console.get(url[0])
        with django_assert_max_num_queries(30) as few:
            console.get(url[0])
        with django_assert_max_num_queries(30) as many:
            console.get(url[1])

        assert len(few) == len(many)


class TestApi:
    @pytest.fixture
    def api(self, responder):
        return Api(responder)

    def test_a_dry_run_tells_and_changes_nothing(self, api, project, responder):
        one, secret = make.declare(project), restricted_for(project, responder)
        body = {"action": "close", "incidents": [one.name, str(secret.uuid)], "dry_run": True}

        told = api.post("/incidents/bulk/", body).json()

        assert (told["id"], told["status"], told["total"]) == (None, "foreseen", 2)
        assert told["counts"] == {"done": 1, "skipped": 0, "refused": 1}
        assert told["results"][0]["name"] == secret.name
        assert not Incident.objects.filter(status="closed").exists()
        assert not Job.objects.filter(kind=bulk.KIND).exists()

    def test_carried_out_it_answers_with_the_job_that_can_be_read_again(self, api, project):
        one = make.declare(project)

        made = api.post("/incidents/bulk/", {"action": "close", "incidents": [one.name], "reason": "over"}).json()

        assert made["status"] == "succeeded"
        assert made["results"] == [
            {"incident": str(one.uuid), "name": one.name, "outcome": "done", "message": "closed"}
        ]
        assert api.get(f"/incident-jobs/{made['id']}/").json() == made
        assert api.get("/incident-jobs/").json()["results"][0]["id"] == made["id"]

    def test_the_same_idempotency_key_is_one_change(self, api, project):
        body = {"action": "close", "incidents": [make.declare(project).name]}

        first = api.post("/incidents/bulk/", body, Idempotency_Key="a").json()

        assert api.post("/incidents/bulk/", body, Idempotency_Key="a").json()["id"] == first["id"]
        assert Job.objects.filter(kind=bulk.KIND).count() == 1

    def test_a_hidden_incident_is_refused_like_one_that_is_not_there(self, api, project):
        secret = make.declare(project, visibility="restricted")

        refused = [
            at_fault(api.post("/incidents/bulk/", {"action": "close", "incidents": [name]}))
            for name in (secret.name, "INC-99999")
        ]

        assert refused == [{"incidents"}, {"incidents"}]
        assert Incident.objects.get(pk=secret.pk).status == "active"

    @pytest.mark.parametrize(
        ("more", "field"),
        [({"action": "burn"}, "action"), ({"action": "hand_over"}, "commander"), ({"action": "tag"}, "tags"),
         ({"action": "hand_over", "commander": "no address"}, "commander")],
    )  # fmt: skip
    def test_a_wish_that_cannot_be_is_refused_by_field(self, api, project, more, field):
        body = {"incidents": [make.declare(project).name], **more}

        assert field in str(at_fault(api.post("/incidents/bulk/", body)))

    @pytest.mark.parametrize("body", [[], ["close"], "close", {"action": "close", "incidents": "INC-1"}])
    def test_a_body_of_another_shape_is_refused(self, api, body):
        assert api.post("/incidents/bulk/", body).status_code == 400

    def test_somebody_elses_job_is_not_there(self, project, responder):
        job = start([make.declare(project)], user=responder)

        assert Api(make.make_member(project, "admin")).get(f"/incident-jobs/{job.uuid}/").status_code == 404


def test_who_may_edit_many_is_who_may_edit_each(project):
    """The condition for many rows says what the table says of one."""
    people = {role: make.make_member(project, role) for role in ("member", "responder", "manager", "admin", "owner")}
    past, lead = make.make_member(project, "member"), make.make_member(project, "member")
    rows = [make.declare(project), make.declare(project, visibility="restricted"), make.declare(make.make_project())]
    for incident in rows[:2]:
        for user in (lead, past):
            assign_role(
                subject=incident, individual=make.individual_of(user, project), role=Role.Name.COMMANDER,
                actor=make.system(), now=timezone.now(),
            )  # fmt: skip
        assign_role(
            subject=incident, individual=make.individual_of(lead, project), role=Role.Name.SCRIBE,
            actor=make.system(), now=timezone.now(),
        )  # fmt: skip
    restricted_for(project, people["responder"])

    for user in (*people.values(), past, lead, make.make_user()):
        found = set(Incident.objects.filter(access.edit_filter(Incident, user)).values_list("pk", flat=True))
        each = {one.pk for one in Incident.objects.all() if access.may(user, Right.EDIT, one)}
        assert found == each, user


def test_the_rights_on_many_are_the_rights_on_each(project):
    people = [make.make_member(project, role) for role in ("member", "responder", "manager", "admin", "owner")]
    people += [make.make_user(), make.make_member(make.make_project(), "admin"), make.make_user(is_active=False), None]
    rows = [make.declare(project), make.declare(project, visibility="restricted"), make.declare(make.make_project())]
    rows.append(restricted_for(project, people[1]))
    gone = make.declare(project)
    flows.delete_subject(subject=gone, actor=make.system(), now=timezone.now())
    rows.append(Incident.objects.get(pk=gone.pk))

    for user in people:
        assert access.rights_on_each(user, rows) == [access.subject_rights(user, one) for one in rows], user

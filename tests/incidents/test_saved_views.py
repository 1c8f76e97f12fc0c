"""The list as somebody keeps it: saved views, columns, and the filters they hold."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, Forbidden, Invalid
from core.flows import views
from core.models import SavedView
from incidents import flows
from people.flows import assign_role
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db
LIST = "admin:incidents_incident_changelist"


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def responder(client, project):
    user = make.make_member(project, "responder")
    client.force_login(user)
    return user


def dialog(name, query=""):
    return reverse(f"admin:incidents_incident_{name}") + query


def save(user, name="Night shift", project=None, **query):
    return views.save_view(
        listing="incidents", name=name, query=query or {"tab": ["all"]}, columns=["status"], project=project,
        actor=make.actor_for(user), now=timezone.now(),
    )  # fmt: skip


def tabs(client):
    return [str(tab["title"]) for tab in client.get(reverse(LIST)).context["listing"].tabs]


def titles(client, query=""):
    return [row.incident.title for row in client.get(reverse(LIST) + query).context["listing"].rows]


class TestSavedViews:
    def test_a_view_brings_back_the_filters_and_columns_it_was_saved_with(self, client, responder, project):
        make.declare(project, title="Payroll")
        over = make.declare(project, title="Payroll again")
        flows.change_status(incident=over, to="closed", actor=make.system(), now=timezone.now())
        client.post(dialog("choose-columns"), {"columns": ["tags", "closed"]})

        saved = client.post(dialog("save-view", "?tab=closed&q=payroll&page=3"), {"name": "Closed payroll"})
        client.post(dialog("choose-columns"), {"columns": ["status"]})
        page = client.get(saved["Location"])

        assert [row.incident.title for row in page.context["listing"].rows] == ["Payroll again"]
        assert page.context["listing"].columns == ["tags", "closed"]
        assert [str(tab["title"]) for tab in page.context["listing"].tabs if tab["here"]] == ["Closed payroll"]

    def test_ones_own_is_for_oneself_and_a_shared_one_for_the_project(self, client, responder, project):
        save(responder, "Mine alone")
        save(responder, "For all", project=project)
        assert {"Mine alone", "For all"} <= set(tabs(client))

        client.force_login(make.make_member(project, "responder"))
        assert "For all" in tabs(client)
        assert "Mine alone" not in tabs(client)

        client.force_login(make.make_member(make.make_project(), "owner"))
        assert "For all" not in tabs(client)

    def test_a_shared_view_shows_each_reader_what_they_may_see(self, client, responder, project):
        make.declare(project, title="Insider", visibility="restricted")
        view = save(make.make_member(project, "admin"), "All insiders", project=project, tab=["all"], q=["insider"])

        page = client.get(reverse(LIST) + f"?tab=all&q=insider&view={view.uuid}")

        assert page.context["listing"].view == view
        assert page.context["listing"].rows == []

    def test_the_same_name_replaces_ones_own_and_never_anothers(self, responder, project):
        save(responder, tab=["all"])
        save(responder, tab=["stable"])
        assert [view.query for view in SavedView.objects.all()] == [{"tab": ["stable"]}]
        save(responder, "Shared", project=project)

        with pytest.raises(Conflict):
            save(make.make_member(project, "responder"), "Shared", project=project)

    def test_a_member_shares_nothing(self, project):
        with pytest.raises(Forbidden):
            save(make.make_member(project, "member"), project=project)

    def test_one_deletes_ones_own_and_a_manager_shared_ones(self, client, responder, project):
        own, shared = save(responder), save(responder, "Shared", project=project)
        other = make.make_member(project, "responder")
        for view in (own, shared):
            with pytest.raises(Forbidden):
                views.delete_view(view=view, actor=make.actor_for(other), now=timezone.now())

        client.post(dialog("drop-view", f"?view={own.uuid}"))
        manager = make.make_member(project, "manager")
        views.delete_view(view=shared, actor=make.actor_for(manager), now=timezone.now())

        assert not SavedView.objects.exists()

    @pytest.mark.parametrize("name", ["", "   ", "x" * 81])
    def test_a_view_needs_a_name(self, client, responder, name):
        assert client.post(dialog("save-view"), {"name": name}).status_code == 200
        assert not SavedView.objects.exists()

    def test_a_view_holds_only_what_the_list_can_be_asked(self, responder):
        for words in ({"nonsense": ["x"]}, {"incident": ["1"]}, {"q": ["a\0b"]}):
            with pytest.raises(Invalid, match=r"NUL|is not one of"):
                save(responder, **words)


class TestPage:
    def page(self, name="changelist", *args):
        return reverse(f"admin:core_savedview_{name}", args=args)

    def test_it_lists_ones_own_and_shared_ones_with_a_link_to_each(self, client, responder, project):
        own = save(responder, "Mine alone", q=["<b>"])
        save(make.make_member(project, "responder"), "Theirs")
        save(make.make_member(project, "responder"), "For all", project=project)

        text = client.get(self.page()).content.decode()

        assert "Mine alone" in text
        assert "For all" in text
        assert "Theirs" not in text
        assert f"/admin/incidents/incident/?q=%3Cb%3E&amp;view={own.uuid}" in text
        assert "q: &lt;b&gt;" in client.get(self.page("change", own.pk)).content.decode()

    def test_one_renames_shares_and_deletes_ones_own(self, client, responder, project):
        own = save(responder, "Old")

        client.post(self.page("rename", own.pk), {"name": "New"})
        client.post(self.page("share", own.pk), {"project": project.pk})
        own.refresh_from_db()
        assert (own.name, own.project) == ("New", project)

        client.post(self.page("share", own.pk), {"project": ""})
        own.refresh_from_db()
        assert own.project is None
        assert client.post(self.page("drop", own.pk))["Location"] == self.page()
        assert not SavedView.objects.exists()

    def test_a_taken_name_is_told_in_the_dialog(self, client, responder):
        save(responder, "One")
        two = save(responder, "Two")

        answer = client.post(self.page("rename", two.pk), {"name": "One"})

        assert "“One” exists already." in answer.content.decode()
        two.refresh_from_db()
        assert two.name == "Two"

    def test_anothers_shared_view_can_be_deleted_by_a_manager_and_changed_by_nobody_else(self, client, project):
        theirs = save(make.make_member(project, "responder"), "Theirs", project=project)
        client.force_login(make.make_member(project, "manager"))

        for name, body in (("rename", {"name": "Mine"}), ("share", {"project": ""})):
            assert "Only whoever made it" in client.post(self.page(name, theirs.pk), body).content.decode()
        theirs.refresh_from_db()
        assert (theirs.name, theirs.project) == ("Theirs", project)
        client.post(self.page("drop", theirs.pk))

        assert not SavedView.objects.exists()

    def test_nobody_elses_private_view_is_found(self, client, responder, project):
        theirs = save(make.make_member(project, "admin"))

        for name in ("change", "rename", "share", "drop"):
            assert client.get(self.page(name, theirs.pk)).status_code == 404


class TestApi:
    def test_views_are_kept_changed_and_deleted(self, responder, project):
        api = Api(responder)
        body = {"list": "incidents", "name": "Stable", "query": {"tab": ["stable"]}, "columns": ["status"]}

        made = api.post("/views/", body)
        row = made.json()
        assert made.status_code == 201
        assert (row["query"], row["columns"], row["project"], row["is_own"]) == (
            {"tab": ["stable"]}, ["status"], None, True,
        )  # fmt: skip
        changed = api.patch(f"/views/{row['id']}/", {"name": "For all", "project": "Security"}, If_Match='"1"')

        assert (changed.json()["name"], changed.json()["project"]["name"]) == ("For all", "Security")
        assert api.patch(f"/views/{row['id']}/", {"name": "Again"}, If_Match='"1"').status_code == 412
        other = Api(make.make_member(project, "member"))
        assert [each["is_own"] for each in other.get("/views/").json()["results"]] == [False]
        assert other.patch(f"/views/{row['id']}/", {"name": "Mine"}).status_code == 403
        assert other.delete(f"/views/{row['id']}/").status_code == 403
        assert api.delete(f"/views/{row['id']}/").status_code == 204
        assert api.get("/views/", list="incidents").json()["results"] == []

    def test_the_name_is_taken_once(self, responder):
        api = Api(responder)
        body = {"list": "incidents", "name": "Stable", "query": {}}
        first = api.post("/views/", body).json()

        assert problem(api.post("/views/", {**body, "query": {"tab": ["all"]}}))["status"] == 409
        assert api.get(f"/views/{first['id']}/").json()["query"] == {}

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"list": "cases"}, "list"), ({"query": {"nonsense": ["x"]}}, "query"),
            ({"query": {"tab": "all"}}, "query"), ({"query": []}, "query"),
            ({"columns": ["nonsense"]}, "columns"), ({"name": " "}, "name"),
            ({"query": {"q": ["x" * 5000]}}, "query"), ({"project": "Elsewhere"}, "project"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, responder, wrong, field):
        body = {"list": "incidents", "name": "Stable", "query": {}, **wrong}

        assert at_fault(Api(responder).post("/views/", body)) == {field}
        assert not SavedView.objects.exists()


class TestColumns:
    def test_they_are_kept_for_each_reader(self, client, responder, project):
        make.declare(project)
        client.post(dialog("choose-columns"), {"columns": ["tags", "status", "tasks"]})
        assert client.get(reverse(LIST)).context["listing"].columns == ["status", "tags", "tasks"]

        client.force_login(make.make_member(project, "responder"))
        assert "cost" in client.get(reverse(LIST)).context["listing"].columns

    def test_none_stands_for_the_usual_ones(self, client, responder):
        client.post(dialog("choose-columns"), {"columns": []})

        assert "status" in client.get(reverse(LIST)).context["listing"].columns

    def test_all_of_them_cost_the_same_for_few_and_many(
        self, client, responder, project, django_assert_max_num_queries
    ):
        client.post(dialog("choose-columns"), {"columns": ["tags", "tasks", "cost", "commander", "project", "closed"]})
        make.declare(project)
        client.get(reverse(LIST))
        with django_assert_max_num_queries(30) as few:
            client.get(reverse(LIST))
        for _ in range(10):
            make.declare(project)
        with django_assert_max_num_queries(30) as many:
            client.get(reverse(LIST))

        assert len(few) == len(many)


class TestFilters:
    def test_by_commander_and_by_me(self, client, responder, project):
        mine, _other = make.declare(project, title="Mine"), make.declare(project, title="Another's")
        me = make.individual_of(responder, project)
        now = timezone.now()
        assign_role(subject=mine, individual=me, role="incident_commander", actor=make.system(), now=now)

        assert titles(client, "?commander=me") == ["Mine"]
        assert titles(client, f"?commander={responder.email}") == ["Mine"]
        assert titles(client, "?commander=commander@example.com") == ["Another's"]

    def test_who_commanded_when_it_was_closed_is_found_still(self, client, responder, project):
        over = make.declare(project, title="Over")
        flows.change_status(incident=over, to="closed", actor=make.system(), now=timezone.now())

        assert titles(client, "?tab=all&commander=commander@example.com") == ["Over"]

    def test_by_when_it_was_closed_and_became_stable(self, client, responder, project):
        now = timezone.now()
        for title, days in (("Lately", 1), ("Long ago", 60)):
            begun = now - timedelta(days=days + 1)
            incident = make.declare(project, title=title, reported_at=begun)
            flows.change_status(incident=incident, to="closed", actor=make.system(), now=now - timedelta(days=days))

        assert titles(client, "?tab=all&closed_days=7") == ["Lately"]
        until = (now - timedelta(days=30)).date()
        assert titles(client, f"?tab=all&closed_until={until}") == ["Long ago"]
        assert titles(client, f"?tab=all&stable_from={until}") == ["Lately"]
        assert titles(client, "?tab=closed&sort=-closed") == ["Lately", "Long ago"]

    @pytest.mark.parametrize("query", ["closed_from=nonsense", "stable_until=0001-01-01", "closed_days=-1"])
    def test_nonsense_narrows_nothing(self, client, responder, project, query):
        make.declare(project, title="One")

        assert titles(client, f"?{query}") == ["One"]

"""The list as somebody keeps it: saved views, columns, and the filters they hold."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, Forbidden
from core.flows import views
from core.models import SavedView
from incidents import flows
from people.flows import assign_role
from tests import factories as make

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

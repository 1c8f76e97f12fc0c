"""The one base of the console's pages: whose rows it shows, what it saves, how it refuses."""

import re

import pytest
from django.contrib.admin import ModelAdmin as StockAdmin
from django.contrib.admin import site
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from core.admin.projects import ProjectAdmin
from core.console.modeladmin import ModelAdmin
from core.flows import memberships
from core.models import Organization, Project
from incidents.models import Severity, Type
from knowledge.models import Tag, TagType, Template
from tests.factories import declare, make_member, make_organization, make_project, system

pytestmark = pytest.mark.django_db


def page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def foreign() -> Project:
    return make_project(name="Foreign")


@pytest.fixture
def manager(client, project):
    user = make_member(project, "manager")
    client.force_login(user)
    return user


def severity_form(severity: Severity, **changes: object) -> dict[str, object]:
    form = {
        "name": severity.name, "description": severity.description, "colour": severity.colour, "order": severity.order,
        "enabled": "on", "allowed_for_stable": "on", "version": severity.version,
    }  # fmt: skip
    if severity.default:
        form["default"] = "on"
    return form | changes


class TestRegistration:
    def test_every_registered_page_is_built_on_our_base(self):
        assert [model for model, admin in site._registry.items() if not isinstance(admin, ModelAdmin)] == []

    def test_the_site_refuses_a_stock_admin(self):
        class Stock(StockAdmin):
            pass

        with pytest.raises(ImproperlyConfigured):
            site.register(Project, Stock)
        assert isinstance(site.get_model_admin(Project), ProjectAdmin)

    def test_third_parties_admins_are_left_out(self):
        assert not any(model._meta.label == "auth.Group" for model in site._registry)


def add_forms(client) -> dict[str, object]:
    """The forms of all pages that add a row, by the page's name."""
    own = ((f"{model._meta.app_label}_{model._meta.model_name}_add", admin) for model, admin in site._registry.items())
    names = [name for name, admin in own if name in {getattr(one, "name", "") for one in admin.get_urls()}]
    contexts = {name: client.get(page(name)).context or {} for name in names}
    return {name: context["adminform"].form for name, context in contexts.items() if "adminform" in context}


class TestForms:
    def test_every_field_of_every_form_has_the_looks_of_a_field(self, client, project):
        client.force_login(make_member(project, "owner"))

        forms = add_forms(client)

        fields = [(name, field) for name, form in forms.items() for field in form.visible_fields()]
        bare = [(name, field.name) for name, field in fields if not field.field.widget.attrs.get("class")]
        assert "core_membership_add" in forms
        assert bare == []

    def test_no_form_names_a_constraint_of_the_database(self, client, project):
        client.force_login(make_member(project, "owner"))
        filled = {
            "project": project.pk,
            "organization": project.organization_id,
            "name": "One",
            "email": "one@example.com",
        }

        answers = [client.post(page(name), given) for name in add_forms(client) for given in ({}, filled, filled)]

        assert all(answer.status_code in {200, 302} for answer in answers)
        assert [answer.request["PATH_INFO"] for answer in answers if "Constraint" in answer.content.decode()] == []

    def test_a_new_default_takes_the_mark_from_the_one_before(self, client, project):
        client.force_login(make_member(project, "owner"))
        before = Severity.objects.get(project=project, default=True)
        new = severity_form(before, name="Unheard of", default="on", project=project.pk)

        answer = client.post(page("incidents_severity_add"), new)

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        assert Severity.objects.get(project=project, default=True).name == "Unheard of"

    def test_hours_that_end_before_they_begin_are_refused_at_the_end(self, client, project):
        client.force_login(make_member(project, "owner"))
        hours = project.business_hours.first()
        url = page("core_project_change", project.pk)
        form = client.get(url).context["adminform"].form
        given = {name: value for name, value in form.initial.items() if value is not None}
        rows = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-id": hours.pk, "0-project": project.pk, "0-weekday": 0}
        spans = {"0-opens_at": "17:00", "0-closes_at": "09:00"}

        answer = client.post(url, given | {f"business_hours-{name}": value for name, value in (rows | spans).items()})

        told = answer.context["inline_admin_formsets"][0].formset.errors
        assert told == [{"closes_at": ["This must be later than the beginning of the same day."]}]


class TestHeadings:
    def headings(self, client, *addresses: str) -> list[list[str]]:
        pages = [client.get(address) for address in addresses]
        assert {answer.status_code for answer in pages} == {200}
        return [re.findall(r"<h1[^>]*>(.*?)</h1>", answer.content.decode()) for answer in pages]

    def test_lists_forms_and_rows_say_what_they_are_once(self, client, project):
        client.force_login(make_member(project, "owner"))

        said = self.headings(
            client, page("people_service_changelist"), page("people_service_add"), page("core_organization_add"),
            page("core_project_change", project.pk), page("core_project_history", project.pk), page("set-up-help"),
        )  # fmt: skip

        assert said == [
            ["Services"], ["Add a service"], ["Add an organization"], ["Security"], ["Changes of Security"],
            ["The address of this installation"],
        ]  # fmt: skip

    def test_every_list_has_one_heading(self, client, project):
        client.force_login(make_member(project, "owner"))
        lists = [f"{model._meta.app_label}_{model._meta.model_name}_changelist" for model in site._registry]
        addresses = [address for name in lists if (address := there(name))]

        said = self.headings(client, *addresses)

        assert len(said) > 20
        assert [address for address, found in zip(addresses, said, strict=True) if len(found) != 1] == []

    def test_the_way_here_does_not_repeat_the_heading(self, client, project):
        client.force_login(make_member(project, "owner"))
        address = page("core_project_change", project.pk)

        nav = re.search(r'<nav class="crumbs".*?</nav>', client.get(address).content.decode(), re.DOTALL).group()

        assert "Projects" in nav
        assert "Security" not in nav


def there(name: str) -> str:
    """The address of a page; nothing when there is no such page."""
    try:
        return page(name)
    except NoReverseMatch:
        return ""


class TestWhoComesIn:
    def test_an_anonymous_visitor_is_asked_to_sign_in_at_the_one_log_in_page(self, client):
        assert client.get(page("index"))["Location"] == "/login/?next=/admin/"
        assert client.get(page("login"))["Location"] == "/login/?next=/admin/"
        assert client.get(page("login"), {"next": "/admin/set-up/"})["Location"] == "/login/?next=/admin/set-up/"

    def test_a_member_who_signs_in_there_lands_on_their_page_and_is_told_why(self, client, project):
        user = make_member(project, "member", email="member@example.com")

        answer = client.post(page("login"), {"username": user.email, "password": "correct horse battery"}, follow=True)

        assert answer.redirect_chain[-1][0] == "/status/"
        assert "The console is for responders and above" in answer.content.decode()

    def test_a_wrong_password_says_nothing_of_the_account(self, client, project):
        make_member(project, "member", email="member@example.com")

        answer = client.post(page("login"), {"username": "member@example.com", "password": "wrong"})

        assert "responders and above" not in answer.content.decode()

    def test_signing_in_leads_home(self, client, project):
        user = make_member(project, "responder")

        answer = client.post(page("login"), {"username": user.email, "password": "correct horse battery"})

        assert answer["Location"] == "/admin/"

    @pytest.mark.parametrize("path", ["change/", "join/"])
    def test_a_member_who_follows_a_link_to_an_incident_gets_their_page_of_it(self, client, project, path):
        incident = declare(project, title="Lost laptop")
        client.force_login(make_member(project, "member"))

        answer = client.get(f"/admin/incidents/incident/{incident.pk}/{path}", follow=True)

        assert answer.redirect_chain[-1][0] == f"/i/{incident.name}/"
        assert "The console is for responders and above" in answer.content.decode()

    def test_a_member_hears_the_reason_where_there_is_no_page_like_it(self, client, project):
        hidden = declare(project, visibility="restricted")
        client.force_login(make_member(project, "member"))
        missing = f"/admin/incidents/incident/{hidden.pk + 7}/change/"

        answers = [client.get(f"/admin/incidents/incident/{key}/change/") for key in (hidden.pk, "9" * 40, "x")]
        answers += [client.get(path) for path in (missing, page("people_task_changelist"))]
        answers.append(client.post(f"/admin/incidents/incident/{hidden.pk}/close/"))

        assert {answer.status_code for answer in answers} == {403}
        assert len({answer.content for answer in answers}) == 1
        assert "The console is for responders and above" in answers[0].content.decode()

    def test_the_console_s_refusal_does_not_say_that_the_page_may_be_seen(self, client, project):
        client.force_login(make_member(project, "responder"))

        answer = client.get(page("core_organization_add"))

        assert answer.status_code == 403
        assert "Your role in the project does not reach here" in answer.content.decode()

    def test_a_member_logs_out_from_the_frame_of_their_account(self, client, project):
        client.force_login(make_member(project, "member"))

        assert client.post(page("logout"))["Location"] == "/login/"
        assert client.get("/account/").status_code == 302


class TestVisibility:
    @pytest.mark.parametrize("key", ["999999", "abc", "1/2", "9" * 40])
    def test_what_is_not_there_is_404_and_not_a_redirect(self, client, manager, key):
        assert client.get(f"/admin/incidents/severity/{key}/change/").status_code == 404

    def test_an_address_no_database_keeps_is_refused(self, client, manager):
        assert client.get("/admin/incidents/incident/INC%00/change/").status_code == 400
        assert client.get(page("core_operation_changelist"), {"action": "\x00"}).status_code == 400
        assert client.get(page("core_operation_changelist"), {"status__exact": "\x00"}).status_code == 400

    def test_another_projects_row_is_404_on_every_page_of_it(self, client, manager, foreign):
        other = Severity.objects.filter(project=foreign).first()

        for name in ("change", "delete", "history"):
            assert client.get(page(f"incidents_severity_{name}", other.pk)).status_code == 404
        assert client.post(page("incidents_severity_change", other.pk), severity_form(other)).status_code == 404
        assert client.post(page("incidents_severity_delete", other.pk)).status_code == 404

    def test_lists_show_own_rows_only(self, client, manager, foreign, project):
        Type.objects.create(project=foreign, name="Foreign type")

        answer = client.get(page("incidents_type_changelist"))

        assert "Foreign type" not in answer.content.decode()

    def test_filters_offer_own_rows_only(self, client, manager, foreign):
        answer = client.get(page("incidents_type_changelist"))

        assert "Foreign" not in answer.content.decode()

    def test_a_list_cannot_be_narrowed_by_a_field_it_does_not_filter_by(self, client, project):
        owner = make_member(project, "owner")
        client.force_login(owner)

        answer = client.get(page("core_user_changelist"), {"password__startswith": "a"})

        assert answer.status_code == 400

    def test_autocomplete_gives_own_rows_only(self, client, manager, foreign, project):
        Tag.objects.create(project=foreign, tag_type=TagType.objects.create(project=foreign, name="x"), name="secret")

        answer = client.get(
            page("autocomplete"),
            {"term": "", "app_label": "knowledge", "model_name": "tag", "field_name": "tag_type"},
        )

        assert answer.status_code == 200
        assert answer.json()["results"] == []

    def test_an_owner_of_one_organization_sees_nothing_of_another(self, client, project):
        client.force_login(make_member(project, "owner"))
        other = make_organization("Other company")

        assert "Other company" not in client.get(page("core_organization_changelist")).content.decode()
        assert client.get(page("core_organization_change", other.pk)).status_code == 404


class TestRights:
    def test_a_responder_reads_the_classification_and_cannot_change_it(self, client, project):
        client.force_login(make_member(project, "responder"))
        severity = Severity.objects.filter(project=project).first()

        shown = client.get(page("incidents_severity_change", severity.pk))
        saved = client.post(page("incidents_severity_change", severity.pk), severity_form(severity, name="Changed"))

        assert shown.status_code == 200
        assert 'name="_save"' not in shown.content.decode()
        assert saved.status_code == 403
        severity.refresh_from_db()
        assert severity.name != "Changed"

    def test_a_manager_of_one_project_cannot_change_another_where_they_are_responder(self, client, project):
        second = make_project(project.organization, "Second")
        user = make_member(project, "manager")
        memberships.grant(user=user, role="responder", project=second, actor=system(), now=timezone.now())
        client.force_login(user)
        theirs = Severity.objects.filter(project=second).first()

        assert client.get(page("incidents_severity_change", theirs.pk)).status_code == 200
        assert client.post(page("incidents_severity_change", theirs.pk), severity_form(theirs)).status_code == 403

    def test_there_is_no_deleting_in_bulk(self, client, manager, project):
        count = Severity.objects.count()
        keys = list(Severity.objects.filter(project=project).values_list("pk", flat=True))

        client.post(
            page("incidents_severity_changelist"),
            {"action": "delete_selected", "_selected_action": keys, "post": "yes"},
        )

        assert Severity.objects.count() == count


class TestSaving:
    def test_saving_goes_through_the_flow_and_keeps_history(self, client, manager, project):
        severity = Severity.objects.get(project=project, name="High")

        answer = client.post(page("incidents_severity_change", severity.pk), severity_form(severity, name="Very high"))

        assert answer.status_code == 302
        severity.refresh_from_db()
        assert severity.name == "Very high"
        assert severity.version == 2
        newest = severity.history.first()
        assert (newest.history_user, newest.face) == (manager, "console")

    def test_the_default_moves_from_the_other_row(self, client, manager, project):
        severity = Severity.objects.get(project=project, name="High")

        client.post(page("incidents_severity_change", severity.pk), severity_form(severity, default="on"))

        assert list(Severity.objects.filter(project=project, default=True)) == [severity]

    def test_a_taken_name_is_refused_at_the_field(self, client, manager, project):
        severity = Severity.objects.get(project=project, name="High")

        answer = client.post(page("incidents_severity_change", severity.pk), severity_form(severity, name="Low"))

        assert answer.status_code == 200
        assert "exists already" in str(answer.context["adminform"].form.errors["name"])
        severity.refresh_from_db()
        assert severity.name == "High"

    def test_a_stale_form_says_who_changed_what_and_keeps_the_readers_change(self, client, manager, project):
        # Given a form opened at version 1, with what it showed hidden beside it
        severity = Severity.objects.get(project=project, name="High")
        opened = severity_form(severity)
        hidden = {f"initial-{name}": value for name, value in opened.items() if name != "version"}
        # When somebody else changes the name, and the reader the order
        client.post(page("incidents_severity_change", severity.pk), severity_form(severity, name="Higher"))
        answer = client.post(page("incidents_severity_change", severity.pk), {**opened, **hidden, "order": 77})
        # Then it is refused, naming who and what
        form = answer.context["adminform"].form
        told = " ".join(form.non_field_errors())
        assert manager.name in told
        assert "“High” to “Higher”" in told
        severity.refresh_from_db()
        assert severity.order != 77
        # And the form shows the new name beside the reader's own order, and can be sent again
        assert form.data["name"] == "Higher"
        assert form.data["order"] == "77"
        again = client.post(page("incidents_severity_change", severity.pk), form.data.dict())
        assert again.status_code == 302
        severity.refresh_from_db()
        assert (severity.name, severity.order) == ("Higher", 77)

    def test_a_posted_row_of_another_project_is_refused_at_the_field(self, client, manager, project, foreign):
        kind = Type.objects.get(project=project)
        template = Template.objects.filter(project=foreign).first()

        answer = client.post(
            page("incidents_type_change", kind.pk),
            {"name": "X", "colour": "#000000", "order": 1, "visibility": "open", "default": "on", "enabled": "on",
             "incident_template": template.pk, "version": kind.version},
        )  # fmt: skip

        assert answer.status_code == 200
        assert "incident_template" in answer.context["adminform"].form.errors
        kind.refresh_from_db()
        assert (kind.name, kind.incident_template) == ("Default", None)

    def test_a_row_cannot_be_added_to_a_project_one_does_not_configure(self, client, manager, foreign):
        answer = client.post(
            page("incidents_severity_add"), {"project": foreign.pk, "name": "X", "colour": "#000000", "order": 1}
        )

        assert answer.status_code == 200
        assert "project" in answer.context["adminform"].form.errors
        assert not Severity.objects.filter(name="X").exists()

    def test_characters_no_database_keeps_are_refused(self, client, manager, project):
        severity = Severity.objects.get(project=project, name="High")

        answer = client.post(
            page("incidents_severity_change", severity.pk), severity_form(severity, description="half\x00")
        )

        assert answer.status_code == 200
        severity.refresh_from_db()
        assert severity.description == ""


class TestDeleting:
    def test_a_row_in_use_is_kept_and_the_mend_is_named(self, client, manager, project):
        default = Severity.objects.get(project=project, default=True)

        answer = client.post(page("incidents_severity_delete", default.pk))

        assert answer.status_code == 200
        assert "make another one the default first" in answer.content.decode()
        assert "Disable it instead" in answer.content.decode()
        assert Severity.objects.filter(pk=default.pk).exists()

    def test_an_unused_row_goes_after_the_question(self, client, manager, project):
        severity = Severity.objects.get(project=project, name="Critical")

        asked = client.get(page("incidents_severity_delete", severity.pk))
        answer = client.post(page("incidents_severity_delete", severity.pk))

        assert asked.status_code == 200
        assert answer.status_code == 302
        assert not Severity.objects.filter(pk=severity.pk).exists()


class TestHistory:
    def test_it_shows_who_changed_what_through_which_face(self, client, manager, project):
        severity = Severity.objects.get(project=project, name="High")
        client.post(page("incidents_severity_change", severity.pk), severity_form(severity, name="Higher"))

        text = client.get(page("incidents_severity_history", severity.pk)).content.decode()

        assert manager.name in text
        assert "Console" in text
        assert "Higher" in text

    def test_the_number_of_queries_does_not_grow_with_the_changes(
        self, client, manager, project, django_assert_max_num_queries
    ):
        severity = Severity.objects.get(project=project, name="High")
        for number in range(5):
            severity.refresh_from_db()
            client.post(page("incidents_severity_change", severity.pk), severity_form(severity, name=f"N{number}"))

        with django_assert_max_num_queries(20):
            client.get(page("incidents_severity_history", severity.pk))


# What every project's form asks about effort.
EFFORT = {"annual_employee_cost": "50000", "business_year_hours": "2080", "paid_hours_per_day": "8"}


class TestProjects:
    def test_an_owner_makes_a_project_with_its_words(self, client, project):
        client.force_login(make_member(project, "owner"))

        answer = client.post(
            page("core_project_add"),
            {"organization": project.organization_id, "name": "Payments", "time_zone": "Europe/Berlin",
             "currency": "EUR", "name_prefix": "PAY", "enabled": "on", "allow_self_join": "on", **EFFORT},
        )  # fmt: skip

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        made = Project.objects.get(name="Payments")
        assert made.time_zone == "Europe/Berlin"
        assert Severity.objects.filter(project=made).count() == 5

    def test_an_admin_changes_business_hours_of_their_project(self, client, project):
        client.force_login(make_member(project, "admin"))
        monday = project.business_hours.get(weekday=0)

        answer = client.post(
            page("core_project_change", project.pk),
            {
                **EFFORT, "name": project.name, "time_zone": "UTC", "currency": "USD", "enabled": "on",
                "version": project.version,
                "business_hours-TOTAL_FORMS": 2, "business_hours-INITIAL_FORMS": 1,
                "business_hours-0-id": monday.pk, "business_hours-0-project": project.pk, "business_hours-0-weekday": 0,
                "business_hours-0-opens_at": "08:00", "business_hours-0-closes_at": "18:00",
                "business_hours-1-id": "", "business_hours-1-project": project.pk, "business_hours-1-weekday": 6,
                "business_hours-1-opens_at": "10:00", "business_hours-1-closes_at": "12:00",
            },
        )  # fmt: skip

        assert answer.status_code == 302, answer.context["adminform"].form.errors
        monday.refresh_from_db()
        assert monday.opens_at.hour == 8
        assert project.business_hours.filter(weekday=6).count() == 1

    def test_a_manager_cannot_change_the_project(self, client, manager, project):
        assert client.post(page("core_project_change", project.pk), {"name": "X"}).status_code == 403

    def test_only_owners_make_organizations(self, client, project):
        client.force_login(make_member(project, "admin"))
        assert client.get(page("core_organization_add")).status_code == 403

        owner = make_member(project, "owner")
        client.force_login(owner)
        answer = client.post(page("core_organization_add"), {"name": "Second company"})

        assert answer.status_code == 302
        assert Organization.objects.get(name="Second company").memberships.get().user == owner

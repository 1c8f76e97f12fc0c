"""The set-up page: what is unset and matters, to whoever sets it up, until nothing is."""

import re

import pytest
from django.core.cache import caches
from django.urls import reverse
from django.utils import timezone

from core.models import Project
from core.operations import queue
from core.operations.models import Operation
from incidents.models import Type
from integrations.flows.mail_test import send_test_mail
from integrations.models import OutgoingMail
from people.models import RolePolicy
from tests.factories import (
    actor_for,
    declare,
    make_individual,
    make_member,
    make_organization,
    make_project,
    make_service,
)  # fmt: skip

pytestmark = pytest.mark.django_db

PAGE = "/admin/set-up/"
NEXT = "/admin/set-up/next/"


@pytest.fixture(autouse=True)
def fresh():
    caches["process"].clear()


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def owner(client, project):
    user = make_member(project, "owner", name="Olga Owner")
    client.force_login(user)
    return user


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def open_steps(client) -> set[str]:
    return {one.step.key for one in client.get(PAGE).context["open"]}


def test_a_new_project_is_told_what_is_missing_and_why(client, owner, project):
    page = client.get(PAGE)

    assert {"owner", "members", "people", "services", "on-call", "policies", "holidays", "drill"} <= open_steps(client)
    assert "hours" not in open_steps(client)
    assert "Nobody can be woken at night without one." in words(page)
    assert "Missing for Security" in words(page)
    for one in page.context["open"]:
        assert client.get(one.url).status_code == 200, one.step.key


def test_each_step_is_done_when_it_is_done(client, owner, project):
    make_member(project, "owner")
    assert "owner" not in open_steps(client)

    make_member(project, "responder")
    assert "members" not in open_steps(client)

    people = [make_individual(project) for _number in range(3)]
    assert "people" not in open_steps(client)

    make_service(project, *people[:1])
    assert not {"services", "on-call"} & open_steps(client)

    RolePolicy.objects.create(project=project, name="On call", kind="incident", role="scribe", individual=people[0])
    assert "policies" not in open_steps(client)

    Project.objects.filter(pk=project.pk).update(holiday_country="DE")
    assert "holidays" not in open_steps(client)

    declare(project)
    assert "drill" not in open_steps(client)


def test_a_service_without_anybody_on_call_is_not_enough(client, owner, project):
    make_service(project)

    assert "services" not in open_steps(client)
    assert "on-call" in open_steps(client)


def test_the_installations_address_and_mail_server_come_from_the_environment(client, owner, project, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert {"address", "mail"} <= open_steps(client)
    assert "EMAIL_HOST" in words(client.get("/admin/set-up/environment/"))

    settings.BASE_URL = "https://dispatch.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert not {"address", "mail"} & open_steps(client)


def test_a_mail_to_oneself_is_sent_and_counts_when_it_left(client, owner, project, settings, mailoutbox):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    url = reverse("admin:integrations_plugininstance_mail-test")
    assert f"A mail goes to {owner.email}" in words(client.get(f"{url}?project={project.pk}"))

    client.post(url, {"project": project.pk})
    assert "mail-test" in open_steps(client)
    queue.run_due(10)

    assert "mail-test" not in open_steps(client)
    assert OutgoingMail.objects.get().to == owner.email
    assert [mail.to for mail in mailoutbox] == [[f"Olga Owner <{owner.email}>"]]


def test_two_presses_send_one_mail_and_a_later_one_another(owner, project):
    for _press in range(2):
        send_test_mail(project=project, actor=actor_for(owner), now=timezone.now())
    assert Operation.objects.filter(action="email.send").count() == 1

    Operation.objects.update(status="succeeded")
    send_test_mail(project=project, actor=actor_for(owner), now=timezone.now())
    assert Operation.objects.filter(action="email.send").count() == 2


def test_a_project_tests_its_mail_as_often_as_it_likes(client, owner, project):
    for number in range(1, 54):
        assert send_test_mail(project=project, actor=actor_for(owner), now=timezone.now())
        Operation.objects.filter(action="email.send", status="pending").update(status="failed")
        assert Operation.objects.filter(action="email.send").count() == number
    assert "mail-test" in open_steps(client)

    send_test_mail(project=project, actor=actor_for(owner), now=timezone.now())
    Operation.objects.filter(action="email.send", status="pending").update(status="succeeded")
    assert "mail-test" not in open_steps(client)


def test_another_projects_mail_is_not_to_be_sent(client, owner):
    foreign = make_project()

    answer = client.post(reverse("admin:integrations_plugininstance_mail-test"), {"project": foreign.pk})

    assert answer.status_code == 200
    assert "project" in answer.context["form"].errors
    assert not Operation.objects.filter(action="email.send").exists()


def test_a_manager_sees_what_managers_set_up_and_others_see_no_page(client, project):
    client.force_login(make_member(project, "manager"))
    assert open_steps(client) == {"people", "services", "on-call", "policies", "types"}
    assert client.get("/admin/set-up/environment/").status_code == 403

    client.force_login(make_member(project, "responder"))
    assert client.get(PAGE).status_code == 403
    assert "Set-up" not in words(client.get("/admin/"))


def test_nothing_of_other_projects_is_told(client, owner):
    make_project(make_organization("Zyxquark organization"), name="Zyxquark project")

    assert "Zyxquark" not in words(client.get(PAGE))


def test_the_home_page_reminds_until_it_is_complete(client, project):
    client.force_login(make_member(project, "manager"))
    assert NEXT in client.get("/admin/").content.decode()
    said = words(client.get(NEXT))
    assert "The first people" in said
    assert "0 of 5 done" in said

    people = [make_individual(project) for _number in range(3)]
    make_service(project, *people[:1])
    RolePolicy.objects.create(project=project, name="On call", kind="incident", role="scribe", individual=people[0])
    Type.objects.create(project=project, name="Phishing")

    assert client.get(NEXT).content == b""
    assert NEXT not in client.get("/admin/").content.decode()


def test_who_sets_nothing_up_is_not_reminded(client, project):
    client.force_login(make_member(project, "responder"))

    assert NEXT not in client.get("/admin/").content.decode()
    assert client.get(NEXT).status_code == 403


def test_the_number_of_queries_does_not_grow_with_projects(client, owner, project, django_assert_max_num_queries):
    for _number in range(5):
        make_project(project.organization)

    with django_assert_max_num_queries(20):
        client.get(PAGE)


def test_the_country_is_chosen_by_name_at_its_field(client, owner, project):
    (step,) = [one for one in client.get(PAGE).context["open"] if one.step.key == "holidays"]

    address, _hash, field = step.url.partition("#")
    text = client.get(address).content.decode()

    assert f'<select name="{field.removeprefix("id_")}"' in text
    assert f'id="{field}"' in text
    assert '<option value="DE">Germany</option>' in text


def test_once_there_is_a_country_its_parts_are_offered_by_name(client, owner, project):
    Project.objects.filter(pk=project.pk).update(holiday_country="DE", holiday_region="Bayern")
    address = reverse("admin:core_project_change", args=[project.pk])

    fields = client.get(address).context["adminform"].form.fields

    offered = dict(fields["holiday_region"].choices)
    assert (offered["BY"], offered["HB"]) == ("Bayern", "Bremen")
    # What the API took by its name stays chosen.
    assert offered["Bayern"] == "Bayern"


def test_a_part_of_another_country_is_refused_in_words(client, owner, project):
    Project.objects.filter(pk=project.pk).update(holiday_country="DE", holiday_region="BY")
    project.business_hours.all().delete()
    address = reverse("admin:core_project_change", args=[project.pk])
    form = client.get(address).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value not in (None, "")}
    rows = {"business_hours-TOTAL_FORMS": 0, "business_hours-INITIAL_FORMS": 0}

    refused = client.post(address, sent | rows | {"holiday_country": "AT"}).context["adminform"].form
    saved = client.post(address, sent | rows | {"holiday_country": "AT", "holiday_region": "9"})

    assert "“BY” is no region of AT" in refused.errors["holiday_region"][0]
    assert dict(refused.fields["holiday_region"].choices)["9"] == "Wien"
    assert saved.status_code == 302
    project.refresh_from_db()
    assert (project.holiday_country, project.holiday_region) == ("AT", "9")

"""People in the console."""

import pytest
from django.urls import reverse

from core.models import Project
from people.models import Individual
from tests.factories import make_individual, make_member, make_project

pytestmark = pytest.mark.django_db


def page(name: str, *args: object) -> str:
    return reverse(f"admin:people_individual_{name}", args=args)


@pytest.fixture
def project() -> Project:
    return make_project(name="Security")


@pytest.fixture
def manager(client, project):
    user = make_member(project, "manager")
    client.force_login(user)
    return user


def test_a_person_is_made_with_a_normalised_address(client, manager, project):
    client.post(
        page("add"),
        {"organization": project.organization_id, "email": " Ada@Example.COM", "name": "Ada", "is_active": "on"},
    )

    assert Individual.objects.get(name="Ada").email == "ada@example.com"


def test_the_same_address_twice_is_refused_at_its_field(client, manager, project):
    make_individual(project, "ada@example.com")

    answer = client.post(
        page("add"), {"organization": project.organization_id, "email": "ADA@example.com", "name": "A"}
    )

    assert "email" in answer.context["adminform"].form.errors
    assert Individual.objects.filter(email="ada@example.com").count() == 1


def test_people_of_other_organizations_are_not_there(client, manager, project):
    other = make_individual(make_project(), "x@example.com", "Xaver Foreign")

    assert client.get(page("change", other.pk)).status_code == 404
    assert "Xaver" not in client.get(page("changelist")).content.decode()


def test_an_organization_that_is_not_ones_own_is_refused(client, manager):
    foreign = make_project().organization

    answer = client.post(page("add"), {"organization": foreign.pk, "email": "y@example.com", "name": "Y"})

    assert "organization" in answer.context["adminform"].form.errors
    assert not Individual.objects.filter(email="y@example.com").exists()


def test_the_list_costs_the_same_with_3_and_25(client, manager, project, django_assert_max_num_queries):
    for _ in range(3):
        make_individual(project)
    client.get(page("changelist"))
    with django_assert_max_num_queries(20) as few:
        client.get(page("changelist"))
    for _ in range(25):
        make_individual(project)
    with django_assert_max_num_queries(20) as many:
        client.get(page("changelist"))

    assert len(few) == len(many)

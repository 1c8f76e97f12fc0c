"""Deleting configuration: by whom, and what goes with it."""

import pytest

from core.errors import Forbidden
from core.flows import configuration
from core.models import Project
from core.search import search
from people.models import Individual
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_a_project_is_deleted_by_an_owner_only():
    project = make.make_project()
    admin = make.actor_for(make.make_member(project, "admin"))

    with pytest.raises(Forbidden):
        configuration.delete(project, actor=admin)

    assert Project.objects.filter(pk=project.pk).exists()


def test_a_deleted_person_is_not_found_any_more():
    project = make.make_project()
    manager = make.make_member(project, "manager")
    person = make.make_individual(project, "quux.baz@example.com")
    assert [hit.object_id for hit in search(manager, "quux")] == [person.pk]

    configuration.delete(person, actor=make.actor_for(manager))

    assert not Individual.objects.filter(pk=person.pk).exists()
    assert search(manager, "quux") == []

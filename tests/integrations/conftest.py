"""What the tests of integrations share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from core.models import MembershipRole, Project, User
from integrations import flows
from integrations.models import PluginInstance
from tests import factories
from tests.standins.plugins import Tracker, installed


@pytest.fixture
def project(db: Any) -> Project:
    return factories.make_project()


@pytest.fixture
def admin(project: Project) -> User:
    return factories.make_member(project, MembershipRole.ADMIN)


@pytest.fixture
def tracker() -> Iterator[type[Tracker]]:
    """The invented tracker is installed."""
    with installed(Tracker):
        yield Tracker


@pytest.fixture
def instance(project: Project, admin: User, tracker: Any) -> PluginInstance:
    """The tracker serves tickets of the project."""
    return flows.save_instance(
        instance=None,
        project=project,
        plugin="tracker",
        name="Our tracker",
        configuration={"address": "https://tracker.example", "token": "correct-horse"},
        actor=factories.actor_for(admin),
        now=timezone.now(),
    )

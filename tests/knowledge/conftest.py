"""What the tests of knowledge share."""

from typing import Any

import pytest

from core.models import MembershipRole, Project, User
from tests import factories


@pytest.fixture
def project(db: Any) -> Project:
    return factories.make_project()


@pytest.fixture
def manager(project: Project) -> User:
    return factories.make_member(project, MembershipRole.MANAGER)

"""What every test has."""

import os
from pathlib import Path

import pytest

# Either of its options lets a mark's tests run.
LONG = {"soak": ["--soak"], "browser": ["--browser", "--soak"]}
# What these ask has nothing to do with the database.
CODE_ONLY = {"test_launcher", "test_schema", "test_deploy", "test_environment"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run everything, also what takes minutes")
    parser.addoption("--browser", action="store_true", help="run the tests that drive Chromium too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long ones out unless they were asked for."""
    for mark, options in LONG.items():
        if not any(config.getoption(option) for option in options):
            skip = pytest.mark.skip(reason=f"runs with {' or '.join(options)}")
            for item in items:
                if item.get_closest_marker(mark):
                    item.add_marker(skip)
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        for item in items:
            if item.path.stem in CODE_ONLY:
                item.add_marker(pytest.mark.skip(reason="about the code and not the database: runs with SQLite"))


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Argon2 costs a tenth of a second by design; its use is asserted on the settings, not paid in each test."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def unhurried(settings):
    """A test sends within a second what a caller may send within minutes; the limit has tests of its own."""
    settings.API_REQUESTS_PER_MINUTE = 0


@pytest.fixture
def shared() -> Path:
    """The reference data beside the checkout; `DISPATCH_SHARED` names another place."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared"
    place = Path(os.environ.get("DISPATCH_SHARED", beside))
    if not place.is_dir():
        pytest.skip(f"the reference data is not at {place.name}/ beside the checkout (DISPATCH_SHARED names its place)")
    return place


@pytest.fixture(autouse=True)
def unlisted_assets(settings):
    """A test client makes its middleware anew: listing a thousand files each time takes longer than most answers."""
    settings.WHITENOISE_AUTOREFRESH = True

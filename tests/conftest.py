"""What every test has."""

import os
from pathlib import Path

import pytest

# Either of its options lets a mark's tests run.
LONG = {"soak": ["--soak"], "browser": ["--browser", "--soak"]}
# What these ask has nothing to do with the database.
CODE_ONLY = {"test_launcher", "test_schema", "test_deploy", "test_environment", "test_rendering", "test_rotation"}
# Pages by their wiring. What they read and write they do through flows and querysets, whose tests run on both
# databases; with --soak these run on PostgreSQL, too.
PAGES_ONLY = {
    "test_account", "test_admin", "test_admin_directory", "test_console_accounts", "test_console_base",
    "test_console_parts", "test_demo", "test_leak_walk", "test_looking", "test_members", "test_oncall_admin",
    "test_passwords", "test_safety", "test_setting_up", "test_signing_in", "test_task_admin",
}  # fmt: skip


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
        elsewhere = CODE_ONLY if config.getoption("--soak") else CODE_ONLY | PAGES_ONLY
        for item in items:
            if item.path.stem in elsewhere:
                item.add_marker(pytest.mark.skip(reason="about code or pages and not the database: runs with SQLite"))


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

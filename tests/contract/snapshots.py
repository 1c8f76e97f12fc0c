"""Snapshots for contract tests, as plugins get them."""

import dataclasses
from typing import Any

from integrations.capabilities import SubjectSnapshot
from integrations.snapshots import snapshot
from tests import factories

# What people paste: markup, quotes, lines, scripts other than ours, and more than any vendor's limit.
HOSTILE_TITLES = (
    "<script>alert('x')</script>",
    "Robert'); DROP TABLE incidents;--",
    "line one\nline two\r\nBcc: victim@example.com",
    "{{ 7 * 7 }} ${jndi:ldap://x} %s %(name)s {0}",
    "🔥 Größe 日本語 \u202eright-to-left",
    "x" * 500,
)


def picture(**changes: Any) -> SubjectSnapshot:
    """A real incident's snapshot with some values changed."""
    incident = factories.declare(factories.make_project(), title="Laptop stolen", description="From a train.")
    return dataclasses.replace(snapshot(incident), **changes)

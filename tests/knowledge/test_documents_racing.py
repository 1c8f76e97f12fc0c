"""A document is written while its incident's visibility changes."""

import pytest
from django.utils import timezone

from core.models import SearchDocument
from incidents.flows import edit
from knowledge import flows
from tests import factories
from tests.standins.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_neither_waits_for_the_other_in_a_circle_and_it_is_found_as_the_incident_is():
    incident = factories.declare(factories.make_project())
    now = timezone.now()
    document = flows.create_document(
        subject=incident, kind="incident_document", title="Notes", body="First.", marker="op-1", now=now
    )

    def write(text):
        return lambda: flows.refresh_document(document=document, body=text, now=now)

    def show(visibility):
        return lambda: edit(incident=incident, visibility=visibility, actor=factories.system(), now=now)

    calls = [write("a"), show("restricted"), write("b"), show("open"), write("c"), show("restricted")]
    refused = [answer for _round in range(4) for answer in at_once(calls) if isinstance(answer, Exception)]

    incident.refresh_from_db()
    found = SearchDocument.objects.get(kind="document")
    assert not refused
    assert found.restricted == incident.is_restricted

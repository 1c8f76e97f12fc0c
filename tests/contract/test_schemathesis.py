"""The whole API against its own document, by four kinds of callers: no 5xx, and nothing that it does not say.

Requests are made from the document by Schemathesis and answered in this process, with the real database; each is taken
back, so the next one finds the world as it was. Every run asks the same (`derandomize`); how often each operation is
asked stands in `EXAMPLES`.
"""

import warnings
from uuid import UUID

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.urls import resolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.api.documentation import schema
from tests.apiclient import Api
from tests.house.test_leak_walk import quiet, world  # noqa: F401 (fixtures)
from tests.house.test_looking import a_row

pytestmark = [pytest.mark.soak, pytest.mark.django_db]

# Requests to each operation, by who asks. All of them together: a few minutes.
EXAMPLES = {"owner": 12, "member": 6, "narrow": 4, "nobody": 1}
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
SCOPES = {"owner": ("read", "write"), "member": ("read", "write"), "narrow": ("tasks:read",), "nobody": ()}
ANY_ID = UUID(int=1)


@pytest.fixture
def offered(world, monkeypatch):  # noqa: F811
    """The document, and what answers it; the connection that holds the world stays open between requests."""
    for told in (request_started, request_finished):
        monkeypatch.setattr(told, "send", lambda **_words: [])
    warnings.filterwarnings("ignore", category=UserWarning)
    found = schemathesis.openapi.from_dict(schema())
    found.app = get_wsgi_application()
    return found


def real_ids(operation, user, incident):
    """An id of a row that is there, for each parameter of the path; hardly anything is found by chance."""
    names = [parameter.name for parameter in operation.path_parameters]
    view = getattr(resolve(operation.full_path.format(**dict.fromkeys(names, ANY_ID))).func, "cls", None)
    model = getattr(view, "model", None) or getattr(getattr(view, "queryset", None), "model", None)
    row = (a_row(model, user) if model else None) or incident
    return {name: str(incident.uuid if name == "subject" else getattr(row, "uuid", ANY_ID)) for name in names}


def complaints(operation, ids, headers, examples):
    """What an operation answered that the document does not say, each kind once."""
    found = {}

    @settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), is_real=st.booleans())
    def ask(case, is_real):
        if ids and is_real:
            case.path_parameters = dict(ids)
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                said = f"{operation.label} {response.status_code}: {failure.title}: {failure.message[:400]}"
                found.setdefault(f"{failure.title} {response.status_code}", f"{said} {str(case.body)[:200]}")

    ask()
    return list(found.values())


@pytest.mark.parametrize("who", EXAMPLES)
def test_every_answer_is_one_that_the_document_describes(offered, world, who):  # noqa: F811
    user = world["who"].get({"narrow": "owner"}.get(who, who))
    headers = Api(user, SCOPES[who]).headers
    operations = [result.ok() for result in offered.get_all_operations()]

    found = []
    for operation in operations:
        found += complaints(operation, real_ids(operation, user or world["who"]["owner"], world["incident"]), headers,
                            EXAMPLES[who])  # fmt: skip

    assert len(operations) > 180
    assert not found, "\n".join(found)

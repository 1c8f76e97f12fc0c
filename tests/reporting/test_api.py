"""Costs over HTTP: the breakdown, the written items, the types, and the column of incidents."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents import flows
from reporting.flows import costs
from reporting.models import CostItem, CostStatement
from tests import factories as make
from tests.apiclient import Api, at_fault, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def api(project):
    return Api(make.make_member(project, "responder", name="Rosa"))


@pytest.fixture
def incident(project):
    """Sixty hours old."""
    now = timezone.now()
    return flows.declare(
        project=project, title="Old", commander="ada@example.com", actor=make.system(), now=now - timedelta(hours=60)
    )


ITEM = {"type": "Vendor", "amount": "1200.00", "incurred_on": "2026-11-24", "note": "Forensics"}


def test_the_breakdown_says_what_and_why(api, incident):
    body = api.get("/incidents/INC-1/cost/").json()

    assert (body["total"], body["effort"], body["items"]) == ("576.96", "576.96", "0.00")
    assert (body["currency"], body["hourly_rate"], body["paid_hours_per_day"], body["final"]) == (
        "USD", "24.04", 8, False,
    )  # fmt: skip
    commander = body["lines"][0]
    assert commander["individual"]["email"] == "ada@example.com"
    assert (commander["hours"], commander["multiplier"], commander["amount"]) == ("24.0000", "1.00", "576.96")
    assert commander["explanation"] == (
        "60 h as Incident Commander. Of every 24 h the first 8 count. 24 h × 24.04 = 576.96."
    )
    # Looking writes nothing.
    assert CostStatement.objects.get().currency == ""


def test_the_breakdown_can_be_cut_down_and_knows_no_other_parameters(api, incident):
    assert api.get("/incidents/INC-1/cost/", fields="total,currency").json() == {"total": "576.96", "currency": "USD"}
    assert at_fault(api.get("/incidents/INC-1/cost/", page="2")) == {"page"}


def test_an_item_is_written_read_changed_and_removed(api, incident):
    made = api.post("/incidents/INC-1/cost-items/", ITEM)
    assert made.status_code == 201, made.json()
    item = made.json()
    assert (item["type"]["name"], item["amount"], item["currency"]) == ("Vendor", "1200.00", "USD")
    assert item["author"]["name"] == "Rosa"
    path = f"/incidents/INC-1/cost-items/{item['id']}/"
    assert api.get(path)["ETag"] == '"1"'
    assert api.get("/incidents/INC-1/cost/").json()["total"] == "1776.96"

    assert api.patch(path, {"amount": "5.5"}, **{"If-Match": '"1"'}).json()["amount"] == "5.50"
    assert api.patch(path, {"amount": "6"}, **{"If-Match": '"1"'}).status_code == 412
    assert [row["amount"] for row in api.get("/incidents/INC-1/cost-items/").json()["results"]] == ["5.50"]

    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get("/incidents/INC-1/cost/").json()["items"] == "0.00"


def test_the_same_key_writes_one_item(api, incident):
    first = api.post("/incidents/INC-1/cost-items/", ITEM, **{"Idempotency-Key": "a"})
    second = api.post("/incidents/INC-1/cost-items/", ITEM, **{"Idempotency-Key": "a"})

    assert first.json() == second.json()
    assert CostItem.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 1200), ("amount", "0"), ("amount", "-1"), ("amount", "1,5"), ("amount", "1.234"), ("amount", "NaN"),
        ("amount", "٣"), ("type", "No such"), ("incurred_on", "2026-02-30"), ("incurred_on", 5),
        ("incurred_on", "20261124"), ("note", "x" * 501), ("currency", "EUR"),
    ],
)  # fmt: skip
def test_a_wrong_item_names_the_field_and_leaves_nothing(api, incident, field, value):
    assert at_fault(api.post("/incidents/INC-1/cost-items/", {**ITEM, field: value})) == {field}
    assert not CostItem.objects.exists()


def test_another_project_s_type_is_not_there(api, incident, project):
    make.make_project(name="Other", organization=project.organization)

    assert api.post("/incidents/INC-1/cost-items/", ITEM).status_code == 201
    assert api.get("/cost-types/").json()["results"][0]["project"]["name"] == "Security"


def test_members_read_and_do_not_write(project, incident):
    member = Api(make.make_member(project, "member"))

    assert member.get("/incidents/INC-1/cost/").status_code == 200
    assert problem(member.post("/incidents/INC-1/cost-items/", ITEM))["status"] == 403


@pytest.mark.parametrize("below", ["cost/", "cost-items/"])
def test_a_restricted_one_s_cost_is_not_there_for_others(api, project, below):
    make.declare(project, visibility="restricted")

    assert api.get(f"/incidents/INC-1/{below}").status_code == 404


def test_the_list_and_the_incident_show_the_stored_cost(api, incident):
    assert api.get("/incidents/INC-1/").json()["cost"] is None
    costs.work_out(subject=incident, now=timezone.now())

    one = api.get("/incidents/INC-1/").json()["cost"]
    assert (one["total"], one["currency"], one["final"]) == ("576.96", "USD", False)
    assert api.get("/incidents/").json()["results"][0]["cost"] == one


def test_managers_keep_the_types(project):
    manager = Api(make.make_member(project, "manager"))

    made = manager.post("/cost-types/", {"project": "Security", "name": "Travel", "category": "secondary"})

    assert made.status_code == 201, made.json()
    secondary = manager.get("/cost-types/", category="secondary").json()["results"]
    assert {row["name"] for row in secondary} == {"Lost revenue", "Compensation", "Fine", "Travel"}
    assert manager.delete(f"/cost-types/{made.json()['id']}/").status_code == 204

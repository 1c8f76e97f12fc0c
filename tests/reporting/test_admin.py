"""Costs in the console: the tab, its dialogs, the column, the types."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from incidents import flows
from people.flows import add_participant
from reporting.flows import costs
from reporting.models import CostItem, CostStatement, CostType
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def responder(client, project):
    user = make.make_member(project, "responder")
    client.force_login(user)
    return user


@pytest.fixture
def incident(project):
    """Sixty hours old."""
    now = timezone.now()
    return flows.declare(
        project=project, title="Old", commander="ada@example.com", actor=make.system(), now=now - timedelta(hours=60)
    )


def tab(client, incident) -> str:
    answer = client.get(reverse("admin:incidents_incident_change", args=[incident.pk]), {"tab": "cost"})
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, name, pk, **data):
    return client.post(reverse(f"admin:{name}", args=[pk]), data)


def add(client, incident, **data):
    values = {
        "type": CostType.objects.get(project=incident.project, name="Vendor").pk, "amount": "1200",
        "incurred_on": "2026-11-24", "note": "Forensics", **data,
    }  # fmt: skip
    return post(client, "incidents_incident_add-cost", incident.pk, **values)


def test_the_tab_shows_total_lines_and_their_explanation(client, responder, incident):
    page = tab(client, incident)

    assert "576.96 USD" in page
    assert "60 h as Incident Commander. Of every 24 h the first 8 count. 24 h × 24.04 = 576.96." in page
    assert "24.04 USD" in page
    assert CostStatement.objects.get().currency == ""


def test_the_tab_asks_the_same_whoever_takes_part(client, responder, incident, project, django_assert_max_num_queries):
    with django_assert_max_num_queries(40) as few:
        tab(client, incident)
    for number in range(12):
        person = make.make_individual(project, name=f"Person {number}")
        add_participant(
            subject=incident, individual=person, role="participant", actor=make.system(), now=timezone.now()
        )
        add(client, incident)
    with django_assert_max_num_queries(40) as many:
        tab(client, incident)

    assert abs(len(many) - len(few)) <= 2


def test_a_cost_is_added_changed_and_removed_by_dialogs(client, responder, incident):
    assert add(client, incident).status_code == 302
    item = CostItem.objects.get()
    assert (item.amount, item.author) == (1200, responder)
    assert "Forensics" in tab(client, incident)

    values = {"type": item.type_id, "amount": "7.25", "incurred_on": "2026-11-23", "note": "", "version": 1}
    assert post(client, "reporting_costitem_edit", item.pk, **values).status_code == 302
    assert "7.25 USD" in tab(client, incident)
    stale = post(client, "reporting_costitem_edit", item.pk, **{**values, "amount": "8"})
    assert "meanwhile" in stale.content.decode()

    assert post(client, "reporting_costitem_remove", item.pk, version=2).status_code == 302
    assert not CostItem.objects.exists()


@pytest.mark.parametrize("amount", ["0", "-3", "1.234", "x", ""])
def test_a_wrong_amount_stays_in_the_dialog(client, responder, incident, amount):
    answer = add(client, incident, amount=amount)

    assert answer.status_code == 200
    assert answer.context["form"].errors["amount"]
    assert not CostItem.objects.exists()


def test_strangers_find_neither_dialog_nor_item(client, project, incident, responder):
    add(client, incident)
    item = CostItem.objects.get()
    client.force_login(make.make_member(make.make_project(name="Other"), "admin"))

    assert add(client, incident).status_code == 404
    assert post(client, "reporting_costitem_remove", item.pk, version=1).status_code == 404
    assert CostItem.objects.count() == 1


def test_the_list_has_the_stored_cost(client, responder, incident):
    costs.work_out(subject=incident, now=timezone.now())

    page = client.get(reverse("admin:incidents_incident_changelist")).content.decode()

    assert "576.96 USD" in page


def test_managers_keep_the_types(client, project):
    client.force_login(make.make_member(project, "manager"))
    page = client.get(reverse("admin:reporting_costtype_changelist"))
    assert "Lost revenue" in page.content.decode()

    added = client.post(
        reverse("admin:reporting_costtype_add"),
        {"project": project.pk, "name": "Travel", "category": "primary", "description": "", "enabled": "on"},
    )

    assert added.status_code == 302, added.context["adminform"].form.errors
    assert CostType.objects.filter(project=project, name="Travel").exists()

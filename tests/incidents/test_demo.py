"""The demo organization: the same on each load, dated from today, telling nobody, and only where nothing is yet."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.urls import reverse

from core.models import Membership, Project, User
from core.operations.models import Operation
from core.timeline import Event
from incidents.demo.loading import NotEmpty, load
from incidents.models import Incident
from integrations.models import OutgoingMail
from people.models import Individual, Participant, Role
from reporting.models import CostItem, CostStatement
from tests import factories as make

pytestmark = pytest.mark.django_db
SIZE = 12
NOW = datetime(2026, 11, 25, 10, 7, tzinfo=UTC)


def quiet(_done: int, _total: int) -> None:
    """No progress."""


def told(now: datetime = NOW, size: int = SIZE) -> list[tuple]:
    """What a load comes to, without ids and dates."""
    load(now=now, password="quite-long-and-odd", say=quiet, size=size)
    incidents = Incident.objects.order_by("reported_at", "pk").annotate(people=Count("participants", distinct=True))
    rows = incidents.values_list(
        "name", "title", "status", "visibility", "type__name", "severity__name", "event_count", "people"
    )
    counts = [(model.__name__, model.objects.count()) for model in (Event, Participant, Role, Operation, CostItem)]
    totals = list(CostStatement.objects.filter(final=True).order_by("incident__name").values_list("total", flat=True))
    return [*rows, *counts, *totals, *Individual.objects.order_by("email").values_list("email", "name", "title")]


def forget() -> None:
    """Empty the database, as another one would be."""
    call_command("flush", interactive=False, verbosity=0)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_two_loads_are_equal():
    first = told(size=8)
    forget()

    assert told(size=8) == first


def test_what_is_loaded_is_whole_and_calls_nobody(client):
    load(now=NOW, password="quite-long-and-odd", say=quiet, size=SIZE)

    check_incidents()
    check_timelines()
    check_outside()
    check_people_and_costs()
    check_how_it_shows(client)


def check_incidents():
    """Open, closed and restricted ones, over the year, up to today."""
    assert set(Incident.objects.values_list("status", flat=True)) == {"active", "stable", "closed"}
    assert Incident.objects.count() == SIZE
    assert Incident.objects.filter(visibility="restricted").exists()
    assert NOW - Incident.objects.earliest("reported_at").reported_at > timedelta(days=200)
    assert NOW - Incident.objects.latest("reported_at").reported_at < timedelta(hours=2)
    assert not Incident.objects.filter(updated_at__gt=NOW).exists()


def check_timelines():
    """In order, unbroken, and nothing lies ahead."""
    for incident in Incident.objects.all():
        recorded = list(incident.events.order_by("seq").values_list("recorded_at", flat=True))
        assert recorded == sorted(recorded), incident
    assert not Event.objects.filter(happened_at__gt=NOW).exists()
    assert not Event.objects.filter(recorded_at__gt=NOW).exists()
    call_command("verify_timeline", stdout=StringIO())


def check_outside():
    """Tickets and documents are there; nothing waits, fails or is mailed."""
    for incident in Incident.objects.all():
        kinds = set(incident.resources.values_list("kind", flat=True))
        assert {"ticket", "incident_document"} <= kinds
        assert incident.status == "active" or "review_document" in kinds
    assert set(Operation.objects.values_list("status", flat=True)) <= {"succeeded", "skipped"}
    assert not OutgoingMail.objects.exists()
    assert mail.outbox == []


def check_people_and_costs():
    """Three time zones, addresses that reach nobody, and a cost for each incident."""
    people = Individual.objects.all()
    assert {"Europe/Berlin", "America/New_York", "Asia/Singapore"} <= {person.time_zone for person in people}
    assert all(person.email.endswith("@example.com") for person in people)
    totals = CostStatement.objects.values_list("total", "currency")
    assert len(totals) == SIZE
    assert all(total > 0 and currency for total, currency in totals)


def check_how_it_shows(client):
    """Restricted ones stay hidden, the home page is full, and it is not loaded twice."""
    hidden = Incident.objects.filter(visibility="restricted").earliest("pk")
    elsewhere = User.objects.filter(is_staff=True, memberships__role="responder").exclude(
        individuals__participations__incident=hidden
    )

    client.force_login(elsewhere.earliest("pk"))
    listed = client.get(reverse("admin:incidents_incident_changelist") + "?tab=all").content.decode()
    assert Incident.objects.filter(visibility="open").latest("reported_at").title in listed
    assert f"{hidden.name} {hidden.title}" not in listed

    client.force_login(User.objects.get(email="maya.brandt@example.com"))
    home = client.get(reverse("admin:index")).content.decode()
    assert "Everything outside is up to date" in home
    assert Incident.objects.filter(status="active").latest("reported_at").title in home

    with pytest.raises(NotEmpty, match=f"{SIZE} incidents"):
        load(now=NOW, password="quite-long-and-odd", say=quiet, size=SIZE)
    assert Incident.objects.count() == SIZE


def test_the_command_says_who_can_sign_in():
    call_command("first_owner", stdout=StringIO())
    out = StringIO()

    call_command("load_demo", size=6, stdout=out)

    said = out.getvalue()
    assert "6 of 6 incidents" in said
    password = said.split("password ")[1].split(" ")[0]
    maya = User.objects.get(email="maya.brandt@example.com")
    assert maya.email in said
    assert "owner@dispatch.example" in said
    assert maya.check_password(password)
    assert Project.objects.count() == 2
    assert Membership.objects.filter(role="owner").get().user.individuals.get().participations.count() == 2


def test_where_there_is_work_already_it_stays_away():
    make.declare(make.make_project(name="Security"))
    out = StringIO()

    with pytest.raises(CommandError, match="1 incident"):
        call_command("load_demo", size=6, stdout=out)
    call_command("load_demo", "--if-empty", size=6, stdout=out)

    assert "goes into an empty installation" in out.getvalue()
    assert Incident.objects.count() == 1

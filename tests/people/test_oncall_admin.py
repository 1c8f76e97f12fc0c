"""On-call in the console: the list, a service's page and its dialogs, swaps, the home page's card."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from core.flows import configuration
from people.flows import oncall
from people.models import CalendarFeed, Override, RotationLayer, Service, Swap
from tests import factories as make
from tests.people.rotas import make_layer, make_service

pytestmark = pytest.mark.django_db
PAST = date(2020, 1, 6)


@pytest.fixture
def project():
    return make.make_project(name="Security")


@pytest.fixture
def manager(client, project):
    user = make.make_member(project, "manager", email="max@example.com", name="Max")
    client.force_login(user)
    return user


@pytest.fixture
def ada(project):
    return make.make_member(project, "responder", email="ada@example.com", name="Ada Lovelace")


@pytest.fixture
def bob(project):
    return make.make_member(project, "responder", email="bob@example.com", name="Bob Stone")


@pytest.fixture
def service(project, ada):
    """Ada is on call, always."""
    service = make_service(project, now=timezone.now(), owner=make.make_individual(project, name="Olga Owner"))
    make_layer(service, [make.individual_of(ada, project)], now=timezone.now(), starts_on=PAST)
    return service


def url(name, *args):
    return reverse(f"admin:people_{name}", args=args)


def page(client, service, **query):
    answer = client.get(url("service_change", service.pk), query)
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, name, pk, /, **data):
    return client.post(url(name, pk), data)


def local(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


LAYER = {
    "name": "Nights", "order": "1", "cadence": "weekly", "turn_hours": "", "handover_at": "09:00",
    "handover_weekday": "0", "time_zone": "Europe/Berlin", "starts_on": "2020-01-06", "ends_on": "",
    "members": "bob@example.com", "restrictions": "",
}  # fmt: skip

# The list


def test_the_jump_box_leads_to_a_service_of_ones_project_by_its_present_name(client, manager, service, project):
    make_service(make.make_project(), name="Primary elsewhere", now=timezone.now())

    def found(text):
        return client.get(reverse("admin:search") + f"?s={text}&extended=1").content.decode()

    service.name = "Payments primary"
    oncall.save_service(service, actor=make.actor_for(manager), now=timezone.now())

    assert url("service_change", service.pk) in found("primary")
    assert "elsewhere" not in found("primary")

    empty = make_service(project, name="Unused", now=timezone.now())
    assert url("service_change", empty.pk) in found("unused")
    configuration.delete(empty, actor=make.actor_for(manager))
    assert url("service_change", empty.pk) not in found("unused")


def test_the_list_says_who_is_on_call_or_whom_to_ask(client, manager, project, service):
    make_service(project, "Empty", now=timezone.now(), owner=service.owner)

    shown = client.get(url("service_changelist")).content.decode()

    assert "Ada Lovelace" in shown
    assert "nobody, ask Olga Owner" in shown
    assert "1 gap" in shown
    assert "Covered" in shown


def test_the_list_asks_the_same_for_3_and_20_services(client, manager, project, service, django_assert_max_num_queries):
    for number in range(2):
        make_service(project, f"Few {number}", now=timezone.now())
    with django_assert_max_num_queries(25) as few:
        client.get(url("service_changelist"))
    people = [make.make_individual(project) for _ in range(3)]
    for number in range(17):
        make_layer(make_service(project, f"More {number}", now=timezone.now()), people, now=timezone.now())
    with django_assert_max_num_queries(25) as many:
        client.get(url("service_changelist"))

    assert len(few) == len(many)


def test_services_of_other_projects_are_not_there(client, manager):
    other = make_service(make.make_project(), "Foreign service", now=timezone.now())

    assert client.get(url("service_change", other.pk)).status_code == 404
    for name in ("edit", "add-layer", "add-override", "ask-swap", "make-feed", "set-escalation"):
        assert post(client, f"service_{name}", other.pk).status_code == 404
    assert "Foreign service" not in client.get(url("service_changelist")).content.decode()


# The page


def test_a_service_is_made_and_its_page_leads_on(client, manager, project):
    answer = client.post(
        url("service_add"), {"project": project.pk, "name": "Network", "description": "", "escalation_minutes": "5"}
    )

    made = Service.objects.get(name="Network")
    assert answer["Location"] == url("service_change", made.pk)
    shown = page(client, made)
    assert "Nobody takes turns yet." in shown
    assert "name an owner or an escalation list" in shown


def test_the_page_shows_now_four_weeks_and_the_setup(client, manager, service, ada):
    shown = page(client, service)

    # The four weeks begin this Monday, and the service is new today: 22 days at least, and the figure above.
    assert shown.count("Ada Lovelace") >= 23
    assert "Olga Owner" in shown
    assert "somebody is always on call" in shown
    assert "today" in shown


def test_other_weeks_are_turned_to_and_nonsense_shows_these(client, manager, service):
    later = page(client, service, **{"from": "2031-03-06"})

    # 6 March 2031 is a Thursday; its week begins on the 3rd.
    assert "3 Mar 2031" in later
    assert "· today" not in later
    assert "· today" in page(client, service, **{"from": "nonsense"})


def test_the_page_costs_the_same_however_much_there_is(
    client, manager, project, service, django_assert_max_num_queries
):
    page(client, service)
    with django_assert_max_num_queries(45) as few:
        page(client, service)
    people = [make.make_individual(project) for _ in range(6)]
    now = timezone.now()
    make_layer(service, people, now=now, name="Days", order=2, cadence="daily", starts_on=PAST)
    for number in range(4):
        at = now + timedelta(days=number)
        oncall.add_override(
            service=service, individual=people[number], starts_at=at, ends_at=at + timedelta(hours=2),
            actor=make.actor_for(manager), now=now,
        )  # fmt: skip
    with django_assert_max_num_queries(45) as many:
        page(client, service)

    assert abs(len(many) - len(few)) <= 1


def test_the_calendar_is_on_the_readers_clock(client, manager, service):
    manager.time_zone = "Asia/Tokyo"
    manager.save()

    assert "times in Asia/Tokyo" in page(client, service)


def test_double_duty_is_shown_of_visible_services_only(client, manager, project, service, ada):
    person = make.individual_of(ada, project)
    hidden = make_service(make.make_project(project.organization), "Hidden service", now=timezone.now())
    make_layer(hidden, [person], now=timezone.now(), starts_on=PAST)
    assert "Double duty" not in page(client, service)

    other = make_service(project, "Network", now=timezone.now())
    make_layer(other, [person], now=timezone.now(), starts_on=PAST)

    shown = page(client, service)
    assert "Double duty" in shown
    assert "Network" in shown
    assert "Hidden service" not in shown


def test_rows_of_services_of_other_projects_are_not_there(client, manager, project):
    elsewhere, now = make.make_project(), timezone.now()
    user = make.make_member(elsewhere, "admin")
    people = [make.individual_of(user, elsewhere), make.make_individual(elsewhere)]
    foreign = make_service(elsewhere, "Foreign service", now=now)
    layer = make_layer(foreign, people[:1], now=now, starts_on=PAST)
    span = {"starts_at": now + timedelta(hours=1), "ends_at": now + timedelta(hours=2)}
    by = {"actor": make.actor_for(user), "now": now}
    override = oncall.add_override(service=foreign, individual=people[0], **span, **by)
    swap = oncall.ask_swap(service=foreign, asked_by=people[0], asked=people[1], **span, **by)
    feed, _secret = oncall.make_feed(organization=elsewhere.organization, service=foreign, **by)

    for name, row in (
        ("rotationlayer_edit", layer), ("rotationlayer_remove", layer), ("override_cancel", override),
        ("swap_accept", swap), ("swap_decline", swap), ("swap_withdraw", swap), ("swap_change", swap),
        ("calendarfeed_end", feed), ("shift_change", foreign.shifts.first()),
    ):  # fmt: skip
        assert client.get(url(name, row.pk)).status_code == 404, name
        assert post(client, name, row.pk).status_code == 404, name
    for name in ("shift_changelist", "swap_changelist"):
        assert "Foreign service" not in client.get(url(name)).content.decode()
    assert (RotationLayer.objects.count(), Swap.objects.get().status) == (1, "asked")


# Dialogs


def test_a_layer_is_added_changed_and_removed(client, manager, project, service, bob):
    make.individual_of(bob, project)
    added = post(
        client, "service_add-layer", service.pk, **{**LAYER, "order": "2", "restrictions": "Sat, Sun 00:00-24:00"}
    )
    assert added.status_code == 302, added.context["form"].errors
    layer = RotationLayer.objects.get(name="Nights")
    assert (layer.order, layer.members.count(), layer.restrictions.count()) == (2, 1, 2)
    assert "Sat, Sun 00:00-24:00" in page(client, service)

    form = client.get(url("rotationlayer_edit", layer.pk)).context["form"]
    assert form.initial["members"] == "bob@example.com"
    changed = {**LAYER, "order": "3", "members": "bob@example.com\nada@example.com", "version": layer.version}
    assert post(client, "rotationlayer_edit", layer.pk, **changed).status_code == 302
    layer.refresh_from_db()
    assert (layer.order, layer.members.count(), layer.restrictions.count()) == (3, 2, 0)
    stale = post(client, "rotationlayer_edit", layer.pk, **changed)
    assert "meanwhile" in stale.content.decode()

    assert post(client, "rotationlayer_remove", layer.pk).status_code == 302
    assert not RotationLayer.objects.filter(name="Nights").exists()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("members", "nobody@example.com", "Nobody here has the address"),
        ("members", "no address", "address"),
        ("members", "ada@example.com\nada@example.com", "on the list twice"),
        ("restrictions", "at night", "cannot be read"),
        ("order", "1", "exists already"),
    ],
)
def test_what_is_wrong_with_a_layer_is_said_at_its_field(client, manager, service, field, value, said):
    answer = post(client, "service_add-layer", service.pk, **{**LAYER, "members": "", "order": "2", field: value})

    assert answer.status_code == 200
    assert said in str(answer.context["form"].errors[field])
    assert RotationLayer.objects.count() == 1


def test_settings_are_changed_and_plugins_are_for_admins(client, manager, service, bob, project):
    make.individual_of(bob, project)
    form = client.get(url("service_edit", service.pk)).context["form"]
    assert "plugin_instance" not in form.fields

    values = {
        "name": "Response", "description": "", "owner": "bob@example.com", "escalation_minutes": "7", "is_active": "on",
        "version": form.initial["version"],
    }  # fmt: skip
    assert post(client, "service_edit", service.pk, **values).status_code == 302

    service.refresh_from_db()
    assert (service.name, service.owner.email, service.escalation_minutes) == ("Response", "bob@example.com", 7)


def test_the_escalation_list_names_people_and_services(client, manager, project, service):
    make_service(project, "Network", now=timezone.now())
    answer = post(client, "service_set-escalation", service.pk, steps="Network\nada@example.com", version=1)

    assert answer.status_code == 302, answer.context["form"].errors
    assert [str(step) for step in service.escalation.order_by("position")] == ["Network", "Ada Lovelace"]
    assert "whoever is on call for Network" in page(client, service)


def test_an_override_is_added_on_the_readers_clock_and_cancelled(client, manager, project, service, bob):
    # Tokyo is nine hours ahead of UTC all year.
    manager.time_zone = "Asia/Tokyo"
    manager.save()
    make.individual_of(bob, project)
    begin = datetime.now(ZoneInfo("Asia/Tokyo")).replace(microsecond=0) + timedelta(days=1)
    values = {"individual": "bob@example.com", "starts_at": local(begin), "ends_at": local(begin + timedelta(hours=2))}
    assert post(client, "service_add-override", service.pk, **values).status_code == 302
    made = Override.objects.get()
    assert made.starts_at == begin
    assert "Override" in page(client, service)

    assert post(client, "override_cancel", made.pk).status_code == 302
    made.refresh_from_db()
    assert made.cancelled_at is not None


def test_a_responder_takes_a_span_but_puts_nobody_else_on_call(client, project, service, ada, bob):
    make.individual_of(bob, project)
    client.force_login(bob)
    begin = timezone.now() + timedelta(days=1)
    values = {"starts_at": local(begin), "ends_at": local(begin + timedelta(hours=2))}

    refused = post(client, "service_add-override", service.pk, individual="ada@example.com", **values)
    assert "for themselves only" in refused.content.decode()
    assert post(client, "service_add-layer", service.pk, **LAYER).status_code == 403
    assert not Override.objects.exists()

    assert post(client, "service_add-override", service.pk, individual="bob@example.com", **values).status_code == 302
    assert Override.objects.get().individual.name == "Bob Stone"


def test_a_swap_is_asked_for_seen_and_accepted(client, project, service, ada, bob):
    make.individual_of(bob, project)
    client.force_login(ada)
    begin = timezone.now().replace(microsecond=0) + timedelta(days=1)
    shift = service.shifts.get()
    asked = post(
        client, "service_ask-swap", service.pk, shift=shift.pk, asked="bob@example.com", starts_at=local(begin),
        ends_at=local(begin + timedelta(hours=4)), note="Dentist",
    )  # fmt: skip
    assert asked.status_code == 302, asked.context["form"].errors
    swap = Swap.objects.get()
    assert client.get(url("swap_accept", swap.pk)).status_code == 200
    assert "Only Bob Stone" in post(client, "swap_accept", swap.pk).content.decode()
    assert "Dentist" in page(client, service)

    client.force_login(bob)
    home = client.get(reverse("admin:index")).content.decode()
    assert "Ada Lovelace asks you for a swap" in home
    assert "Accept" in client.get(url("swap_change", swap.pk)).content.decode()
    assert post(client, "swap_accept", swap.pk).status_code == 302

    assert [row.individual.name for row in service.shifts.order_by("starts_at")] == [
        "Ada Lovelace", "Bob Stone", "Ada Lovelace",
    ]  # fmt: skip
    assert "asks you for a swap" not in client.get(reverse("admin:index")).content.decode()
    listed = client.get(url("swap_changelist")).content.decode()
    assert "Ada Lovelace asks Bob Stone" in listed
    assert "Accepted" in listed


def test_a_swap_is_declined_and_withdrawn(client, project, service, ada, bob):
    begin = timezone.now() + timedelta(days=1)
    swaps = [
        oncall.ask_swap(
            service=service, asked_by=make.individual_of(ada, project), asked=make.individual_of(bob, project),
            starts_at=begin, ends_at=begin + timedelta(hours=1), actor=make.actor_for(ada), now=timezone.now(),
        )
        for _ in range(2)
    ]  # fmt: skip

    client.force_login(bob)
    assert post(client, "swap_decline", swaps[0].pk).status_code == 302
    client.force_login(ada)
    assert post(client, "swap_withdraw", swaps[1].pk).status_code == 302

    assert list(Swap.objects.order_by("pk").values_list("status", flat=True)) == ["declined", "withdrawn"]


def test_a_swap_names_somebody_to_ask(client, manager, service):
    answer = post(client, "service_ask-swap", service.pk, shift=service.shifts.get().pk)

    assert "Say whom to ask." in str(answer.context["form"].errors["asked"])
    assert not Swap.objects.exists()


def test_a_calendar_address_is_shown_once_and_ended(client, manager, service):
    made = post(client, "service_make-feed", service.pk, whose="all")
    shown = made.content.decode()
    assert "no-store" in made["Cache-Control"]
    assert "http://testserver/calendar/" in shown
    feed = CalendarFeed.objects.get()
    assert (feed.service, feed.user) == (service, manager)
    assert "/calendar/" not in page(client, service)

    assert post(client, "calendarfeed_end", feed.pk).status_code == 302
    feed.refresh_from_db()
    assert feed.revoked_at is not None


def test_somebody_elses_address_is_not_there(client, service, ada, bob, project):
    feed, _secret = oncall.make_feed(organization=project.organization, actor=make.actor_for(ada), now=timezone.now())
    client.force_login(bob)

    assert post(client, "calendarfeed_end", feed.pk).status_code == 404


def test_working_it_out_again_has_a_button(client, manager, service):
    Service.objects.filter(pk=service.pk).update(refreshed_at=None)

    assert post(client, "service_refresh", service.pk).status_code == 302
    service.refresh_from_db()
    assert service.refreshed_at is not None


def test_a_failed_refresh_is_said_on_list_and_page(client, manager, service):
    Service.objects.filter(pk=service.pk).update(refresh_error="Roster does not answer.")

    assert "Not up to date" in client.get(url("service_changelist")).content.decode()
    assert "Roster does not answer." in page(client, service)


# Shifts and the home page


def test_shifts_are_listed_and_nobody_writes_them(client, manager, service):
    shift = service.shifts.get()

    assert "Ada Lovelace" in client.get(url("shift_changelist")).content.decode()
    assert client.get(url("shift_change", shift.pk)).status_code == 200
    assert client.get(url("shift_add")).status_code == 403
    assert post(client, "shift_delete", shift.pk).status_code == 403


def test_the_list_of_shifts_begins_with_now_and_the_past_is_apart(client, manager, service, ada, bob, project):
    now = timezone.now()
    service.shifts.create(
        individual=make.individual_of(bob, project), source="rotation", starts_at=now - timedelta(days=3),
        ends_at=now - timedelta(days=2),
    )  # fmt: skip

    coming = client.get(url("shift_changelist")).content.decode()
    over = client.get(url("shift_changelist"), {"when": "past"}).content.decode()

    assert ("Ada Lovelace" in coming, "Bob Stone" in coming) == (True, False)
    assert ("Ada Lovelace" in over, "Bob Stone" in over) == (False, True)


def test_the_home_page_says_who_is_on_call(client, manager, project, service):
    make_service(project, "Empty", now=timezone.now(), owner=service.owner)
    make_service(make.make_project(), "Foreign service", now=timezone.now())

    home = client.get(reverse("admin:index")).content.decode()

    assert "On call now" in home
    assert "Ada Lovelace" in home
    assert "ask Olga Owner" in home
    assert "Foreign service" not in home


def test_without_services_the_home_page_leads_to_the_first(client, manager):
    home = client.get(reverse("admin:index")).content.decode()

    assert "No service has a rotation yet." in home
    assert url("service_add") in home

"""The walk: every console page, dialog and API operation, as everybody who must not see, with foreign ids.

Nothing answers but "not there", nothing shows the secret, nothing changes.
"""

import logging
from datetime import date, time, timedelta

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.forms import BaseForm, ModelChoiceField
from django.test import Client
from django.utils import timezone

from core.attachments import flows as attachments
from core.flows import subjects
from core.models import BusinessHours, Operation, Project, SubjectLink
from core.operations import queue
from core.timeline import flows as timeline
from incidents import flows
from incidents.models import Incident
from integrations.models import PluginInstance
from knowledge.models import DocumentVersion, Tag, TagType
from people import flows as people
from people.flows import contacts, handovers, oncall, pages, policies, tasks
from people.models import (
    ContactMethod,
    EngagementRule,
    Role,
    RolePolicy,
    RotationLayer,
    Service,
    Shift,
    ShiftFeedback,
)
from tests import factories as make
from tests.house.walk import addresses

pytestmark = pytest.mark.django_db

SECRET = "zyxquark"
HIDDEN = {301, 302, 403, 404, 405}
# A manager finds every page that a responder finds; so the responder's walks belong to the long runs.
OUTSIDERS = ["outsider", "member", pytest.param("responder", marks=pytest.mark.soak), "manager"]
ANYTHING = {
    "description": "x", "reason": "x", "role": "scribe", "kind": "related", "version": "1", "email": "x@example.com",
    "title": "x", "name": "x", "status": "closed", "individual": "x@example.com", "note": "x",
}  # fmt: skip
API = "api/v1/"
# However a page or an operation names its search.
QUERIES = {"admin/": ("q", "s", "term"), API: ("search", "q")}


@pytest.fixture(autouse=True)
def quiet():
    """Thousands of refusals are the point here; writing each one down takes longer than the refusing."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def plain_answers(monkeypatch):
    """What pages were made of is not looked at; copying each template's context would be half of the time."""
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *_args, **_words: None)


@pytest.fixture
def world(settings, tmp_path):
    """A restricted incident with everything that hangs on it, and people of every kind."""
    settings.MEDIA_ROOT = tmp_path
    project = make.make_project(name_prefix="ZQ")
    elsewhere = make.make_project()
    who = {role: make.make_member(project, role) for role in ("member", "responder", "manager", "admin", "owner")}
    who["outsider"] = make.make_member(elsewhere, "owner")
    who["participant"] = make.make_member(project, "responder")
    make.declare(project, title="Open for all members")
    incident = _restricted(project, who["admin"], who["participant"])
    for user in who.values():
        user.set_password("walk")
        user.save()
    return {"project": project, "elsewhere": elsewhere, "who": who, "incident": incident}


def _restricted(project, admin, participant):
    by = {"actor": make.actor_for(admin), "now": timezone.now()}
    tag = Tag.objects.create(project=project, tag_type=TagType.objects.create(project=project, name="Kind"), name="t")
    incident = flows.declare(
        project=project,
        title=f"{SECRET} title",
        description=f"{SECRET} text",
        visibility="restricted",
        tags=[tag],
        **by,
    )
    people.add_participant(subject=incident, individual=make.individual_of(participant, project), **by)
    scribe = make.make_individual(project)
    people.assign_role(subject=incident, individual=scribe, role="scribe", **by)
    contacts.save_contact_method(individual=scribe, kind="email", address=f"{SECRET}@example.com", **by)
    timeline.add_entry(subject=incident, description=f"{SECRET} entry", **by)
    file = SimpleUploadedFile(f"{SECRET}.txt", SECRET.encode())
    attachments.attach(subject=incident, files=[file], **by)
    tasks.create_task(subject=incident, title=f"{SECRET} task", description=f"{SECRET} details", **by)
    pages.page(subject=incident, fact="walk", individual=scribe, message=f"{SECRET} page", **by)
    taker = make.make_individual(project)
    handovers.offer(subject=incident, role="scribe", to=taker, summary=f"{SECRET} summary", **by)
    flows.change_status(incident=incident, to="stable", **by)
    other = flows.declare(project=project, title=f"{SECRET} other", visibility="restricted", **by)
    subjects.link(source=incident, target=other, kind="related", **by)
    PluginInstance.objects.create(project=project, plugin="builtin", name=f"{SECRET} plugin")
    _rota(project, participant, by)
    queue.run_due(200)
    return Incident.objects.get(pk=incident.pk)


def _rota(project, person, by):
    """A service with everything that hangs on it; its people have a part in the restricted incident."""
    service = oncall.save_service(Service(project=project, name="Rota"), **by)
    one, other = make.individual_of(person, project), make.make_individual(project)
    layer = RotationLayer(service=service, name="Weeks", handover_at=time(9), starts_on=date(2020, 1, 6))
    oncall.save_layer(layer, members=[one], **by)
    span = {"starts_at": by["now"] + timedelta(hours=1), "ends_at": by["now"] + timedelta(hours=2)}
    oncall.ask_swap(service=service, asked_by=one, asked=other, **span, **by)
    oncall.add_override(service=service, individual=other, **span, **by)
    oncall.set_escalation(service=service, steps=[other], **by)
    oncall.make_feed(organization=project.organization, service=service, **by)
    # Nobody goes on there, so that its person is asked how it was.
    nights = oncall.save_service(Service(project=project, name="Nights", asks_for_feedback=True), **by)
    Shift.objects.create(
        service=nights, individual=one, source="rotation", starts_at=by["now"] - timedelta(hours=8), ends_at=by["now"]
    )
    oncall.ask_how_shifts_were(now=by["now"])
    feedback = ShiftFeedback.objects.get()
    oncall.say_how_it_was(feedback=feedback, rating=2, text="Nine pages", now=by["now"], actor=make.actor_for(person))
    policies.save_rule(RolePolicy(project=project, name="Leads", role=Role.Name.LIAISON, service=service), **by)
    policies.save_rule(EngagementRule(project=project, name="Looks on", service=service), **by)


def secrets_of(world, role):
    """Rows by model that the visitor must not reach: the whole foreign project, or what hangs on the restricted one."""
    incident, project = world["incident"], world["project"]
    rows = {Incident: [incident]}
    foreign = {
        "project": {"project": project}, "organization": {"organization": project.organization},
        "service": {"service__project": project}, "shift": {"shift__service__project": project},
    }  # fmt: skip
    for model in apps.get_models():
        fields = {field.name for field in model._meta.get_fields() if field.concrete}
        found = []
        if "incident" in fields:
            found = list(model._base_manager.filter(incident=incident)[:2])
        for field, scope in foreign.items() if role == "outsider" else ():
            if not found and field in fields:
                found = list(model._base_manager.filter(**scope)[:2])
        if found:
            rows[model] = found
    rows[SubjectLink] = list(SubjectLink.objects.all())
    if role == "outsider":
        rows[Project], rows[type(project.organization)] = [project], [project.organization]
    if role != "outsider":
        rows.pop(BusinessHours, None)
    return {model: found for model, found in rows.items() if found}


def fingerprint():
    """How much there is of everything that people's work is, and each subject's version and head."""
    left_out = {"session", "restrictedread", "logentry", "apitoken", "idempotencyrecord"}
    counts = {
        model._meta.label: model._base_manager.count()
        for model in apps.get_models()
        if model._meta.model_name not in left_out
    }
    heads = list(Incident.objects.order_by("pk").values_list("version", "event_head"))
    states = sorted(Operation.objects.values_list("pk", "status", "attempts"))
    return counts, heads, states, DocumentVersion.objects.count()


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def body_of(response):
    """All that came; a stream is read once and kept."""
    if response.streaming and not hasattr(response, "read_body"):
        response.read_body = b"".join(response.streaming_content)
    return response.read_body if response.streaming else response.content


def shows_secret(response):
    return SECRET.encode() in body_of(response).lower()


def visits(client, path):
    """GET and POST by a form; for the API also PATCH and DELETE."""
    yield "GET", client.get(path)
    if path.startswith("/api/"):
        yield "POST", client.post(path, {}, content_type="application/json")
        yield "PATCH", client.patch(path, {"title": "x"}, content_type="application/json")
        yield "DELETE", client.delete(path)
    else:
        yield "POST", client.post(path, ANYTHING)
        yield "POST", client.post(path, ANYTHING, headers={"HX-Request": "true"})


def named(address, rows, incident):
    """The address for each secret row that its parameters can name."""
    keys = [row.uuid if address.template.startswith(API) else row.pk for row in rows.get(address.model, [])]
    last = address.parameters[-1]
    if last == "subject":
        return [address.path(subject=incident.uuid), address.path(subject=incident.name)]
    person = next((row.individual.uuid for row in rows.get(ContactMethod, [])), incident.uuid)
    return [address.path(**{"subject": incident.uuid, "individual": person, last: key}) for key in keys]


@pytest.mark.parametrize("prefix", ["admin/", API])
@pytest.mark.parametrize("role", OUTSIDERS)
def test_nobody_reaches_what_they_may_not_see(world, role, prefix, plain_answers):
    client, rows = client_of(world["who"][role]), secrets_of(world, role)
    before, walked, leaks = fingerprint(), 0, []

    for address in addresses(prefix):
        for path in named(address, rows, world["incident"]) if address.parameters else []:
            for method, response in visits(client, path):
                walked += 1
                if response.status_code not in HIDDEN or shows_secret(response):
                    leaks.append(f"{method} {path}: {response.status_code}")

    assert leaks == []
    assert fingerprint() == before
    assert walked > 40


@pytest.mark.parametrize("prefix", ["admin/", API])
@pytest.mark.parametrize("role", OUTSIDERS)
def test_no_list_page_or_search_shows_or_counts_it(world, role, prefix, plain_answers):
    client, leaks, walked = client_of(world["who"][role]), [], 0

    for address in addresses(prefix):
        if address.parameters:
            continue
        searches = () if address.template.endswith("/add/") else QUERIES[prefix]
        for query in ["", *(f"?{name}={SECRET}" for name in searches)]:
            response = client.get(address.path() + query)
            walked += 1
            # A page may repeat the word that was looked for; the name it cannot know.
            told = world["incident"].name.encode() in body_of(response) or (not query and shows_secret(response))
            if response.status_code >= 500 or told:
                leaks.append(f"{address.path()}{query}: {response.status_code}")

    assert leaks == []
    assert walked > 20


@pytest.mark.parametrize("role", ["participant", "admin", "owner"])
def test_who_may_see_it_does(world, role):
    client, incident = client_of(world["who"][role]), world["incident"]

    page = client.get(f"/admin/incidents/incident/{incident.pk}/change/")
    answer = client.get(f"/api/v1/incidents/{incident.name}/")

    assert page.status_code == answer.status_code == 200
    assert shows_secret(page)
    assert answer.json()["title"] == f"{SECRET} title"


def test_without_signing_in_there_is_nothing(world, plain_answers):
    client, open_doors = Client(), []
    rows = secrets_of(world, "outsider")

    for prefix in ("admin/", API):
        for address in addresses(prefix):
            paths = named(address, rows, world["incident"]) if address.parameters else [address.path()]
            for path in paths:
                response = client.get(path)
                if response.status_code not in {302, 401, 403, 404, 405} or shows_secret(response):
                    open_doors.append(f"{path}: {response.status_code}")

    assert [door for door in open_doors if not door.startswith("/admin/jsi18n/")] == []


@pytest.mark.parametrize("role", ["outsider", "manager"])
def test_no_form_offers_a_foreign_choice(world, role):
    """Each form of the visitor's own pages: what its fields offer, and what they accept when it is posted."""
    user = world["who"][role]
    client, rows = client_of(user), secrets_of(world, role)
    own = world["elsewhere"] if role == "outsider" else world["project"]
    mine = make.declare(own, by=user)
    offered, accepted, seen = [], [], 0

    for address in addresses("admin/"):
        for path in _own_paths(address, mine, own):
            foreign = {}
            for name, field in _choices(client.get(path)):
                seen += 1
                theirs = [row.pk for row in rows.get(field.queryset.model, [])]
                foreign |= {name: theirs[0]} if theirs else {}
                if field.queryset.filter(pk__in=theirs).exists():
                    offered.append(f"{path}: {name}")
            if foreign and client.post(path, {**ANYTHING, **foreign}).status_code >= 500:
                accepted.append(f"{path}: {', '.join(foreign)}")

    assert offered == []
    assert accepted == []
    assert seen > 10


def _own_paths(address, incident, project):
    if not address.parameters:
        return [address.path()]
    if address.parameters != ("object_id",):
        return []
    if address.model is Incident:
        return [address.path(object_id=incident.pk)]
    if address.model and isinstance(
        getattr(address.model, "project", None), models.fields.related.ForwardManyToOneDescriptor
    ):
        return [address.path(object_id=row.pk) for row in address.model._base_manager.filter(project=project)[:1]]
    return []


def _choices(response):
    """The fields of a page's forms that offer rows, each with the name it is posted by."""
    for form in _forms(response):
        for name, field in form.fields.items():
            if isinstance(field, ModelChoiceField):
                yield form.add_prefix(name), field


def _forms(response):
    found = []
    contexts = response.context if isinstance(response.context, list) else [response.context or {}]
    for context in contexts:
        for layer in getattr(context, "dicts", [context]):
            for value in layer.values():
                form = getattr(value, "form", value)
                if isinstance(form, BaseForm) and not any(form is there for there in found):
                    found.append(form)
    return found

"""Making organizations and projects, with what a project needs from its first minute."""

from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Conflict, Forbidden
from core.flows import configuration, memberships
from core.models.organizations import BusinessHours, MembershipRole, Organization, Project
from core.models.subjects import Sequence, SubjectName
from core.signals import ProjectChanged, ProjectCreated, project_changed, project_created

# What stands between a project's prefix and the number, by kind.
NAMES = {"incident": "INC", "case": "CASE", "ticket": "TKT"}
LONGEST_NUMBER = 8  # digits


@transaction.atomic
def create_organization(*, name: str, actor: Actor, now: datetime) -> Organization:
    """Make an organization; the acting user becomes its owner.

    :raises Forbidden: for anyone but an owner of an organization of this installation, or Dispatch itself.
    """
    if not actor.trusted and not access.may_somewhere(actor.user, Right.OWN):
        raise Forbidden(_("Only an owner may make an organization."))
    organization = Organization(name=name, slug=_free_slug(name))
    configuration.create(organization, actor=actor)
    if actor.user:
        memberships.grant(
            user=actor.user,
            organization=organization,
            role=MembershipRole.OWNER,
            actor=Actor.system(actor.face),
            now=now,
        )
    return organization


@transaction.atomic
def create_project(*, organization: Organization, name: str, actor: Actor, now: datetime, **settings: Any) -> Project:
    """Make a project with its names, business hours (Monday to Friday, 9 to 17) and seeded classification.

    The organization's first project becomes its default. Without `name_prefix` the first project of the installation
    goes without one and later ones get one made of their name.
    """
    access.require(actor, Right.OWN, organization)
    first = not organization.projects.exists()
    settings.setdefault("default", first)
    settings.setdefault("name_prefix", _free_prefix(name))
    project = Project(organization=organization, name=name, **settings)
    configuration.create(project, actor=actor)
    for kind in NAMES:
        Sequence.objects.create(project=project, kind=kind, prefix=prefix(project, kind))
    BusinessHours.objects.bulk_create(
        BusinessHours(project=project, weekday=day, opens_at=time(9), closes_at=time(17)) for day in range(5)
    )
    project_created.send(sender=Project, payload=ProjectCreated(project_id=project.pk))
    return project


@transaction.atomic
def save_project(project: Project, *, actor: Actor, now: datetime, version: int | None = None) -> Project:
    """Change a project's settings. A new name prefix is for new subjects; old names keep working.

    :raises Conflict: when the prefix is another project's.
    """
    before: Any = Project.objects.filter(pk=project.pk).values().first() or {}
    configuration.save(project, actor=actor, now=now, version=version)
    fields = frozenset(name for name, was in before.items() if getattr(project, name) != was)
    project_changed.send(sender=Project, payload=ProjectChanged(project_id=project.pk, fields=fields))
    for sequence in Sequence.objects.select_for_update().filter(project=project):
        wanted = prefix(project, sequence.kind)
        if sequence.prefix != wanted:
            _claim_prefix(sequence, wanted)
    return project


def prefix(project: Project, kind: str) -> str:
    """What stands before the number: INC, or PAY-INC with the project's prefix PAY."""
    return f"{project.name_prefix}-{NAMES[kind]}" if project.name_prefix else NAMES[kind]


def _claim_prefix(sequence: Sequence, wanted: str) -> None:
    if Sequence.objects.filter(prefix=wanted).exclude(pk=sequence.pk).exists():
        raise Conflict(_("The prefix “%(prefix)s” is another project's.") % {"prefix": wanted}, field="name_prefix")
    sequence.prefix = wanted
    # Names that another project gave by this prefix are passed over now, and not one by one at the first report.
    sequence.last_number = max(sequence.last_number, _highest_number(wanted))
    sequence.save(update_fields=["prefix", "last_number"])


def _highest_number(prefix: str) -> int:
    names = SubjectName.objects.filter(name__startswith=f"{prefix}-").values_list("name", flat=True)
    numbers = (name.removeprefix(f"{prefix}-") for name in names.iterator())
    # Keys of other systems are names too, with any number.
    return max((int(number) for number in numbers if number.isdecimal() and len(number) <= LONGEST_NUMBER), default=0)


def _free_prefix(name: str) -> str:
    if not Project.objects.filter(name_prefix="").exists():
        return ""
    letters = "".join(c for c in slugify(name).upper() if c.isalnum()).lstrip("0123456789")[:10] or "P"
    candidate, number = letters, 2
    while Project.objects.filter(name_prefix=candidate).exists():
        candidate, number = f"{letters[: 12 - len(str(number))]}{number}", number + 1
    return candidate


def _free_slug(name: str) -> str:
    base = slugify(name)[:90] or "organization"
    candidate, number = base, 2
    while Organization.objects.filter(slug=candidate).exists():
        candidate, number = f"{base}-{number}", number + 1
    return candidate

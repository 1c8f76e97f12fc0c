"""Who may do what: the one table. Console, API, Slack and tasks ask here; nothing else decides.

Membership in the project is the border: without one there is nothing, not even a count. Roles in a subject add
rights to a membership, they never replace it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In
from django.utils.translation import gettext as _

from core.errors import Forbidden
from core.models import organizations as org

if TYPE_CHECKING:
    from core.actor import Actor
    from core.models.subjects import Subject
    from core.models.users import User


class Right(StrEnum):
    """What can be granted."""

    SEE = "see"
    REPORT = "report"
    JOIN = "join"
    WRITE = "write"  # on the timeline
    EDIT = "edit"  # subjects, roles, participants, operations
    CONFIGURE = "configure"  # people, classification, policies
    SEE_RESTRICTED = "see_restricted"
    ADMINISTER = "administer"  # memberships, plugins, project settings
    DELETE = "delete"  # and restore
    OWN = "own"  # organization, projects, other owners


_MEMBER = frozenset({Right.SEE, Right.REPORT, Right.JOIN})
_RESPONDER = _MEMBER | {Right.WRITE, Right.EDIT}
_MANAGER = _RESPONDER | {Right.CONFIGURE}
_ADMIN = _MANAGER | {Right.SEE_RESTRICTED, Right.ADMINISTER, Right.DELETE}

# DESIGN: Access. What each membership grants in its project.
PROJECT_RIGHTS: dict[str, frozenset[Right]] = {
    "member": _MEMBER,
    "responder": _RESPONDER,
    "manager": _MANAGER,
    "admin": _ADMIN,
    "owner": _ADMIN | {Right.OWN},
}

_TAKES_PART = frozenset({Right.SEE, Right.WRITE})
# What a role in a subject adds there, restricted subjects included.
SUBJECT_RIGHTS: dict[str, frozenset[Right]] = {
    "incident_commander": _TAKES_PART | {Right.EDIT},
    "scribe": _TAKES_PART | {Right.EDIT},
    "liaison": _TAKES_PART | {Right.EDIT},
    "assignee": _TAKES_PART | {Right.EDIT},
    "reporter": _TAKES_PART,
    "participant": _TAKES_PART,
    "observer": _TAKES_PART,
}

# In words, for refusals.
NEEDS = {
    Right.SEE: "a member",
    Right.REPORT: "a member",
    Right.JOIN: "a member",
    Right.WRITE: "a responder or a participant",
    Right.EDIT: "a responder, or the one who leads it",
    Right.CONFIGURE: "a manager",
    Right.SEE_RESTRICTED: "an admin or a participant",
    Right.ADMINISTER: "an admin",
    Right.DELETE: "an admin",
    Right.OWN: "an owner of the organization",
}


def roles_granting(right: Right) -> list[str]:
    """The membership roles that hold a right."""
    return [role for role, rights in PROJECT_RIGHTS.items() if right in rights]


# Kinds of subjects: the names of the foreign keys to them (`core.models.subjects` says what each needs).
KINDS = ("incident", "case")
# Written by hand, because every query of every page holds them, several times over: building the same from querysets
# took half of a page's time. An owner's membership is the one without a project (a constraint of the table says so).
_PROJECTS = """
    SELECT project_id FROM core_membership WHERE user_id = %s AND role {any_of} AND project_id IS NOT NULL
    UNION ALL
    SELECT owned.id FROM core_project owned
    INNER JOIN core_membership mine ON mine.organization_id = owned.organization_id
    WHERE mine.user_id = %s AND mine.role = 'owner'
"""
_READABLE_AFTERWARDS = "SELECT id FROM core_project WHERE past_participants_may_read"
_ORGANIZATIONS = "SELECT organization_id FROM core_membership WHERE user_id = %s AND role {any_of}"


def projects_where(user: Any, right: Right = Right.SEE) -> RawSQL:
    """Primary keys of the projects where the user holds the right, as a subquery."""
    roles = roles_granting(right)
    return RawSQL(_PROJECTS.format(any_of=_any_of(roles)), [_pk(user), *roles, _pk(user)])  # noqa: S611


def organizations_where(user: Any, right: Right = Right.SEE) -> RawSQL:
    """Primary keys of the organizations where the user holds the right in some project, as a subquery."""
    roles = roles_granting(right)
    return RawSQL(_ORGANIZATIONS.format(any_of=_any_of(roles)), [_pk(user), *roles])  # noqa: S611


def may_somewhere(user: Any, right: Right) -> bool:
    """Whether the user holds the right anywhere."""
    return org.Membership.objects.filter(user_id=_pk(user), role__in=roles_granting(right)).exists()


def _any_of(roles: Sequence[str]) -> str:
    return f"IN ({', '.join(['%s'] * len(roles))})"


def subject_filter(model: type[models.Model], user: Any) -> Q:
    """The condition under which a user sees a subject of `model` (deleted ones are the queryset's concern)."""
    return Q(project__in=projects_where(user)) & (
        Q(visibility="open")
        | Q(project__in=projects_where(user, Right.SEE_RESTRICTED))
        | Q(Exists(_taking_part(model, user)))
    )


def edit_filter(model: type[models.Model], user: Any) -> Q:
    """The condition under which a user edits a subject of `model`: what `subject_rights` says of one, for many."""
    relation: Any = model._meta.get_field("participants")
    kind = relation.field.name
    roles: Any = apps.get_model("people.Role")
    leading = [role for role, rights in SUBJECT_RIGHTS.items() if Right.EDIT in rights]
    held = roles.objects.filter(
        role__in=leading, renounced_at=None, participant__left_at=None, participant__individual__user_id=_pk(user),
        **{kind: OuterRef("pk")},
    )  # fmt: skip
    by_membership = Q(project__in=projects_where(user, Right.EDIT)) & (
        Q(visibility="open") | Q(project__in=projects_where(user, Right.SEE_RESTRICTED))
    )
    return by_membership | (Q(project__in=projects_where(user)) & Q(Exists(held)))


def owned_filter(model: type[models.Model], user: Any, kinds: Iterable[str] = KINDS) -> Q:
    """The condition under which a user sees a row that belongs to a subject (of one of the kinds): it is visible."""
    condition = Q()
    for field in kinds:
        subjects: Any = model._meta.get_field(field).related_model
        condition |= Q(Exists(subjects.objects.visible_to(user).filter(pk=OuterRef(f"{field}_id"))))
    return condition


def linked_filter(model: type[models.Model], user: Any, right: Right = Right.EDIT) -> Q:
    """As `owned_filter`, and rows without a subject for those who hold `right` in the project or organization."""
    bare = Q(incident=None, case=None)
    return owned_filter(model, user) | (
        bare
        & (
            Q(project__in=projects_where(user, right))
            | Q(project=None, organization__in=organizations_where(user, right))
        )
    )


def operation_filter(model: type[models.Model], user: Any) -> Q:
    """The condition under which a user sees an operation: as `linked_filter`; and one that belongs nowhere, the mail
    about an account, as an owner of where that account (its `user`) belongs, or of anything while it belongs nowhere.
    """
    memberships = org.Membership.objects.filter(user_id=OuterRef("user_id"))
    owned = org.Membership.objects.filter(user_id=_pk(user), role__in=roles_granting(Right.OWN))
    of_account = Q(Exists(memberships.filter(organization__in=organizations_where(user, Right.OWN)))) | (
        Q(user__isnull=False) & ~Q(Exists(memberships)) & Q(Exists(owned))
    )
    bare = Q(incident=None, case=None, project=None, organization=None)
    return linked_filter(model, user) | (bare & of_account)


def membership_filter(user: Any) -> Q:
    """The condition under which a user sees a membership: their own, and those they may change."""
    return (
        Q(user_id=_pk(user))
        | Q(project__in=projects_where(user, Right.ADMINISTER))
        | Q(project=None, organization__in=organizations_where(user, Right.OWN))
    )


def user_filter(user: Any) -> Q:
    """The condition under which a user sees an account: their own, people of the organizations they administer, and
    for owners those who belong nowhere yet.
    """
    memberships = org.Membership.objects.filter(user=OuterRef("pk"))
    owned = org.Membership.objects.filter(user_id=_pk(user), role__in=roles_granting(Right.OWN))
    return (
        Q(pk=_pk(user))
        | Exists(memberships.filter(organization__in=organizations_where(user, Right.ADMINISTER)))
        | (~Exists(memberships) & Exists(owned))
    )


def of_account_filter(user: Any) -> Q:
    """The condition under which a user sees what happened with an account: it is theirs, or they administer it all."""
    foreign = org.Membership.objects.filter(user=OuterRef("user_id"))
    inside = foreign.filter(
        Q(project__in=projects_where(user, Right.ADMINISTER))
        | Q(project=None, organization__in=organizations_where(user, Right.OWN))
    )
    outside = foreign.exclude(pk__in=inside.values("pk"))
    return Q(user_id=_pk(user)) | (Q(Exists(inside)) & ~Q(Exists(outside)))


def administers(user: "User | None", other: "User") -> bool:
    """Whether the user administers every place the other belongs to (owners are administered by owners)."""
    if user is None or not user.is_active:
        return False
    theirs = org.Membership.objects.filter(user=other)
    administered = theirs.filter(
        Q(project__in=projects_where(user, Right.ADMINISTER))
        | Q(project=None, organization__in=organizations_where(user, Right.OWN))
    )
    return administered.exists() and not theirs.exclude(pk__in=administered.values("pk")).exists()


def token_filter(user: Any) -> Q:
    """The condition under which a user sees an API token: their own, and those of service accounts they administer."""
    memberships = org.Membership.objects.filter(user=OuterRef("user_id"))
    administered = memberships.filter(organization__in=organizations_where(user, Right.ADMINISTER))
    return Q(user_id=_pk(user)) | (Q(user__is_service=True) & Q(Exists(administered)))


def copied_filter(user: Any, kinds: Iterable[str] = KINDS) -> Q:
    """The condition for rows that copy project, organization, `restricted` and the subject (the search index).

    With `kinds` for rows of such subjects, or of none.
    Cheaper than `owned_filter` for many rows; whoever writes such rows follows the subject's visibility and deletion.
    """
    part = Q()
    for kind in kinds:
        subjects: Any = apps.get_model("core.SearchDocument")._meta.get_field(kind).related_model
        part |= Q(Exists(_taking_part(subjects, user, outer=f"{kind}_id")))
    inside = Q(project__in=projects_where(user)) & (
        Q(restricted=False) | Q(project__in=projects_where(user, Right.SEE_RESTRICTED)) | part
    )
    return inside | Q(project=None, restricted=False, organization__in=organizations_where(user))


def _taking_part(model: type[models.Model], user: Any, outer: str = "pk") -> QuerySet[Any, Any]:
    relation: Any = model._meta.get_field("participants")
    kind = relation.field.name
    mine = relation.related_model.objects.filter(individual__user_id=_pk(user), **{kind: OuterRef(outer)})
    # Asked of the outer row's project and not through the subject, which is one table less. It also keeps PostgreSQL
    # from collecting every participation of the user first, where a page looks at a few restricted rows.
    return mine.filter(Q(left_at=None) | In(OuterRef("project_id"), RawSQL(_READABLE_AFTERWARDS, [])))  # noqa: S611


def project_rights(user: "User | None", project: "org.Project") -> frozenset[Right]:
    """What the user may do in a project."""
    if user is None or not user.is_active:
        return frozenset()
    roles = org.Membership.objects.filter(
        Q(project=project) | Q(project=None, organization_id=project.organization_id), user=user
    ).values_list("role", flat=True)
    return frozenset().union(*(PROJECT_RIGHTS[role] for role in roles))


def subject_rights(user: "User | None", subject: "Subject") -> frozenset[Right]:
    """What the user may do with a subject; empty when it is invisible to them."""
    granted = project_rights(user, subject.project)
    if not granted or user is None:
        return frozenset()
    participants: Any = subject.participants  # type: ignore[attr-defined]
    rows = participants.filter(individual__user=user).values_list("left_at", "roles__role", "roles__renounced_at")
    return _on_subject(subject, granted, _part(subject, rows))


def rights_if_restricted(user: "User | None", subject: "Subject") -> frozenset[Right]:
    """What the user could do with the subject if it were restricted."""
    there = copy(subject)
    there.visibility = "restricted"
    return subject_rights(user, there)


def rights_on_each(user: "User | None", subjects: "Sequence[Subject]") -> "list[frozenset[Right]]":
    """`subject_rights` for each of many subjects of one kind, in two queries. Their projects are there."""
    if user is None or not user.is_active or not subjects:
        return [frozenset() for _subject in subjects]
    mine = list(org.Membership.objects.filter(user=user).values_list("project_id", "organization_id", "role"))
    kind, parts = subjects[0].kind, defaultdict(list)
    relation: Any = type(subjects[0])._meta.get_field("participants")  # type: ignore[misc]
    taking = relation.related_model.objects.filter(
        individual__user=user, **{f"{kind}__in": [one.pk for one in subjects]}
    )
    for key, *row in taking.values_list(f"{kind}_id", "left_at", "roles__role", "roles__renounced_at"):
        parts[key].append(row)
    return [_in_project(subject, _granted(subject.project, mine), parts[subject.pk]) for subject in subjects]


def _granted(project: "org.Project", memberships: Iterable[Any]) -> frozenset[Right]:
    return frozenset().union(
        *(
            PROJECT_RIGHTS[role]
            for project_id, organization_id, role in memberships
            if project_id == project.pk or (project_id is None and organization_id == project.organization_id)
        )
    )


def _in_project(subject: "Subject", granted: frozenset[Right], rows: Iterable[Any]) -> frozenset[Right]:
    return _on_subject(subject, granted, _part(subject, rows)) if granted else frozenset()


def _on_subject(subject: "Subject", granted: frozenset[Right], part: frozenset[Right]) -> frozenset[Right]:
    admin = Right.SEE_RESTRICTED in granted
    if subject.deleted_at is not None:
        return granted & {Right.DELETE}
    if subject.visibility != "open" and not admin and not part:
        return frozenset()
    if subject.visibility != "open" and not admin:
        granted = granted & {Right.SEE}
    return granted | part


def _part(subject: "Subject", rows: Iterable[Any]) -> frozenset[Right]:
    rights: frozenset[Right] = frozenset()
    for left_at, role, renounced_at in rows:
        if left_at is None:
            rights |= _TAKES_PART
            if role and renounced_at is None:
                rights |= SUBJECT_RIGHTS[role]
        elif subject.project.past_participants_may_read:
            rights |= {Right.SEE}
    return rights


def leads(user: Any, subject: "Subject") -> bool:
    """Whether the user holds the leading role of a subject now."""
    participants: Any = subject.participants  # type: ignore[attr-defined]
    held = {"roles__role": subject.lead_role, "roles__renounced_at": None}
    return bool(participants.filter(individual__user_id=_pk(user), left_at=None, **held).exists())


def organization_rights(user: "User | None", organization: "org.Organization") -> frozenset[Right]:
    """What the user may do in an organization: what any of their memberships there grants."""
    if user is None or not user.is_active:
        return frozenset()
    roles = org.Membership.objects.filter(user=user, organization=organization).values_list("role", flat=True)
    return frozenset().union(*(PROJECT_RIGHTS[role] for role in roles))


def rights(user: "User | None", target: Any) -> frozenset[Right]:
    """What the user may do with a project, an organization or a subject."""
    if isinstance(target, org.Project):
        return project_rights(user, target)
    if isinstance(target, org.Organization):
        return organization_rights(user, target)
    return subject_rights(user, target)


def may(user: "User | None", right: Right, target: Any) -> bool:
    """Whether the user holds the right on a project, organization or subject."""
    return right in rights(user, target)


def require(actor: "Actor", right: Right, target: Any) -> None:
    """Stop an actor who does not hold the right. Flows call this first.

    :raises Forbidden: naming what would be needed.
    """
    if actor.trusted or may(actor.user, right, target):
        return
    raise Forbidden(_("Only %(who)s may do this here.") % {"who": NEEDS[right]})


def may_use_console(user: Any) -> bool:
    """Responders and above, in any project, and owners."""
    return bool(user.is_active and user.is_staff)


def _pk(user: Any) -> int:
    # An anonymous or deactivated user matches no membership.
    return user.pk if user is not None and getattr(user, "is_active", False) and user.pk else 0

"""Keeping views of lists: one's own, and those shared in a project."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import access, listings, versions
from core.access import Right
from core.actor import Actor
from core.errors import Conflict, Forbidden, Invalid
from core.models.organizations import Project
from core.models.views import ListColumns, SavedView
from core.validators import UNSTORABLE

LONGEST_NAME: Final = 80
MOST_VIEWS: Final = 50
LONGEST_QUERY: Final = 4_000


@transaction.atomic
def save_view(
    *,
    listing: str,
    name: str,
    query: Mapping[str, Sequence[str]],
    actor: Actor,
    now: datetime,
    columns: Sequence[str] = (),
    project: Project | None = None,
    replaces: bool = True,
) -> SavedView:
    """Keep a list as it is asked. In a project it is for all its members.

    :param replaces: one's own of the same name gives way.
    :raises Invalid: naming the field. :raises Conflict: there is one of this name that does not give way.
    """
    user = _somebody(actor)
    name = _checked_name(name)
    _check_question(listing, query, columns)
    if project is not None:
        access.require(actor, Right.EDIT, project)
    views = SavedView.objects.select_for_update(of=("self",)).filter(listing=listing, project=project, name=name)
    there = views.first() if project else views.filter(user=user).first()
    if there is None:
        return _make(user, listing, name, query, columns, project)
    if there.user_id != user.pk or not replaces:
        raise Conflict(_("“%(name)s” exists already.") % {"name": name}, field="name", id=str(there.uuid))
    there.query, there.columns = _plain(query), list(columns)
    versions.bump(there, fields=["query", "columns"])
    return there


@transaction.atomic
def change_view(
    *, view: SavedView, actor: Actor, now: datetime, version: int | None = None, **changes: Any
) -> SavedView:
    """Give one's own view another name, question, columns or readers (`project`, None for oneself).

    :raises Forbidden: it is somebody else's, or one may not share there. :raises Conflict: the name is taken.
    :raises Stale: it was changed meanwhile.
    """
    view = SavedView.objects.select_for_update(of=("self",)).get(pk=view.pk)
    if not is_own(actor.user, view):
        raise Forbidden(_("Only whoever made it may do this."))
    for field, value in changes.items():
        setattr(view, field, value)
    view.name = _checked_name(view.name)
    view.query, view.columns = _plain(view.query), list(view.columns)
    _check_question(view.listing, view.query, view.columns)
    if changes.get("project") is not None:
        access.require(actor, Right.EDIT, changes["project"])
    try:
        with transaction.atomic():
            versions.bump(view, fields=["name", "query", "columns", "project"], expected=version)
    except IntegrityError:
        raise Conflict(_("“%(name)s” exists already.") % {"name": view.name}, field="name") from None
    return view


@transaction.atomic
def delete_view(*, view: SavedView, actor: Actor, now: datetime) -> None:
    """Drop one's own view, or as one who configures the project a shared one.

    :raises Forbidden: otherwise.
    """
    granted = access.project_rights(actor.user, view.project) if view.project else frozenset()
    if not actor.trusted and not may_delete(actor.user, view, granted):
        raise Forbidden(_("Only whoever made it may do this, or a manager of the project where it is shared."))
    view.delete()


def is_own(user: Any, view: SavedView) -> bool:
    """Whether the user made it, and so changes it."""
    return user is not None and view.user_id == user.pk


def may_delete(user: Any, view: SavedView, granted: frozenset[Right]) -> bool:
    """Whether the user may drop it, with what is granted to them in the project where it is shared."""
    return is_own(user, view) or (view.project_id is not None and Right.CONFIGURE in granted)


@transaction.atomic
def choose_columns(*, listing: str, columns: Sequence[str], actor: Actor, now: datetime) -> None:
    """Show these columns of a list from now on; none stands for the usual ones."""
    user = _somebody(actor)
    ListColumns.objects.update_or_create(user=user, listing=listing, defaults={"columns": list(columns)})


def _check_question(listing: str, query: Mapping[str, Sequence[str]], columns: Sequence[str]) -> None:
    listings.check(listing, query, columns)
    if sum(len(key) + len(value) for key, values in query.items() for value in values) > LONGEST_QUERY:
        raise Invalid(_("This asks for too much to be kept."), field="query")
    if any(UNSTORABLE.search(value) for values in query.values() for value in values):
        raise Invalid(_("The text holds a NUL character or half a character; remove it."), field="query")


def _make(user: Any, listing: str, name: str, query: Any, columns: Any, project: Project | None) -> SavedView:
    kept = SavedView.objects.filter(user=user, listing=listing).count()
    if kept >= MOST_VIEWS:
        raise Invalid(_("You keep %(number)s views already; delete one.") % {"number": kept}, field="name")
    try:
        with transaction.atomic():
            return SavedView.objects.create(
                user=user, listing=listing, name=name, query=_plain(query), columns=list(columns), project=project
            )
    except IntegrityError:
        # Somebody else was quicker.
        raise Conflict(_("“%(name)s” exists already.") % {"name": name}, field="name") from None


def _plain(query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {key: list(values) for key, values in query.items()}


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or UNSTORABLE.search(name):
        raise Invalid(
            _("Give the view a name of at most %(number)s characters.") % {"number": LONGEST_NAME}, field="name"
        )
    return name


def _somebody(actor: Actor) -> Any:
    if actor.user is None:
        raise Invalid(_("Views belong to people."), field="user")
    return actor.user

"""The names a template may use, in one table: saving checks against it, the context follows it, pages list it."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The facts of the incident or case: {{ incident.title }}, {{ case.title }}, or {{ subject.title }} for both.
SUBJECT_WORDS: Final = ("incident", "case", "subject")
SUBJECT_FIELDS: Final[dict[str, Promise]] = {
    "name": _("its name, for example INC-42"),
    "title": _("title"),
    "description": _("description"),
    "resolution": _("resolution"),
    "status": _("status"),
    "visibility": _("visibility"),
    "type": _("type"),
    "severity": _("severity"),
    "priority": _("priority"),
    "project": _("project"),
    "organization": _("organization"),
    "tags": _("tags, with commas between"),
    "lead": _("who leads it"),
    "reporter": _("who reported it"),
    "reported_at": _("when it was reported"),
    "stable_at": _("when it became stable"),
    "closed_at": _("when it was closed"),
    "url": _("link to its page"),
    "ticket": _("the ticket's key"),
    "ticket_url": _("link to the ticket"),
}
# What {% for … in … %} may go through, and the fields of each item (none: the item is a text).
LISTS: Final[dict[str, dict[str, Promise]]] = {
    "people": {"name": _("name"), "email": _("e-mail"), "roles": _("roles, with commas between")},
    "timeline": {"time": _("time"), "who": _("who"), "text": _("what happened")},
    "decisions": {"time": _("time"), "who": _("who"), "text": _("what was decided")},
    "tags": {},
}
LOOP_FIELDS: Final = frozenset({"index", "index0", "first", "last", "length"})


def every_name() -> list[str]:
    """All that may stand in a template, for suggestions."""
    return [*(f"{word}.{field}" for word in SUBJECT_WORDS for field in SUBJECT_FIELDS), *LISTS]

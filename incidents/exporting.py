"""Incidents as a file: counted first, then fetched in parts, each under the access of that moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import Invalid
from core.exporting import FORMATS
from core.flows import subjects
from incidents.columns import EXPORTED, LONG
from incidents.models import Incident
from incidents.rows import Row, rows_of

logger = structlog.get_logger(__name__)
MOST: Final = 200_000
PART: Final = 500


def check(names: Sequence[str], form: str) -> None:
    """Refuse columns and formats that do not exist.

    :raises Invalid: naming the parameter.
    """
    strange = [name for name in names if name not in EXPORTED]
    if strange:
        words = {"name": strange[0][:80], "names": ", ".join(EXPORTED)}
        raise Invalid(_("There is no column “%(name)s”. There are: %(names)s.") % words, field="column")
    if not names:
        raise Invalid(_("Choose at least one column."), field="column")
    if form not in FORMATS:
        raise Invalid(_("Choose one of %(names)s.") % {"names": ", ".join(FORMATS)}, field="format")


def keys_of(found: Any) -> list[int]:
    """The incidents in their order, exactly counted.

    :raises Invalid: when there are too many for one file.
    """
    keys = list(found.values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        message = _("More than %(number)s incidents: narrow the list first, for example by year.")
        raise Invalid(message % {"number": f"{MOST:,}"}, field="incidents")
    return keys


def respond(
    *, keys: Sequence[int], names: Sequence[str], form: str, actor: Actor, now: datetime
) -> StreamingHttpResponse:
    """The file, as it is written. Restricted incidents in it are noted as read."""
    check(names, form)
    kind = FORMATS[form]
    heads = [(name, str(EXPORTED[name].title)) for name in names]
    stream = kind.write(heads, _values(keys, names, actor, now))
    # Titles may not stand in a log; who took how many out must.
    logger.info("Incidents were exported", user_id=actor.user.pk if actor.user else None, rows=len(keys), format=form)
    headers = {
        "Content-Disposition": f'attachment; filename="incidents-{now:%Y-%m-%d}.{form}"',
        "X-Total-Count": str(len(keys)), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return StreamingHttpResponse(stream, content_type=kind.content_type, headers=headers)


def _values(keys: Sequence[int], names: Sequence[str], actor: Actor, now: datetime) -> Iterator[list[Any]]:
    for row in _rows(keys, names, actor, now):
        yield [EXPORTED[name].value(row) for name in names]


def _rows(keys: Sequence[int], names: Sequence[str], actor: Actor, now: datetime) -> Iterator[Row]:
    needs = {EXPORTED[name].needs for name in names}
    unread = [name for name in LONG if name not in names]
    for start in range(0, len(keys), PART):
        part = keys[start : start + PART]
        # Asked anew: what was hidden or deleted since the count is left out.
        seen = Incident.objects.visible_to(actor.user).for_list().defer(*unread).in_bulk(part)
        incidents = [seen[key] for key in part if key in seen]
        subjects.note_reads(subjects=incidents, actor=actor, now=now)
        yield from rows_of(incidents, needs)

"""The change history of a configuration row: who, when, old, new, through which face."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from core.actor import Face

PER_PAGE = 25


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field, before and after, in words."""

    field: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One write of the row."""

    at: datetime
    who: str
    face: str
    kind: str
    changes: list[Change]


class Histories:
    """The history page of models that keep one."""

    def history_view(
        self: Any, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was changed, newest first."""
        obj = self.get_object(request, unquote(object_id))
        if not hasattr(obj, "history"):
            raise Http404(_("This keeps no change history."))
        page = Paginator(obj.history.select_related("history_user"), PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change history"),
            "opts": self.opts,
            "original": obj,
            "page": page,
            "steps": steps(list(page.object_list)),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/history.html", context)


def steps(rows: list[Any]) -> list[Step]:
    """The history rows (newest first) as steps with what each changed."""
    before = [*rows[1:], rows[-1].prev_record if rows else None]
    return [_step(row, earlier) for row, earlier in zip(rows, before, strict=False)]


def changes_since(obj: Any, version: int | None) -> list[str]:
    """Who changed what since the row was read at `version`, in sentences, newest first."""
    if version is None or not hasattr(obj, "history"):
        return []
    rows = list(obj.history.filter(version__gt=version - 1).select_related("history_user")[:10])
    return [
        _("%(who)s changed %(field)s from “%(old)s” to “%(new)s”.")
        % {"who": step.who, "field": change.field.lower(), "old": change.old, "new": change.new}
        for step in steps(rows)[:-1]
        for change in step.changes
    ]


def _step(row: Any, earlier: Any) -> Step:
    kinds = {"+": _("made it"), "~": _("changed it"), "-": _("deleted it")}
    return Step(
        at=row.history_date,
        who=str(row.history_user or "Dispatch"),
        face=str(Face(row.face).label) if row.face in Face.values else "",
        kind=kinds[row.history_type],
        changes=_changes(row, earlier) if earlier is not None and row.history_type == "~" else [],
    )


def _changes(row: Any, earlier: Any) -> list[Change]:
    delta = row.diff_against(earlier, foreign_keys_are_objs=True)
    return [
        Change(
            field=_label(row, change.field),
            old=_said(row, change.field, change.old),
            new=_said(row, change.field, change.new),
        )
        for change in delta.changes
    ]


def _label(row: Any, name: str) -> str:
    try:
        return capfirst(str(row.instance_type._meta.get_field(name).verbose_name))
    except FieldDoesNotExist:
        return name


def _said(row: Any, name: str, value: Any) -> str:
    if value is None or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(getattr(row.instance_type._meta.get_field(name), "flatchoices", ()))
    return Truncator(str(choices.get(value, value))).chars(300)

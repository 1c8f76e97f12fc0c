"""Which project, type, severity and priority a report gets, and what it may not have."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from core import access
from core.access import Right
from core.actor import Actor
from core.errors import Invalid
from core.flows.lines import looks_empty
from core.flows.subjects import check_line
from core.models.organizations import Project
from incidents.models import Priority, Severity, Type
from knowledge.flows import check_exclusive
from knowledge.models import Tag

LONGEST_TITLE = 500
# Long enough for a pasted log, short enough for a page; the longest of 8,553 public reports has 17,355 characters.
LONGEST_TEXT = 200_000
CLASSIFICATIONS: dict[str, Any] = {"type": Type, "severity": Severity, "priority": Priority}


def project_for(project: Project | None, actor: Actor) -> Project:
    """The named project, or the default one where the actor reports.

    :raises Invalid: when there is no single default, or the project is disabled.
    """
    if project is None:
        reach = Project.objects.filter(default=True)
        if not actor.trusted:
            reach = reach.filter(pk__in=access.projects_where(actor.user, Right.REPORT))
        defaults = list(reach[:2])
        if len(defaults) != 1:
            raise Invalid(_("Name the project."), field="project")
        project = defaults[0]
    if not project.enabled:
        raise Invalid(_("“%(name)s” takes no new reports.") % {"name": project}, field="project")
    return project


def classification_for(project: Project, field: str, chosen: Any) -> Any:
    """The chosen type, severity or priority, or the project's default.

    :raises Invalid: when it is disabled, another project's, or the project has no default.
    """
    if chosen is None:
        chosen = CLASSIFICATIONS[field].objects.filter(project=project, default=True).first()
        if chosen is None:
            raise Invalid(_("The project has no default for this; name one."), field=field)
        return chosen
    check_choosable(project, field, chosen)
    return chosen


def check_choosable(project: Project, field: str, chosen: Any) -> None:
    """Refuse a disabled value, or one of another project.

    :raises Invalid:
    """
    if chosen.project_id != project.pk:
        raise Invalid(_("“%(name)s” belongs to another project.") % {"name": chosen}, field=field)
    if not chosen.enabled:
        raise Invalid(_("“%(name)s” is disabled; choose another.") % {"name": chosen}, field=field)


def check_tags(project: Project, tags: Iterable[Tag], kept: Iterable[Tag] = ()) -> list[Tag]:
    """The tags, of this project, enabled unless already there, at most one of each exclusive type.

    :raises Invalid:
    """
    chosen = list({tag.pk: tag for tag in tags}.values())
    already = {tag.pk for tag in kept}
    for tag in chosen:
        if tag.project_id != project.pk:
            raise Invalid(_("“%(name)s” belongs to another project.") % {"name": tag}, field="tags")
        if not tag.enabled and tag.pk not in already:
            raise Invalid(_("“%(name)s” is disabled; choose another.") % {"name": tag}, field="tags")
    check_exclusive(chosen)
    return chosen


def check_title(title: Any) -> str:
    """A title as it came.

    :raises Invalid: when it says nothing.
    """
    text = check_line(title, "title", LONGEST_TITLE)
    if looks_empty(text):
        raise Invalid(_("Say in a few words what happened."), field="title")
    return text

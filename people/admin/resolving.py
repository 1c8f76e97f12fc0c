"""The page that tells, for any new incident one thinks of, who would get each role and who would be engaged."""

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import access
from core.access import Right
from core.console.forms import DialogForm
from core.models.organizations import Project
from core.models.subjects import Visibility
from people.admin.rule_words import WORDS, WordsField, model_of, rows_of
from people.flows.individuals import who_is
from people.flows.policies import Chosen
from people.flows.previewing import Preview, new_subject, preview
from people.models import Role, RolePolicy

DEFAULT = _("the default")


class ResolveForm(DialogForm):
    """The incident one thinks of; what is left out has the project's defaults."""

    project = forms.ModelChoiceField(label=_("Project"), queryset=Project.objects.none(), empty_label=None)
    type = forms.ModelChoiceField(label=_("Type"), queryset=Project.objects.none(), required=False, empty_label=DEFAULT)
    severity = forms.ModelChoiceField(
        label=_("Severity"), queryset=Project.objects.none(), required=False, empty_label=DEFAULT
    )
    priority = forms.ModelChoiceField(
        label=_("Priority"), queryset=Project.objects.none(), required=False, empty_label=DEFAULT
    )
    tags = WordsField(label=_("Tags"), queryset=Project.objects.none(), required=False)
    visibility = forms.ChoiceField(
        label=_("Visibility"), required=False, choices=[("", _("as the type says")), *Visibility.choices]
    )
    together: ClassVar[list[tuple[str, ...]]] = [("project", "type"), ("severity", "priority"), ("tags", "visibility")]

    def prepare(self) -> None:
        """Offer the words of the chosen project."""
        reach = access.projects_where(self.request.user, Right.EDIT)
        projects = Project.objects.filter(pk__in=reach, enabled=True).order_by("-default", "name")
        asked = str(self.data.get("project") or "")
        found = projects.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 18 else None
        self.chosen_project = found or projects.first()
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]
        self.initial["project"] = self.chosen_project
        for name in WORDS:
            field: Any = self.fields[name]
            field.queryset = rows_of("incident", name, self.request.user).filter(project=self.chosen_project)
            field.project = self.chosen_project


def outcome(request: HttpRequest, form: ResolveForm) -> dict[str, Any]:
    """What declaring it would come to; nothing before a project is there."""
    project = form.chosen_project
    if project is None or (form.is_bound and not form.is_valid()):
        return {}
    given = form.cleaned_data if form.is_bound else {}
    now = timezone.now()
    facts = {name: given.get(name) or _default(project, name) for name in ("type", "severity", "priority")}
    facts["visibility"] = given.get("visibility") or facts["type"].visibility
    subject = new_subject(project, "incident", reported_at=now, **facts)
    reporter = who_is(request.user, project.organization)  # type: ignore[arg-type]
    found = preview(subject, tags=list(given.get("tags") or []), reporter=reporter, now=now)
    return {"preview": found, "rows": _rows(found), "subject": subject, "project": project}


def _default(project: Project, name: str) -> Any:
    return model_of("incident", name).objects.filter(project=project).order_by("-default", "order").first()


def _policy(chosen: Chosen | None) -> RolePolicy | None:
    return chosen.policy if chosen else None


def _rows(found: Preview) -> list[dict[str, Any]]:
    """Each role with who gets it and which other policies fit."""
    by_role = {one.role: one for one in found.chosen}
    roles = {**by_role, **found.fits}
    ordered = [role for role in Role.Name.values if role in roles]
    return [
        {
            "role": Role.Name(role).label,
            "chosen": by_role.get(role),
            "others": [fit for fit in found.fits.get(role, []) if fit.policy != _policy(by_role.get(role))],
        }
        for role in ordered
    ]

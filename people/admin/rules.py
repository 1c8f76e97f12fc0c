"""Role policies and engagement rules, and the page that says what they come to."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from core.console.dialogs import Button
from core.console.forms import ConfigurationForm
from core.console.modeladmin import List, ModelAdmin
from people.admin import rule_words
from people.admin.resolving import ResolveForm, outcome
from people.admin.rule_words import LABELS, WORDS, WordsField, chosen_in, filter_of, meant, rows_of
from people.flows import policies
from people.models import EngagementRule, RolePolicy


class RuleForm(ConfigurationForm):
    """A rule whose filter is chosen by words, or written as an expression where words do not do."""

    type_is = WordsField(queryset=None, required=False, label=LABELS["type"])
    severity_is = WordsField(queryset=None, required=False, label=LABELS["severity"])
    priority_is = WordsField(queryset=None, required=False, label=LABELS["priority"])
    tags_is = WordsField(queryset=None, required=False, label=LABELS["tags"])
    expression = forms.CharField(
        required=False, label=_("Expression"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Instead of the words above: a filter as JSON, as the guide to filters tells. Usually empty."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.instance.kind or "incident"
        project = self.instance.project_id or self._only_project()
        for name in WORDS:
            field: Any = self.fields[f"{name}_is"]
            field.project = project
            rows = rows_of(kind, name, self.request.user)
            field.queryset = rows.filter(project=project) if project else rows
        self._begin()

    def _only_project(self) -> int | None:
        """The project of a new rule where there is but one to choose; it is chosen then."""
        offered: Any = self.fields.get("project")
        keys = list(offered.queryset.values_list("pk", flat=True)[:2]) if offered else []
        if len(keys) != 1:
            return None
        self.initial["project"] = self.initial.get("project") or keys[0]
        return keys[0]

    def _begin(self) -> None:
        """Show the stored filter: as words where words do, else as it is."""
        chosen = chosen_in(self.instance.filter)
        if chosen is None:
            self.initial["expression"] = json.dumps(self.instance.filter, indent=2, ensure_ascii=False)
        for name, ids in (chosen or {}).items():
            field: Any = self.fields[f"{name}_is"]
            self.initial[f"{name}_is"] = list(meant(field.queryset, ids).values_list("pk", flat=True))

    def clean_expression(self) -> Any:
        """The expression as data.

        :raises forms.ValidationError: when it is no JSON.
        """
        text = self.cleaned_data["expression"].strip()
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(gettext("This is no JSON: %(why)s") % {"why": error}) from None

    def clean(self) -> dict[str, Any]:
        """Put the filter together, of words of the rule's own project."""
        cleaned = super().clean()
        project = cleaned.get("project") or (self.instance.project_id and self.instance.project)
        chosen = {name: list(cleaned.get(f"{name}_is") or []) for name in WORDS}
        for name, rows in chosen.items():
            strange = next((row for row in rows if project and row.project_id != project.pk), None)
            if strange:
                self.add_error(f"{name}_is", gettext("“%(name)s” belongs to another project.") % {"name": strange})
        self.instance.filter = cleaned["expression"] if cleaned.get("expression") else filter_of(chosen)
        return cleaned

    def show_refusal(self, refusal: Any) -> None:
        """What is wrong in the filter stands at the expression."""
        if refusal.field.startswith("filter"):
            refusal.field = "expression"
        super().show_refusal(refusal)


class RuleList(List):
    """A list whose rows know their filter in words; the words are looked up once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Give each row of the page its sentence."""
        super().get_results(request)
        names = _names(request.user)
        self.result_list: Any = list(self.result_list)
        for rule in self.result_list:
            rule.said = rule_words.sentence(rule.filter, names)


class RuleAdmin(ModelAdmin):
    """What both kinds of rules share."""

    form = RuleForm
    list_filter: ClassVar[list[Any]] = ["project", "kind", "enabled"]
    search_fields: ClassVar[list[str]] = ["name"]
    ordering: ClassVar[list[str]] = ["project__name", "kind", "order", "name"]
    targets: ClassVar[list[str]] = []
    own_fields: ClassVar[list[str]] = []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Whom, when, and the expression apart."""
        return [
            (None, {"fields": ["project", "name", *self.own_fields, "enabled", "order"]}),
            (_("Whom"), {"fields": self.targets, "description": _("Name exactly one.")}),
            (_("When"), {
                "fields": [f"{name}_is" for name in WORDS],
                "description": _("Empty fits everything. The rule that names most counts first."),
            }),
            (_("Expression"), {"fields": ["expression"], "classes": ["collapse"]}),
        ]  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[List]:  # noqa: ARG002
        """Our list class."""
        return RuleList

    def flow_save(self, request: HttpRequest, obj: Any, form: Any) -> None:
        """Save by the flow, which checks filter and target."""
        version = form.cleaned_data.get("version")
        policies.save_rule(obj, actor=request.actor, now=timezone.now(), version=version)  # type: ignore[attr-defined]

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with the way to the page that says what the rules come to."""
        resolve = Button(title=gettext("Who would get it?"), url=reverse("admin:people_rolepolicy_resolve"), plain=True)
        return super().changelist_view(request, {"page_buttons": [resolve], **(extra_context or {})})

    @admin.display(description=_("when"))
    def when(self, rule: Any) -> str:
        """The filter in words."""
        return str(rule.said)

    @admin.display(description=_("whom"))
    def whom(self, rule: Any) -> str:
        """The target in words."""
        if rule.service_id:
            following = getattr(rule, "next_on_call", False)
            word = gettext("next on call for %(service)s") if following else gettext("on call for %(service)s")
            return word % {"service": rule.service}
        return str(rule.individual or getattr(rule, "team", None))


def _names(user: Any) -> dict[str, str]:
    """The names of all words the reader sees, by id: one query a word."""
    return {
        str(uuid): name
        for word in WORDS
        for uuid, name in rows_of("incident", word, user).order_by().values_list("uuid", "name")
    }


@admin.register(RolePolicy)
class RolePolicyAdmin(RuleAdmin):
    """Who gets which role."""

    list_display: ClassVar[list[Any]] = ["name", "project", "role", "whom", "when", "order", "enabled"]
    list_select_related: ClassVar[list[str]] = ["project", "individual", "service"]
    list_filter: ClassVar[list[Any]] = ["project", "role", "enabled"]
    own_fields: ClassVar[list[str]] = ["role"]
    targets: ClassVar[list[str]] = ["individual", "service", "next_on_call"]

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles that policies give."""
        if db_field.name == "role":
            kwargs["choices"] = [
                ("", gettext("Choose")),
                *((role, role.label) for role in policies.roles_for("incident")),
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_urls(self) -> list[Any]:
        """And the page that says what the rules come to."""
        view = self.admin_site.admin_view(self.resolve)
        return [path("resolve/", view, name="people_rolepolicy_resolve"), *super().get_urls()]

    def resolve(self, request: Any) -> HttpResponse:
        """Who would get each role, who would be engaged, and why."""
        form = ResolveForm(request.GET or None, request=request)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Who would get it?"),
            "opts": self.opts,
            "form": form,
            **outcome(request, form),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "people/resolve.html", context)


@admin.register(EngagementRule)
class EngagementRuleAdmin(RuleAdmin):
    """Who else is engaged."""

    list_display: ClassVar[list[Any]] = ["name", "project", "whom", "when", "order", "enabled"]
    list_select_related: ClassVar[list[str]] = ["project", "individual", "service", "team"]
    list_filter: ClassVar[list[Any]] = ["project", "enabled"]
    targets: ClassVar[list[str]] = ["individual", "service", "team"]

"""Configured plugins: the form comes from the plugin's schema; secrets are never shown."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Right
from core.admin.projects import became
from core.console.dialogs import dialog
from core.console.forms import ConfigurationForm, DialogForm
from core.console.modeladmin import ModelAdmin
from core.errors import FlowError
from integrations import forms as settings_forms
from integrations.admin.mail_test import MailTestDialog
from integrations.capabilities import Capability
from integrations.flows import delete_instance, public_configuration, request_check, save_instance
from integrations.models import PluginInstance
from integrations.plugin import Plugin
from integrations.registry import catalogue, plugin_class


class PluginForm(ConfigurationForm):
    """An instance; its settings are added by `PluginInstanceAdmin.get_form`."""

    def show_refusal(self, refusal: FlowError) -> None:
        """A refusal of an inner setting stands at the outer one."""
        parts = refusal.field.split(".")
        refusal.field = ".".join(parts[:2])
        super().show_refusal(refusal)


@admin.register(PluginInstance)
class PluginInstanceAdmin(MailTestDialog, ModelAdmin):
    """Which plugin serves what in a project."""

    form = PluginForm
    see_right: ClassVar[Right] = Right.ADMINISTER
    write_right: ClassVar[Right | None] = Right.ADMINISTER
    drop_right: ClassVar[Right | None] = Right.ADMINISTER
    list_display = ["name", "plugin_title", "project", "serving", "enabled", "tested"]
    list_select_related = ["project"]
    list_filter = ["project", "enabled"]
    search_fields = ["name", "plugin"]
    ordering = ["project__name", "name"]
    page_dialogs = ["test-connection"]
    list_dialogs: ClassVar[list[str]] = ["mail-test"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PluginInstance]:
        """With what each serves."""
        return super().get_queryset(request).prefetch_related("serves")

    @admin.display(description=_("plugin"))
    def plugin_title(self, obj: PluginInstance) -> str:
        """The plugin's own name."""
        plugin = plugin_class(obj.plugin)
        return plugin.title if plugin else gettext("%(slug)s (not installed)") % {"slug": obj.plugin}

    @admin.display(description=_("serves"))
    def serving(self, obj: PluginInstance) -> str:
        """What it is for, in words."""
        return ", ".join(str(Capability(row.capability).label) for row in obj.serves.all()) or "-"

    @admin.display(description=_("last test"))
    def tested(self, obj: PluginInstance) -> str:
        """What the last test of the connection said."""
        return render_to_string("integrations/tested.html", {"instance": obj})

    # Adding begins with the choice of a plugin

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First which plugin, then its settings."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if plugin_class(request.GET.get("plugin", "")):
            return super().add_view(request, form_url, extra_context)
        offered = catalogue()
        plugins = [
            {
                "slug": plugin.slug, "title": plugin.title, "vendor": plugin.vendor, "description": plugin.description,
                "serves": [Capability(name).label for name in sorted(plugin.capabilities)],
            }
            for plugin in sorted(offered.plugins.values(), key=lambda plugin: plugin.title)
        ]  # fmt: skip
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Add a plugin"),
            "opts": self.opts,
            "plugins": plugins,
            "broken": offered.broken,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "integrations/choose.html", context)

    # The form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form with the plugin's settings."""
        plugin = self._plugin(request, obj)
        fields: dict[str, Any] = {}
        if plugin:
            served = sorted(row.capability for row in obj.serves.all()) if obj else None
            fields["capabilities"] = settings_forms.capability_field(plugin, served)
            fields |= settings_forms.settings_fields(plugin, public_configuration(obj) if obj else {})
        kwargs["form"] = type("PluginForm", (self.form,), fields)
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The instance, what it serves, its settings, its last test."""
        plugin = self._plugin(request, obj)
        sets: list[Any] = [(None, {"fields": ["project", "name", "enabled", *(["capabilities"] if plugin else [])]})]
        names = [settings_forms.PREFIX + name for name in plugin.Configuration.model_fields] if plugin else []
        if names:
            sets.append((_("Settings of %(plugin)s") % {"plugin": plugin.title if plugin else ""}, {"fields": names}))
        if obj:
            sets.append((_("Connection"), {"fields": ["tested"]}))
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """The project and the last test."""
        return ["project", "tested"] if obj else []

    def _plugin(self, request: HttpRequest, obj: Any) -> type[Plugin] | None:
        return plugin_class(obj.plugin if obj else request.GET.get("plugin", ""))

    def flow_save(self, request: HttpRequest, obj: PluginInstance, form: Any) -> None:
        """Save by the flow, which checks the settings and keeps secrets left empty."""
        given = form.cleaned_data
        plugin = self._plugin(request, obj if obj.pk else None)
        slug = obj.plugin if obj.pk else request.GET.get("plugin", "")
        stored = PluginInstance.objects.get(pk=obj.pk) if obj.pk else None
        saved = save_instance(
            instance=stored,
            project=obj.project,
            plugin=slug,
            name=given["name"],
            enabled=given["enabled"],
            capabilities=given.get("capabilities"),
            configuration=settings_forms.given_settings(plugin, given) if plugin else None,
            version=given.get("version"),
            actor=request.actor,  # type: ignore[attr-defined]
            now=timezone.now(),
        )
        became(obj, saved)

    def flow_delete(self, request: HttpRequest, obj: PluginInstance) -> None:
        """Delete by the flow."""
        delete_instance(instance=obj, actor=request.actor)  # type: ignore[attr-defined]

    @dialog(title=_("Test connection"), right=Right.ADMINISTER, at_once=True)
    def test_connection(self, request: Any, instance: PluginInstance, form: DialogForm) -> None:  # noqa: ARG002
        """Have a worker test it; the page tells what it said."""
        request_check(instance=instance, actor=request.actor, now=timezone.now())

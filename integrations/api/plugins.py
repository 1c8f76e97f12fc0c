"""Plugins that are installed, and how projects have configured them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core import access
from core.api import etags
from core.api.configuration import ConfigurationViewSet
from core.api.fields import Choice, Flag, JSONObject, Moment, Text, Whole
from core.api.filters import FlagFilter, RecordFilters, ReferenceFilter, TextsFilter
from core.api.operations import RELATIONS, OperationSerializer
from core.api.pagination import ShortList
from core.api.references import Reference
from core.api.serializers import Answer, Body
from core.api.views import ApiViewSet
from core.models import Operation, Project
from integrations.capabilities import Capability
from integrations.flows import delete_instance, public_configuration, request_check, save_instance
from integrations.models import PluginInstance
from integrations.plugin import Plugin
from integrations.registry import BUILTIN, catalogue


class PluginSerializer(Answer):
    """An installed plugin; `configuration_schema` is what an instance's `configuration` must fit."""

    slug = Text()
    title = Text()
    vendor = Text()
    description = Text()
    built_in = serializers.SerializerMethodField()
    capabilities = serializers.SerializerMethodField()
    configuration_schema = serializers.SerializerMethodField()

    def get_built_in(self, plugin: type[Plugin]) -> bool:
        return plugin in BUILTIN

    @extend_schema_field({"type": "array", "items": {"type": "string", "enum": Capability.values}})
    def get_capabilities(self, plugin: type[Plugin]) -> list[str]:
        return sorted(str(capability) for capability in plugin.capabilities)

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_configuration_schema(self, plugin: type[Plugin]) -> dict[str, Any]:
        return plugin.Configuration.model_json_schema()


class PluginViewSet(ApiViewSet):
    """Plugins of this installation."""

    area = "integrations"
    queryset = PluginInstance.objects.none()
    serializer_class = PluginSerializer
    pagination_class = ShortList

    def list(self, _request: Request) -> Response:
        plugins = catalogue().plugins
        page = self.paginate_queryset([plugins[slug] for slug in sorted(plugins)])
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, _request: Request, *_args: Any, **kwargs: Any) -> Response:
        plugin = catalogue().plugins.get(kwargs["id"])
        if plugin is None:
            raise Http404
        return self.answer(plugin)

    def allowed_parameters(self) -> set[str]:
        return {"fields", "page", "page_size"} if self.is_list else {"fields"}


class InstanceSerializer(Answer):
    """A plugin configured in a project. Secrets are `{"set": true}` or `{"set": false}`, never their value."""

    id = serializers.UUIDField(source="uuid")
    version = Whole()
    project = Reference(Project)
    plugin = Text()
    name = Text()
    enabled = Flag()
    capabilities = serializers.SerializerMethodField()
    configuration = serializers.SerializerMethodField()
    checked_at = Moment(allow_null=True)
    check_ok = Flag(allow_null=True)
    check_message = Text()
    created_at = Moment()
    updated_at = Moment()

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_capabilities(self, instance: PluginInstance) -> list[str]:
        return sorted(row.capability for row in instance.serves.all())

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_configuration(self, instance: PluginInstance) -> dict[str, Any]:
        return public_configuration(instance)


class InstanceBody(Body):
    """How a plugin is configured. A secret left out keeps its value."""

    name = Text(max_length=100)
    enabled = Flag(default=True)
    capabilities = serializers.ListField(child=Choice(Capability.choices), required=False)
    configuration = JSONObject(required=False)


class NewInstanceBody(InstanceBody):
    """A plugin for a project."""

    project = Reference(Project)
    plugin = Text(max_length=64, help_text="The plugin's slug.")


class InstanceFilters(RecordFilters):
    """Instances by project, plugin and state."""

    project = ReferenceFilter(Project)
    plugin = TextsFilter("plugin")
    enabled = FlagFilter()


class PluginInstanceViewSet(ConfigurationViewSet):
    """Configured plugins of the projects that the caller administers."""

    area = "integrations"
    model = PluginInstance
    related = ("project",)
    serializer_class = InstanceSerializer
    answers: ClassVar[dict[str, Any]] = {"check": OperationSerializer}
    codes: ClassVar[dict[str, int]] = {"create": 201, "check": 202}
    filterset_class = InstanceFilters
    bodies: ClassVar[dict[str, type[serializers.Serializer]]] = {
        "create": NewInstanceBody,
        "partial_update": InstanceBody,
    }

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().prefetch_related("serves")

    def shown(self) -> QuerySet[Any]:
        if self.action != "check":
            return super().shown()
        seen = access.linked_filter(Operation, self.request.user)
        return Operation.objects.filter(seen).select_related(*RELATIONS)

    def partial_update(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        row = self.get_object()
        version = etags.expected_version(request, row)
        kept = {"project": row.project, "plugin": row.plugin, "name": row.name, "enabled": row.enabled}
        save_instance(
            instance=row, actor=self.actor, now=self.now, version=row.version if version is None else version,
            **{**kept, **self.body(row)},
        )  # fmt: skip
        return self.show(row.uuid)

    @action(detail=True, methods=["post"])
    def check(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Have a worker test the connection; the operation tells when, the instance's `check_*` what came of it."""
        return self.once(self._check)

    def delete_row(self, row: Any) -> None:
        delete_instance(instance=row, actor=self.actor)

    def _create(self) -> PluginInstance:
        return save_instance(instance=None, actor=self.actor, now=self.now, **self.body())

    def _check(self) -> Operation:
        instance = self.get_object()
        planned = request_check(instance=instance, actor=self.actor, now=self.now)
        # None: a test waits already, and that one is as good.
        return planned or Operation.objects.filter(coalesce_key=f"plugin.check:{instance.pk}").latest("pk")

"""Incidents as a file: the list's filters, chosen columns, streamed."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from core.api import ordering
from core.exporting import FORMATS
from incidents import exporting
from incidents.columns import EXPORTED, EXPORTED_USUALLY

FILE = {
    (200, "application/json"): OpenApiResponse(
        {"type": "array", "items": {"type": "object", "additionalProperties": {}}},
        description="One object an incident, its members the columns.",
    ),
    **{
        (200, form.content_type.split(";")[0]): OpenApiTypes.BINARY
        for name, form in FORMATS.items() if name != "json"
    },
}  # fmt: skip


class ExportAction:
    """Gives the incidents' viewset `GET …/export/`."""

    # What the schema says of the answers that are files.
    files: ClassVar[dict[str, Any]] = {"export": FILE}

    @extend_schema(
        filters=True,
        parameters=[
            OpenApiParameter("format", str, enum=list(FORMATS), description="Default: json."),
            OpenApiParameter("ordering", str, description="As in the list. Default: the newest report first."),
            OpenApiParameter("column", str, many=True, enum=list(EXPORTED), description="Default: the usual ones."),
        ],
    )
    @action(detail=False, methods=["get"])
    def export(self: Any, request: Request) -> Any:
        """The incidents that the list's filters leave, in its order; `X-Total-Count` says how many."""
        names = request.query_params.getlist("column") or list(EXPORTED_USUALLY)
        form = request.query_params.get("format", "json")
        exporting.check(names, form)
        text = request.query_params.get("ordering", self.default_ordering)
        order = ordering.parse(text, self.orderings, by_cursor=False)
        found = self.filter_queryset(self.model.objects.visible_to(request.user))
        keys = exporting.keys_of(order.apply(found))
        return exporting.respond(keys=keys, names=names, form=form, actor=self.actor, now=self.now)

    def allowed_parameters(self: Any) -> set[str]:
        allowed: set[str] = super().allowed_parameters()  # type: ignore[misc]
        if self.action == "export":
            return {"format", "column", "ordering", "search", *self.filterset_class.base_filters}
        return allowed

    def several_times(self: Any) -> set[str]:
        several: set[str] = super().several_times()  # type: ignore[misc]
        return {*several, "column"}

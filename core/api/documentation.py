"""The schema, and a page that reads it, without the network and within the console's content security policy."""

import functools
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.permissions import SignedIn
from core.api.throttling import rate_headers


class Described(APIView):
    """Answers that are no JSON, or another one; refusals are the problems that they are elsewhere."""

    permission_classes = (SignedIn,)
    metadata_class = None
    http_method_names = ["get", "head"]

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        finished = super().finalize_response(request, response, *args, **kwargs)
        if response.exception:
            response.accepted_renderer = JSONRenderer()
        for name, value in rate_headers(getattr(request, "_request", request)).items():
            finished[name] = value
        return finished


class SchemaView(Described):
    """OpenAPI 3.1: JSON, or YAML for `Accept: application/vnd.oai.openapi`."""

    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer)

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> Response:
        return Response(schema())


class DocsView(Described, SpectacularSwaggerSplitView):
    """The schema as a readable page."""

    url_name = "schema"
    # Its own has a style element, which the content policy forbids.
    template_name = "api_docs.html"


@functools.cache
def schema() -> dict[str, Any]:
    """The whole schema. The same for everyone, so it is made once a process, in English."""
    with translation.override("en"):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made

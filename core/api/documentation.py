"""The schema, and a page that reads it, without the network and within the console's content security policy."""

import functools
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.permissions import SignedIn


class SchemaView(APIView):
    """OpenAPI 3.1: JSON, or YAML for `Accept: application/vnd.oai.openapi`."""

    permission_classes = (SignedIn,)
    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer)
    metadata_class = None

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> Response:
        return Response(schema())


class DocsView(SpectacularSwaggerSplitView):
    """The schema as a readable page."""

    permission_classes = (SignedIn,)
    metadata_class = None
    url_name = "schema"
    # Its own has a style element, which the content policy forbids.
    template_name = "api_docs.html"


@functools.cache
def schema() -> dict[str, Any]:
    """The whole schema. The same for everyone, so it is made once a process, in English."""
    with translation.override("en"):
        made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made

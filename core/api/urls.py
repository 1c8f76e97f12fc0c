"""All addresses of the API. The roof includes them under `/api/v1/`."""

from django.http import Http404
from django.urls import path, re_path
from django.utils.module_loading import autodiscover_modules
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import registry
from core.api.views import ApiView


@extend_schema(exclude=True)
class Unknown(ApiView):
    """Answers every other address: 404 as a problem, for the signed-in."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super(ApiView, self).initial(request, *args, **kwargs)
        raise Http404

    def get(self, _request: Request, *_args: object, **_kwargs: object) -> Response:
        """Never reached; gives the address a method."""
        raise Http404


# A dot would leave out what holds a line break.
ANYTHING = r"^[\s\S]+\Z"

autodiscover_modules("api.routes")
urlpatterns = [*registry.urlpatterns(), path("", Unknown.as_view()), re_path(ANYTHING, Unknown.as_view())]

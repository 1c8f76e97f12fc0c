"""All addresses of the API. The roof includes them under `/api/v1/`."""

from django.http import Http404
from django.urls import Resolver404, path, re_path, resolve
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import registry
from core.api.views import ApiView


@extend_schema(exclude=True)
class Unknown(ApiView):
    """Answers every other address: 404 as a problem, for the signed-in."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super(ApiView, self).initial(request, *args, **kwargs)
        if _is_there(f"{request.path_info}/"):
            message = _("There is no such address; addresses end with a slash: %(path)s/")
            raise NotFound(message % {"path": request.path})
        raise Http404

    def get(self, _request: Request, *_args: object, **_kwargs: object) -> Response:
        """Never reached; gives the address a method."""
        raise Http404


def _is_there(path: str) -> bool:
    try:
        return getattr(resolve(path).func, "cls", None) is not Unknown
    except Resolver404:
        return False


# A dot would leave out what holds a line break.
ANYTHING = r"^[\s\S]+\Z"

autodiscover_modules("api.routes")
urlpatterns = [*registry.urlpatterns(), path("", Unknown.as_view()), re_path(ANYTHING, Unknown.as_view())]

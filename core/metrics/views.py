"""`/metrics`, for Prometheus: with the token, or from an address that may ask; else there is no such page."""

import hmac
from ipaddress import ip_address, ip_network
from itertools import chain

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.metrics import exposition, requests, work


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures.

    :raises Http404: for whoever may not ask, so that nobody learns that there is something to ask.
    """
    if not (_has_token(request) or _comes_from_near(request)):
        raise Http404
    text = exposition.render(chain(requests.families(), work.families()))
    return HttpResponse(text, content_type=exposition.CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    kind, _blank, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and kind == "Bearer" and hmac.compare_digest(given.strip().encode(), wanted.encode())


def _comes_from_near(request: HttpRequest) -> bool:
    # The address of the connection: a header could be anybody's. Behind a proxy that is the proxy's.
    if not settings.METRICS_ALLOW:
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ip_network(allowed, strict=False) for allowed in settings.METRICS_ALLOW)

"""The page behind a page's link: for whoever holds it, on a phone, without a log-in. Looking changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.actor import Actor, Face
from core.errors import FlowError
from people.acknowledging import call_of
from people.flows import pages
from people.models import Page, PageCall

TEMPLATE = "people/acknowledge.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, secret: str) -> HttpResponse:
    """Say what is asked, and take the answer."""
    call = call_of(secret)
    if call is None or call.page.subject.deleted_at is not None:
        return TemplateResponse(request, TEMPLATE, {"state": "unknown"}, status=404)
    if request.method != "POST":
        return _shown(request, call, call.page)
    try:
        page = pages.acknowledge(
            page=call.page, individual=call.individual, way=Page.Way.LINK, actor=_holder(call), now=timezone.now()
        )
    except FlowError as refusal:
        return _shown(request, call, call.page, refusal=refusal)
    return _shown(request, call, page)


def _holder(call: PageCall) -> Actor:
    """Whoever holds the secret link acts for the person it was sent to."""
    return Actor(user=call.individual.user, face=Face.CONSOLE, trusted=True)


def _shown(request: HttpRequest, call: PageCall, page: Page, refusal: FlowError | None = None) -> HttpResponse:
    subject = page.subject
    context = {
        "state": _state(call, page),
        "call": call,
        "page": page,
        "subject": subject,
        "title": "" if subject.is_restricted else subject.title,
        "message": "" if subject.is_restricted else page.message,
        "refusal": refusal.message if refusal else "",
    }
    return TemplateResponse(request, TEMPLATE, context, status=refusal.status if refusal else 200)


def _state(call: PageCall, page: Page) -> str:
    if page.is_unanswered:
        return "asked"
    if page.status == Page.Status.ACKNOWLEDGED:
        return "mine" if page.acknowledged_by_id == call.individual_id else "others"
    return "cancelled"

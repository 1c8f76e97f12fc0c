"""The pages behind links in mails: for whoever holds one, on a phone, without a log-in. Looking changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from core.actor import Actor, Face
from core.errors import FlowError, Invalid
from people.flows import handovers, oncall, pages, shift_feedback
from people.mails.oncall import shift_words, spans_of
from people.models import Individual, Page, PageCall, ShiftFeedback
from people.secret_links import call_of, feedback_of, offer_of, swap_of

RATINGS = [str(value) for value in ShiftFeedback.Rating.values]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, secret: str) -> HttpResponse:
    """A page: say what is asked, and take the answer."""
    call = call_of(secret)
    if call is None or call.page.subject.deleted_at is not None:
        return _unknown(request)
    page, refusal, now = call.page, None, timezone.now()
    if request.method == "POST":
        try:
            page = pages.acknowledge(
                page=page, individual=call.individual, way=Page.Way.LINK, actor=_holder(call.individual), now=now
            )
        except FlowError as error:
            refusal = error
    return _shown(
        request, "people/acknowledge.html", page.subject, refusal, message=page.message,
        state=_page_state(call, page), call=call, page=page,
    )  # fmt: skip


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def handover(request: HttpRequest, secret: str) -> HttpResponse:
    """A hand-over: show the summary, and take the answer."""
    offer = offer_of(secret)
    if offer is None or offer.subject.deleted_at is not None:
        return _unknown(request)
    answers = {"accept": handovers.accept, "decline": handovers.decline}
    refusal = _answered(request, answers, by=offer.receiver, handover=offer)
    offer.refresh_from_db()
    return _shown(request, "people/handover.html", offer.subject, refusal, offer=offer, message=offer.summary)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def swap(request: HttpRequest, secret: str) -> HttpResponse:
    """A swap: show what would be taken, and take the answer of whoever was asked."""
    asked = swap_of(secret)
    if asked is None:
        return _unknown(request)
    answers = {"accept": oncall.accept_swap, "decline": oncall.decline_swap}
    refusal = _answered(request, answers, by=asked.asked, swap=asked)
    asked.refresh_from_db()
    context = {"swap": asked, "refusal": refusal.message if refusal else "", **spans_of(asked)}
    return TemplateResponse(request, "people/swap.html", context, status=refusal.status if refusal else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def shift(request: HttpRequest, secret: str) -> HttpResponse:
    """How a shift was: ask, and take the answer."""
    feedback = feedback_of(secret)
    if feedback is None:
        return _unknown(request)
    refusal, now = None, timezone.now()
    given: dict[str, Any] = {"rating": feedback.rating, "text": feedback.text}
    if request.method == "POST":
        chosen = request.POST.get("rating", "")
        given = {"rating": int(chosen) if chosen in RATINGS else 0, "text": request.POST.get("text", "")}
        holder = _holder(feedback.shift.individual)
        try:
            shift_feedback.say_how_it_was(feedback=feedback, actor=holder, now=now, **given)
        except FlowError as error:
            refusal = error
    context = {
        **shift_words(feedback),
        **given,
        "ratings": ShiftFeedback.Rating.choices,
        "longest": shift_feedback.LONGEST_TEXT,
        "over": shift_feedback.is_over(feedback, now),
        "thanks": request.method == "POST" and refusal is None,
        "refusal": refusal.message if refusal else "",
    }
    return TemplateResponse(request, "people/shift.html", context, status=refusal.status if refusal else 200)


def _answered(
    request: HttpRequest, answers: Mapping[str, Callable[..., Any]], *, by: Individual, **about: Any
) -> FlowError | None:
    """Take what was answered with one of a page's buttons; why it was not taken."""
    if request.method != "POST":
        return None
    take = answers.get(request.POST.get("answer", ""))
    if take is None:
        return Invalid(_("Press one of the buttons."), field="answer")
    try:
        take(actor=_holder(by), now=timezone.now(), **about)
    except FlowError as error:
        return error
    return None


def _holder(person: Individual) -> Actor:
    """Whoever holds the secret link acts for the person it was sent to."""
    return Actor(user=person.user, face=Face.CONSOLE, trusted=True)


def _unknown(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "people/no_such_link.html", {}, status=404)


def _shown(
    request: HttpRequest, template: str, subject: Any, refusal: FlowError | None, *, message: str, **words: Any
) -> HttpResponse:
    """Of a restricted subject nothing but its name: the mail may have been passed on."""
    context = {
        "subject": subject,
        "title": "" if subject.is_restricted else subject.title,
        "message": "" if subject.is_restricted else message,
        "refusal": refusal.message if refusal else "",
        **words,
    }
    return TemplateResponse(request, template, context, status=refusal.status if refusal else 200)


def _page_state(call: PageCall, page: Page) -> str:
    if page.is_unanswered:
        return "asked"
    if page.status == Page.Status.ACKNOWLEDGED:
        return "mine" if page.acknowledged_by_id == call.individual_id else "others"
    return "cancelled"

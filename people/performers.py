"""What people carry out by themselves: looking at a page again when its time has come."""

from django.utils import timezone

from core.operations.models import Operation
from core.operations.performers import Outcome, performer
from people.flows import pages


@performer("page.advance", capability="page", delivery=Operation.Delivery.ENSURE)
def advance_page(operation: Operation) -> Outcome:
    """Call the next person, or on the next way, if it is time; the page itself says."""
    page_id = int(operation.arguments["page"])
    return Outcome(store=lambda _done: pages.advance(page_id=page_id, now=timezone.now()))

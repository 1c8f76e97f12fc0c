"""How long to wait before the next attempt."""

import random
from datetime import timedelta

from core.operations.errors import OperationError, RateLimited
from core.operations.models import Operation

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 3600.0
PAGE_LONGEST_SECONDS = 30.0
# A vendor that says “again in 0 seconds” is not asked in a loop.
LEAST_ASKED_SECONDS = 1.0
# Counted from the first attempt, or from the last retry by hand.
GIVE_UP_AFTER = timedelta(hours=24)


def wait_seconds(failures: int, *, urgent: bool) -> float:
    """Exponential with jitter: between half of and the whole step, so that many do not come back at once."""
    if urgent:
        step = min(2.0 ** min(failures, 10), PAGE_LONGEST_SECONDS)
    else:
        step = min(FIRST_SECONDS * 2.0 ** min(failures - 1, 20), LONGEST_SECONDS)
    return step * random.uniform(0.5, 1.0)  # noqa: S311 (spreading load, not a secret)


def asked_wait(error: OperationError) -> float | None:
    """How long the vendor asks to wait, within reason; None when it does not say."""
    if not isinstance(error, RateLimited):
        return None
    return min(max(LEAST_ASKED_SECONDS, error.retry_after), GIVE_UP_AFTER.total_seconds())


def is_urgent(operation: Operation) -> bool:
    """Pages back off in seconds."""
    return operation.urgency == Operation.Urgency.PAGE

"""Requests that are carried out once, however often they come."""

from core.idempotency.once import Done, clean, once

__all__ = ["Done", "clean", "once"]

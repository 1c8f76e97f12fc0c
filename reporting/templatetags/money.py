"""Money as people read it."""

from decimal import Decimal
from typing import Any

from django import template

register = template.Library()


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """1,200.00 USD."""
    return f"{Decimal(amount or 0):,.2f} {currency}".strip()

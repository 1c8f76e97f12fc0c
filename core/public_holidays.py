"""Public holidays of a country or a part of it, and whether such a place is known."""

import re
from datetime import date
from functools import lru_cache

import holidays
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from holidays.registry import COUNTRIES

CODE = re.compile(r"[A-Z]{2}")
# Words of a country's name that are not written large.
SMALL = frozenset({"and", "of", "the"})


@lru_cache(maxsize=512)
def days_of(country: str, region: str, year: int) -> frozenset[date]:
    """The public holidays of a year. A place that nobody knows has none: rows written past the check stay usable."""
    if not CODE.fullmatch(country):
        return frozenset()
    try:
        return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
    except NotImplementedError:
        return frozenset()


def countries() -> list[tuple[str, str]]:
    """The countries whose holidays are known, by code and name, as a choice."""
    known = holidays.list_supported_countries()
    named = [(entry[1], _spelled(module)) for module, entry in COUNTRIES.items() if entry[1] in known]
    return sorted(named, key=lambda place: place[1])


def regions(country: str) -> list[tuple[str, str]]:
    """The parts of a country with holidays of their own, by code and name, as a choice."""
    if not CODE.fullmatch(country):
        return []
    try:
        calendar = holidays.country_holidays(country)
    except NotImplementedError:
        return []
    names = calendar.get_subdivision_aliases()
    return sorted(((code, (names.get(code) or [code])[0]) for code in calendar.subdivisions), key=lambda one: one[1])


def _spelled(module: str) -> str:
    """A country's name, made of its module's."""
    return " ".join(word if word in SMALL else word.capitalize() for word in module.split("_"))


def check_place(country: str, region: str) -> None:
    """Refuse a country or region that the calendar does not know.

    :raises ValidationError: naming the field and the mend.
    """
    if not country:
        if region:
            raise ValidationError({"holiday_country": _("Choose the country of the region as well.")})
        return
    regions = holidays.list_supported_countries(include_aliases=True).get(country)
    if regions is None or not CODE.fullmatch(country):
        message = _("No holidays are known for “%(country)s”. Use two capitals such as DE, or leave it empty.")
        raise ValidationError({"holiday_country": message % {"country": country}})
    if region and region not in regions:
        raise ValidationError({"holiday_region": _region_refusal(country, region, regions)})


def _region_refusal(country: str, region: str, regions: list[str]) -> str:
    codes = ", ".join(code for code in regions if code.isupper() or code.isdigit())
    if not codes:
        return _("%(country)s has no regions with holidays of their own; leave it empty.") % {"country": country}
    words = {"region": region, "country": country, "codes": codes}
    return _("“%(region)s” is no region of %(country)s. Use one of %(codes)s, or leave it empty.") % words

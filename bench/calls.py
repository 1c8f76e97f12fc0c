"""What is measured, and how much each may take. The budgets' figures are milliseconds of the time until the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bench import texts
from bench.building import LONG_ONE
from bench.client import Answer, Client

API, CONSOLE = "API", "console"
INCIDENTS, PAGES = "/api/v1/incidents/", "/admin/incidents/incident/"
MOST_QUERIES: Final = {API: 12, CONSOLE: 30}


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a call may take; None: no limit was set.

    :ivar ms: the median; :ivar p95_ms: what 95 of a hundred stay below.
    """

    ms: float | None = None
    p95_ms: float | None = None
    queries: int | None = None
    size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Who asks: an admin and a member, of the API and of the console."""

    api: Client
    member_api: Client
    console: Client
    member_console: Client


@dataclass(frozen=True, kw_only=True)
class Places:
    """Whom the calls are about: names of incidents, and the keys of their pages.

    :ivar plain: an ordinary one; :ivar long: the one with a thousand events; :ivar moved: one that moves to and fro.
    """

    plain: str
    long: str
    moved: tuple[str, int]
    moved_page: tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Call:
    """Something that is asked again and again.

    :ivar ask: makes the request of this number and returns the answer; what must be read first is not timed.
    :ivar steady: it must not take longer the more incidents there are.
    """

    face: str
    title: str
    ask: Callable[[Callers, Places, int], Answer]
    budget: Budget = field(default_factory=Budget)
    steady: bool = False
    writes: bool = False

    @property
    def key(self) -> str:
        """Its name for machines."""
        return f"{self.face} {self.title}"


def _get(caller: str, path: str) -> Callable[[Callers, Places, int], Answer]:
    def ask(callers: Callers, places: Places, _number: int) -> Answer:
        client: Client = getattr(callers, caller)
        return client.get(path.format(plain=places.plain, long=places.long))

    return ask


def _create(callers: Callers, _places: Places, number: int) -> Answer:
    return callers.api.post(INCIDENTS, {"title": f"Measured {number}", "description": "One of many"})


def _report(callers: Callers, _places: Places, number: int) -> Answer:
    fields = callers.console.form(f"{PAGES}add/", title=f"Measured {number}", description="One of many")
    return callers.console.send(f"{PAGES}add/", fields)


def _move(callers: Callers, places: Places, number: int) -> Answer:
    name, _key = places.moved
    return callers.api.post(f"{INCIDENTS}{name}/status/", {"status": ("stable", "active")[number % 2]})


def _move_page(callers: Callers, places: Places, number: int) -> Answer:
    _name, key = places.moved_page
    path = f"{PAGES}{key}/{('mark-stable', 'back-to-active')[number % 2]}/"
    return callers.console.send(path, callers.console.form(path))


def _api(title: str, caller: str, path: str, *, steady: bool = False, **limits: float) -> Call:
    budget = Budget(**{"queries": MOST_QUERIES[API], **limits})  # type: ignore[arg-type]
    return Call(face=API, title=title, ask=_get(caller, path), budget=budget, steady=steady)


def _page(title: str, caller: str, path: str, *, steady: bool = False, **limits: float) -> Call:
    budget = Budget(**{"queries": MOST_QUERIES[CONSOLE], **limits})  # type: ignore[arg-type]
    return Call(face=CONSOLE, title=title, ask=_get(caller, path), budget=budget, steady=steady)


_NARROWED = "severity={severity}&priority={priority}&status=active".format(severity="High", priority="Medium")
# The milliseconds of the API are parts of the reference's at 10,000 incidents: list 1,383 / 50, member 1,709 / 60, …
CALLS: Final = (
    _api("list", "api", INCIDENTS, steady=True, ms=27.7, queries=8, size=20_000),
    _api("member's list", "member_api", INCIDENTS, steady=True, ms=28.5, queries=8, size=20_000),
    _api("filter", "api", f"{INCIDENTS}?{_NARROWED}", ms=30.6, size=20_000),
    _api("search, rare word", "api", f"{INCIDENTS}?search={texts.RARE}", steady=True, ms=24.9, size=20_000),
    _api("search, common word", "api", f"{INCIDENTS}?search={texts.COMMON}", p95_ms=300, size=20_000),
    _api("detail", "api", INCIDENTS + "{plain}/", steady=True, ms=30.2),
    _api("detail of 1,000 events", "api", INCIDENTS + "{long}/", steady=True, ms=31.6),
    _api("its timeline", "api", INCIDENTS + "{long}/events/", steady=True, ms=31.6),
    Call(face=API, title="create", ask=_create, budget=Budget(ms=60.6), writes=True),
    Call(face=API, title="status change", ask=_move, budget=Budget(ms=44.9), writes=True),
    _page("dashboard", "console", "/admin/", ms=100),
    _page("list", "console", f"{PAGES}?tab=all", steady=True),
    _page("member's list", "member_console", f"{PAGES}?tab=all", steady=True),
    _page("filter", "console", f"{PAGES}?tab=active&severity=High&priority=Medium"),
    _page("search, rare word", "console", f"{PAGES}?tab=all&q={texts.RARE}", steady=True),
    _page("search, common word", "console", f"{PAGES}?tab=all&q={texts.COMMON}", p95_ms=300),
    _page("detail", "console", PAGES + "{plain}/change/", steady=True),
    _page("detail of 1,000 events", "console", PAGES + "{long}/change/", steady=True),
    Call(face=CONSOLE, title="create", ask=_report, writes=True),
    Call(face=CONSOLE, title="status change", ask=_move_page, writes=True),
)
# On the embedded database, while a worker writes: list and page.
EMBEDDED_MS: Final = 200.0


def long_name(prefix: str) -> str:
    """The incident with a thousand events."""
    return f"{prefix}-{LONG_ONE}"


def bearer(secret: str) -> dict[str, str]:
    """The header of a caller with a token."""
    return {"Authorization": f"Bearer {secret}"}

"""Asks each call some times and keeps what it took."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from bench import world as worlds
from bench.calls import Call, Callers, Places, bearer, long_name
from bench.client import Answer, Client
from bench.processes import Server, database_cpu_seconds
from bench.world import World
from core.actor import Actor, Face
from core.flows import tokens
from core.models import User
from core.models.subjects import Sequence as Names
from incidents.models import Incident

# Both web processes must have met a call, and their connections too.
WARM_UP = 6
REPEATS = 30


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a call took: medians, and per request the processor time of web and database in milliseconds.

    :ivar database_ms: None where the database's processes cannot be looked at.
    """

    queries: int
    median_ms: float
    p95_ms: float
    web_ms: float
    database_ms: float | None
    size: int

    @property
    def cpu_ms(self) -> float:
        """Web and database together."""
        return self.web_ms + (self.database_ms or 0.0)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def callers(world: World, port: int, now: datetime) -> Callers:
    """The admin and the member with tokens, and signed in to the console."""

    def of_console(email: str) -> Client:
        client = Client(port)
        client.sign_in(email, worlds.PASSWORD)
        return client

    return Callers(
        api=api_client(world.admin, port, now), member_api=api_client(world.member, port, now),
        console=of_console(worlds.ADMIN), member_console=of_console(worlds.MEMBER),
    )  # fmt: skip


def api_client(user: User, port: int, now: datetime) -> Client:
    """A caller with a new token of the user's."""
    actor = Actor.system(Face.COMMAND)
    _row, secret = tokens.issue(user=user, name="bench", scopes=["read", "write"], actor=actor, now=now)
    return Client(port, **bearer(secret))


def places(world: World) -> Places:
    """An ordinary open incident in the middle, the long one, and two that may move."""
    rows = Incident.objects.filter(project=world.project, visibility="open", status=Incident.Status.ACTIVE)
    prefix = Names.objects.get(project=world.project, kind="incident").prefix
    long = long_name(prefix)
    found = list(rows.exclude(name=long).order_by("pk").values_list("name", "pk")[:40])
    return Places(plain=found[len(found) // 2][0], long=long, moved=found[0], moved_page=found[1])


def measure(server: Server, call: Call, who: Callers, where: Places, repeats: int = REPEATS) -> Figures:
    """Ask a call again and again."""
    for number in range(WARM_UP):
        call.ask(who, where, number)
    web, database = server.cpu_seconds(), database_cpu_seconds()
    answers = [call.ask(who, where, number) for number in range(repeats)]
    web_ms = (server.cpu_seconds() - web) * 1000 / repeats
    after = database_cpu_seconds()
    database_ms = None if database is None or after is None else max(after - database, 0.0) * 1000 / repeats
    return figures(answers, web_ms, database_ms)


def figures(answers: Sequence[Answer], web_ms: float, database_ms: float | None) -> Figures:
    """The figures of some answers to one call."""
    took = sorted(answer.seconds * 1000 for answer in answers)
    return Figures(
        queries=round(statistics.median(answer.queries for answer in answers)),
        median_ms=statistics.median(took),
        p95_ms=took[min(len(took) - 1, int(len(took) * 0.95))],
        web_ms=web_ms,
        database_ms=database_ms,
        size=round(statistics.median(len(answer.body) for answer in answers)),
    )


def measure_all(
    server: Server, calls: Sequence[Call], who: Callers, where: Places, tell: Callable[[str], None]
) -> dict[str, Figures]:
    """The figures of every call, by its key."""
    found = {}
    for call in calls:
        tell(call.key)
        found[call.key] = measure(server, call, who, where)
    return found

"""Figures of the work, from the database: what waits, what failed, how old it is, and who is silent."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.apps import apps
from django.db.models import Count, Min, Q
from django.utils import timezone

from core import heartbeats, version
from core.metrics.exposition import Family
from core.operations import choosing
from core.operations.models import Job, Operation, Work

Status = Work.Status
# What is done is left out: there is no end to it, and counting it would read the whole table at each scrape.
COUNTED = tuple(status for status in Status if status != Status.SUCCEEDED)
PAGE = Operation.Urgency.PAGE


def families(now: datetime | None = None) -> Iterator[Family]:
    """All of them, with a fixed number of queries."""
    now = now or timezone.now()
    yield _gauge("dispatch_info", "Which version runs.", [({"version": version.VERSION}, 1)])
    yield _gauge("dispatch_operations", "Operations by state and plugin; done ones are left out.", _operations())
    yield from _queue(now)
    yield _gauge("dispatch_jobs", "Jobs by state; done ones are left out.", _jobs())
    yield _gauge(
        "dispatch_heartbeat_age_seconds",
        "Since a part last showed life; a part that never did is left out.",
        [({"part": sign.part}, sign.age_seconds) for sign in heartbeats.signs(now) if sign.beat_at],
    )


def _gauge(name: str, told: str, values: list[tuple[dict[str, str], float]]) -> Family:
    return Family(name=name, kind="gauge", told=told, samples=[("", labels, value) for labels, value in values])


def _operations() -> list[tuple[dict[str, str], float]]:
    plugins = _plugins()
    totals: Counter[tuple[str, str]] = Counter()
    # One state at a time: each has an index of its own, and a list of them would use none.
    for state in COUNTED:
        rows = Operation.objects.filter(status=state).order_by().values_list("plugin_instance_id", "capability")
        for instance, capability, count in rows.annotate(count=Count("pk")):
            totals[state.value, plugins.get(instance) or f"builtin:{capability}"] += count
    return [({"state": state, "plugin": plugin}, count) for (state, plugin), count in sorted(totals.items())]


def _plugins() -> dict[int | None, str]:
    """The kind of plugin by instance: names are what people wrote."""
    instances = apps.get_model("integrations", "PluginInstance")
    return dict(instances._default_manager.values_list("pk", "plugin"))


def _queue(now: datetime) -> Iterator[Family]:
    due = choosing.due(now).order_by()
    found = due.aggregate(
        oldest=Min("next_attempt_at"),
        count=Count("pk"),
        pages=Count("pk", filter=Q(urgency=PAGE)),
        oldest_page=Min("next_attempt_at", filter=Q(urgency=PAGE)),
    )
    yield _gauge("dispatch_queue_due", "Operations whose time has come.", [({}, found["count"])])
    yield _gauge("dispatch_queue_age_seconds", "How long the oldest due one waits.", [({}, _age(found["oldest"], now))])
    yield _gauge("dispatch_pages_waiting", "Steps of pages whose time has come.", [({}, found["pages"])])
    page_age = _age(found["oldest_page"], now)
    yield _gauge("dispatch_pages_age_seconds", "How long the oldest of them waits.", [({}, page_age)])


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _jobs() -> list[tuple[dict[str, str], float]]:
    rows = Job.objects.filter(status__in=COUNTED).order_by("status").values_list("status").annotate(count=Count("pk"))
    return [({"state": status}, count) for status, count in rows]

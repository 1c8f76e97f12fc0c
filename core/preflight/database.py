"""The database: does it answer, is it of this version or an older one, and are its rows what they should be."""

import random
from collections.abc import Iterator

from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from core import reaching
from core.models.subjects import KINDS, Subject
from core.operations.models import Operation
from core.preflight.findings import Finding, note, stop, warn, well
from core.timeline import chain

MODELS = {"incident": "incidents.Incident", "case": "cases.Case"}
SAMPLE = 100
LISTED = 10


def answers() -> Iterator[Finding]:
    """It is there, and not of a newer version."""
    why_not = reaching.why_not()
    if why_not:
        yield stop(why_not)
        return
    try:
        connection.ensure_connection()
        call_command("check_database")
    except DatabaseError as error:
        yield stop(_("The database does not answer: %(why)s.") % {"why": str(error).splitlines()[0]})
    except CommandError as error:
        yield stop(str(error))
    else:
        yield well(_("The database answers (%(vendor)s).") % {"vendor": connection.vendor})


def migrations() -> Iterator[Finding]:
    """What the upgrade will do."""
    pending = _pending()
    if not pending:
        yield well(_("All migrations are applied."))
    else:
        listed = ", ".join(pending[:LISTED]) + (", …" if len(pending) > LISTED else "")
        yield note(_("Migrations to apply (%(count)s): %(list)s.") % {"count": len(pending), "list": listed})


def integrity() -> Iterator[Finding]:
    """Rows that point at nothing would stop a migration half-way."""
    try:
        connection.check_constraints()
        broken = "" if connection.vendor != "sqlite" else _quick_check()
    except DatabaseError as error:
        broken = str(error)
    yield stop(_("The database is broken: %(why)s") % {"why": broken}) if broken else well(_("The database is whole."))


def timelines() -> Iterator[Finding]:
    """A sample: the newest, and as many at random. All of them: `verify_timeline`."""
    if _pending():
        # The code knows columns that the database does not have yet.
        yield note(_("Timelines are read after the upgrade: run verify_timeline then."))
        return
    checked = 0
    for subject in _sample():
        checked += 1
        found = chain.verify(subject)
        if found:
            words = {"name": subject.name, "seq": found.seq, "problem": found.problem}
            told = _(
                "The timeline of %(name)s is broken at event %(seq)s: %(problem)s."
                ' What to do: docs/administration.md, "A broken timeline".'
            )
            yield warn(told % words)
    yield well(_("Timelines checked: %(count)s.") % {"count": checked})


def work() -> Iterator[Finding]:
    """What is being carried out would be cut off."""
    if _pending():
        return
    running = Operation.objects.filter(status=Operation.Status.RUNNING).count()
    failed = Operation.objects.filter(status=Operation.Status.FAILED)[:10_000].count()
    if running:
        yield note(
            _("Operations running now: %(count)s; stop the workers gently and they end first.") % {"count": running}
        )
    if failed:
        yield note(_("Failed operations: %(count)s; they stay as they are.") % {"count": failed})


def _pending() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def _quick_check() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        said = str(cursor.fetchone()[0])
    return "" if said == "ok" else said


def _sample() -> Iterator[Subject]:
    for kind in KINDS:
        model: type[Subject] = apps.get_model(MODELS[kind])
        keys = list(model._default_manager.order_by("-pk").values_list("pk", flat=True))
        newest, older = keys[:SAMPLE], keys[SAMPLE:]
        chosen = newest + random.sample(older, min(SAMPLE, len(older)))
        yield from model._default_manager.filter(pk__in=chosen).order_by("pk")

"""A thousand real incidents through the API while workers are killed and Redis is restarted."""

import json
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from tests.soak.installation import Installation, embedded, production, wait_until

pytestmark = [pytest.mark.soak, pytest.mark.shared]

DONE = "dict(Operation.objects.values_list('status').annotate(n=__import__('django').db.models.Count('pk')))"
EACH_ONCE = (
    "[Incident.objects.count(), Incident.objects.values('name').distinct().count(), "
    "Resource.objects.filter(kind='ticket').count(), BuiltinTicket.objects.count(), "
    "Resource.objects.filter(kind='incident_document').count(), Document.objects.count()]"
)


def reports(shared, count):
    records = json.loads(zipfile.ZipFile(shared / "data" / "vcdb" / "vcdb.json.zip").read("vcdb.json"))
    return [
        {"title": f"{', '.join(sorted(row['action']))} at {row['victim'].get('victim_id') or 'unknown victim'}",
         "description": row.get("summary", "")}
        for row in records[:count]
    ]  # fmt: skip


def declare_all(installation: Installation, bodies, clients=8):
    """Each report until it is taken, with its own key, as a careful client does. Returns every status that was seen."""
    seen, names = [], []

    def declare(numbered):
        number, body = numbered
        for _try in range(60):
            try:
                status, answer = installation.call("POST", "/incidents/", body, key=f"report-{number}")
            except (OSError, HTTPException):
                # The one process is being restarted, in the middle of an answer perhaps.
                time.sleep(0.5)
                continue
            seen.append(status)
            if status in {200, 201}:
                names.append(answer["name"])
                return
            time.sleep(0.2)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(declare, enumerate(bodies)))
    return seen, names


def all_done(installation: Installation):
    return set(installation.count(DONE)) == {"succeeded"}


def test_a_thousand_reports_by_eight_clients_with_workers_killed_and_redis_restarted(shared, tmp_path):
    bodies = reports(shared, 1000)
    with production(tmp_path) as installation:
        told = []
        declaring = threading.Thread(target=lambda: told.extend(declare_all(installation, bodies)))
        declaring.start()
        for _kill in range(3):
            before = installation.count("Incident.objects.count()")
            wait_until(lambda before=before: installation.count("Incident.objects.count()") > before + 50, 300, every=2)
            installation.kill("worker")
            installation.worker()
        installation.kill("redis")
        installation.redis()
        declaring.join(timeout=900)
        seen, names = told

        assert set(seen) == {201}
        assert len(set(names)) == len(names) == 1000
        wait_until(lambda: all_done(installation), 600, every=3)
        assert installation.count(EACH_ONCE) == [1000] * 6
        installation.manage("verify_timeline")


def test_two_hundred_reports_on_the_embedded_default_with_the_one_process_killed(shared, tmp_path):
    bodies = reports(shared, 200)
    with embedded(tmp_path) as installation:
        told = []
        declaring = threading.Thread(target=lambda: told.extend(declare_all(installation, bodies, clients=4)))
        declaring.start()
        wait_until(lambda: installation.count("Incident.objects.count()") > 40, 120, every=1)
        installation.kill("up")
        installation.up()
        declaring.join(timeout=600)
        seen, names = told

        assert set(seen) <= {200, 201}
        assert len(set(names)) == 200
        wait_until(lambda: all_done(installation), 300, every=2)
        assert installation.count(EACH_ONCE) == [200] * 6
        installation.manage("verify_timeline")

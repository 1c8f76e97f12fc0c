"""A whole installation in processes of its own: web, workers, beat, database and Redis, to be killed and restarted."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: Callable[[], Any], seconds: float, every: float = 0.2) -> Any:
    """Ask until the answer is true. Processes of their own give no other sign."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(every)
    raise AssertionError(f"Not within {seconds} s.")


class Installation:
    """Processes by name, an address, and a token of its owner."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        self.environment = {
            **clean, "DISPATCH_HOME": str(home), "BASE_URL": self.url, "LOG_LEVEL": "WARNING",
            "API_REQUESTS_PER_MINUTE": "0",
            "DJANGO_SETTINGS_MODULE": "dispatch_project.settings", **environment,
        }  # fmt: skip
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.token = ""

    def start(self, name: str, *command: str) -> None:
        log = (self.home / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )

    def kill(self, name: str, sign: int = signal.SIGKILL) -> None:
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        process.wait(timeout=30)

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def prepare(self) -> None:
        """Migrate, and make the owner and a token."""
        self.manage("migrate", "-v", "0")
        said = self.manage("first_owner")
        email = said.split("E-mail:")[1].split()[0]
        self.token = self.manage("create_token", email, "--scopes", "read,write").strip().splitlines()[-1]

    def wait_for_web(self) -> None:
        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return True
            except OSError:
                return False

        wait_until(answers, 90)

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        """One request to the API: status and decoded answer."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if key:
            request.add_header("Idempotency-Key", key)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def count(self, expression: str) -> Any:
        """The value of an expression over the models, asked in a process of its own."""
        code = (
            "from core.models import *; from incidents.models import *; from integrations.models import *; "
            f"from knowledge.models import *; import json; print('=>', json.dumps({expression}))"
        )
        return json.loads(self.manage("shell", "-v", "0", "-c", code).split("=>")[1])


@contextlib.contextmanager
def production(home: Path, **more: str) -> Iterator[Installation]:
    """PostgreSQL, a Redis of its own, two web workers, a prefork worker and beat. `more`: their environment."""
    database = f"dispatch_soak_{uuid.uuid4().hex[:8]}"
    admin = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
    subprocess.run(
        ["psql", admin.replace("postgres://", "postgresql://"), "-qc", f"CREATE DATABASE {database}"], check=True
    )
    redis_port = free_port()
    made = Installation(
        home,
        {
            "DATABASE_URL": admin.rsplit("/", 1)[0] + f"/{database}",
            "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "DATABASE_POOL_MAX": "8",
            **more,
        },
    )
    made.redis = lambda: made.start(  # type: ignore[attr-defined]
        "redis", shutil.which("redis-server") or "redis-server", "--port", str(redis_port), "--save", "",
        "--appendonly", "no", "--dir", str(home),
    )  # fmt: skip
    made.worker = lambda: made.start(  # type: ignore[attr-defined]
        "worker", PYTHON, "-m", "celery", "-A", "dispatch_project", "worker", "-c", "2", "-l", "WARNING",
        "-Q", "interactive,operations,scheduled,ai",
    )  # fmt: skip
    made.beat = lambda name: made.start(  # type: ignore[attr-defined]
        name, PYTHON, "-m", "celery", "-A", "dispatch_project", "beat", "-l", "WARNING", "--pidfile="
    )
    try:
        made.redis()  # type: ignore[attr-defined]
        made.prepare()
        made.start(
            "web", PYTHON, "-m", "gunicorn", "dispatch_project.wsgi", "-w", "2", "-k", "gthread", "--threads", "4",
            "-b", f"127.0.0.1:{made.port}",
        )  # fmt: skip
        made.worker()  # type: ignore[attr-defined]
        made.beat("beat")  # type: ignore[attr-defined]
        made.wait_for_web()
        yield made
    finally:
        made.stop()
        drop = f"DROP DATABASE {database} WITH (FORCE)"
        subprocess.run(["psql", admin.replace("postgres://", "postgresql://"), "-qc", drop], check=True)


@contextlib.contextmanager
def embedded(home: Path) -> Iterator[Installation]:
    """`./dispatch up`: one process, SQLite, the broker in memory."""
    made = Installation(home, {})
    made.up = lambda: made.start(  # type: ignore[attr-defined]
        "up", PYTHON, str(ROOT / "dispatch"), "up", "--port", str(made.port), "--home", str(home)
    )
    try:
        made.prepare()
        made.up()  # type: ignore[attr-defined]
        made.wait_for_web()
        yield made
    finally:
        made.stop()

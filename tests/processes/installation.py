"""A whole installation in real processes: gunicorn, the worker under its watchdog, a database of its own."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import requests
from cryptography.fernet import Fernet

from sandbox.ecwid import EcwidSimulator
from tests.processes.console import ROOT, Console

MIGRATE = ("migrate", "--verbosity", "0")
RUN = "EVENKEEL_TEST_RUN"  # names what the processes of one test run share


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait for a true answer; fails with ``what`` and the last answer after ``seconds``."""
    give_up_at = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return
        if time.monotonic() > give_up_at:
            raise AssertionError(f"after {seconds} s still not: {what} (last answer: {answer!r})")
        time.sleep(0.05)


def environment(database_url: str) -> dict[str, str]:
    """Return what an installation needs to know, with keys of its own."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "EVENKEEL_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "PUBLIC_URL": "http://127.0.0.1",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "EVENKEEL_ALLOW_PRIVATE_HOSTS": "1",
        "DEBUG": "0",
        "LOG_LEVEL": "WARNING",
    }


def manage(env: dict[str, str], *arguments: str, input: str | None = None) -> str:
    return _python(env, "manage.py", *arguments, input=input)


def _migrate(env: dict[str, str]) -> None:
    """Run every migration without the garbage collector: a quarter of the time is spent in it, and it ends anyway."""
    _python(env, "-c", "import gc, runpy; gc.disable(); runpy.run_path('manage.py', run_name='__main__')", *MIGRATE)


def _python(env: dict[str, str], *arguments: str, input: str | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        input=input,
    )
    assert done.returncode == 0, f"{arguments}: {done.stderr or done.stdout}"
    return done.stdout


@dataclass
class Installation:
    """Processes and database of one installation; ``manage`` runs its commands."""

    folder: Path
    database_url: str
    redis_url: str = ""
    port: int = field(default_factory=free_port)
    web: subprocess.Popen[bytes] | None = None
    worker: subprocess.Popen[bytes] | None = None
    console: Console | None = None

    def __post_init__(self) -> None:
        self.env = environment(self.database_url) | {
            "REDIS_URL": self.redis_url,
            "PUBLIC_URL": self.url,
            "EVENKEEL_SWEEP_SECONDS": "1",
        }
        self.log = (self.folder / "processes.log").open("ab")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str, input: str | None = None) -> str:
        """Run a management command and return what it printed; fails with its error."""
        return manage(self.env, *arguments, input=input)

    def python(self, code: str) -> str:
        """Run code inside the installation's Django and return what it printed."""
        if self.console is None:
            self.console = Console(self.env)
        return self.console.run(code)

    def verify(self) -> str:
        """Return what ``verify_ledger`` says; fails where the ledger does not add up."""
        return self.python("from django.core.management import call_command; call_command('verify_ledger')")

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Read from the installation's database; starting a management command for it would take a second."""
        if self.database_url.startswith("sqlite"):
            with closing(sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=30)) as lite:
                return lite.execute(sql).fetchall()
        with psycopg.connect(self.database_url) as server:
            return list(server.execute(sql.encode()))

    def start_web(self) -> None:
        self.web = self._spawn(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"),
                *("--bind", f"127.0.0.1:{self.port}"),
            ]
        )
        wait_until(lambda: self._answers("/healthz"), seconds=30, what="the web server answers")

    def start_worker(self, *, silence: float = 6) -> None:
        self.worker = self._spawn([sys.executable, "manage.py", "worker", "--silence", str(silence)])

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log, start_new_session=True
        )

    def _answers(self, path: str) -> bool:
        try:
            return requests.get(self.url + path, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def connect(self, store: EcwidSimulator, name: str, warehouse: str, mode: str = "live") -> int:
        """Connect a simulated store, import and anchor it, and point its webhooks at us; return the channel's id."""
        credentials = self.folder / f"{name}.json"
        credentials.write_text(
            json.dumps({"store_id": str(store.store_id), "token": store.token, "client_secret": store.client_secret})
        )
        facts = self.connect_and_import(
            *("ecwid", "--name", name, "--base-url", store.base_url),
            *("--credentials", str(credentials), "--mode", mode, "--warehouse", warehouse),
        )
        store.set_webhook(str(facts["webhook_url"]))
        return int(str(facts["id"]))

    def connect_and_import(self, *arguments: str) -> dict[str, object]:
        """Connect a store, read its catalogue, and return what ``connect`` printed: one start of Python for both."""
        printed = self.python(
            "from django.core.management import call_command\n"
            f"call_command('connect', *{[*arguments, '--json']!r})\n"
            f"call_command('import_catalog', {arguments[arguments.index('--name') + 1]!r})"
        )
        facts: dict[str, object] = json.loads(printed.splitlines()[0])
        return facts

    def worker_processes(self) -> list[psutil.Process]:
        """Return the watchdog and all its descendants, the watchdog first."""
        assert self.worker is not None
        watchdog = psutil.Process(self.worker.pid)
        return [watchdog, *watchdog.children(recursive=True)]

    def kill_everything(self) -> None:
        """SIGKILL web and worker with all their children, as a power cut would."""
        for started in (self.web, self.worker):
            if started is None or started.poll() is not None:
                continue
            family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
            for process in family:
                process.kill()
            psutil.wait_procs(family, timeout=10)
            started.wait()

    def stop(self) -> None:
        self.kill_everything()
        if self.console is not None:
            self.console.close()
        self.log.close()


@contextmanager
def database(folder: Path, default_url: str) -> Iterator[str]:
    """Give the address of a migrated database beside the one that the tests run on.

    It is a copy: every migration takes eight seconds, so one test of a run does them for all.
    """
    if not default_url.startswith("postgres"):
        shutil.copyfile(_migrated_file(), folder / "evenkeel.sqlite3")
        yield f"sqlite:///{folder / 'evenkeel.sqlite3'}"
        return
    name = f"evenkeel_{secrets.token_hex(6)}"
    with _on_postgres(default_url) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_migrated_database(default_url)}"')
    try:
        yield _beside(default_url, name)
    finally:
        with _on_postgres(default_url) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def drop_template(default_url: str) -> None:
    """Drop what the run's tests copied from."""
    template = _template()
    (Path(tempfile.gettempdir()) / f"{template}.lock").unlink(missing_ok=True)
    if not default_url.startswith("postgres"):
        _template_file().unlink(missing_ok=True)
        return
    with _on_postgres(default_url) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{template}" WITH (FORCE)')


def _template() -> str:
    return f"evenkeel_template_{os.environ[RUN]}"


def _template_file() -> Path:
    return Path(tempfile.gettempdir()) / f"{_template()}.sqlite3"


def _migrated_file() -> Path:
    file = _template_file()
    with _one_at_a_time():
        if not file.exists():
            unfinished = file.with_suffix(".unfinished")
            _migrate(environment(f"sqlite:///{unfinished}"))
            unfinished.rename(file)
    return file


def _migrated_database(default_url: str) -> str:
    template = _template()
    with _one_at_a_time(), _on_postgres(default_url) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            unfinished = f"{template}_unfinished"
            server.execute(f'CREATE DATABASE "{unfinished}"')
            _migrate(environment(_beside(default_url, unfinished)))
            server.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{template}"')
    return template


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one of the run's test processes make the template, and the others wait for it."""
    with (Path(tempfile.gettempdir()) / f"{_template()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _on_postgres(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True)


def _beside(url: str, name: str) -> str:
    return url.rsplit("/", 1)[0] + f"/{name}"

"""What every test may rely on."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django_q.brokers import get_broker
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from hypothesis import HealthCheck
from hypothesis import settings as examples
from playwright.sync_api import expect

from tests.browser import chromium
from tests.processes.installation import RUN, drop_template

__all__ = ["chromium"]

# A busy machine draws examples slowly, and runs them so; neither is a fault.
examples.register_profile("evenkeel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("evenkeel")

gc.disable()  # until the tests are collected: what is loaded until then stays

FORBID_SKIPS = os.environ.get("EVENKEEL_NO_SKIPS", "") not in ("", "0")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep SQLite's test database in a file: threads, live servers and worker processes then see the same data."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folder: Path = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")


def pytest_configure() -> None:
    os.environ.setdefault(RUN, secrets.token_hex(4))
    expect.set_options(timeout=20_000)  # a machine that runs everything else at the same time may take its time


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        drop_template(os.environ.get("DATABASE_URL", "sqlite"))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests of whole installations and of pages wait half of their time."""
    return (os.cpu_count() or 1) + 1


def _brevity(item: pytest.Item) -> int:
    """Tests of whole installations take longest, then those in a browser."""
    return 0 if item.get_closest_marker("processes") else 1 if item.get_closest_marker("browser") else 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this environment can't run; begin with what takes long."""
    items.sort(key=_brevity)
    gc.freeze()  # what is loaded by now stays: the collector need not walk it
    gc.enable()
    on_postgres = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    for item in items:
        if item.get_closest_marker("postgres") and not on_postgres:
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL: set DATABASE_URL to one"))
        if item.get_closest_marker("redis") and not settings.REDIS_URL:
            item.add_marker(pytest.mark.skip(reason="needs Redis: set REDIS_URL to one"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With EVENKEEL_NO_SKIPS a skipped test fails: in CI a missing browser or database must not look like success."""
    report = yield
    if FORBID_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"EVENKEEL_NO_SKIPS is set, and this test would be skipped. {reason}"
    return report


@pytest.fixture
def now() -> datetime:
    """The moment at which tests happen."""
    return datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def on_postgres() -> bool:
    return connection.vendor == "postgresql"


@pytest.fixture
def queued(db: None) -> Callable[[], int]:
    """Return how many tasks wait in the queue, whatever carries it; it is empty at first."""
    broker = get_broker()
    broker.purge_queue()
    return lambda: OrmQ.objects.count() if isinstance(broker, ORM) else int(broker.queue_size())

"""Two stores of one merchant, at full speed: limits and waits are tested on their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels import ingress
from channels.platforms.ecwid import batch, client
from sandbox.ecwid import EcwidSimulator
from tests.channels.core.world import Store, connect


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(client, "CALLS_PER_SECOND", 100_000.0)
    monkeypatch.setattr(client, "BURST", 100_000)
    monkeypatch.setattr(client, "READ_SECONDS", 0.5)
    monkeypatch.setattr(batch, "FIRST_WAIT", 0.02)
    ingress.forget()
    yield
    ingress.forget()


@pytest.fixture
def sim() -> Iterator[EcwidSimulator]:
    with EcwidSimulator(store_id=1003, name="North", time_scale=0.00001, rate_limit=1_000_000) as simulator:
        yield simulator


@pytest.fixture
def store(db: None, sim: EcwidSimulator) -> Store:
    return connect(sim, "North")


@pytest.fixture
def other(db: None) -> Iterator[Store]:
    with EcwidSimulator(
        store_id=1004, name="South", token="secret_south", time_scale=0.00001, rate_limit=1_000_000
    ) as simulator:
        yield connect(simulator, "South")


@pytest.fixture
def open_store(db: None) -> Iterator[Callable[..., Store]]:
    """Open further stores with knobs of the simulator."""
    running: list[EcwidSimulator] = []

    def open_(store_id: int = 1005, *, columns: dict[str, Any] | None = None, **options: Any) -> Store:
        simulator = EcwidSimulator(
            store_id=store_id,
            token=f"secret_{store_id}",
            time_scale=0.00001,
            rate_limit=options.pop("rate_limit", 1_000_000),
            **options,
        ).start()
        running.append(simulator)
        return connect(simulator, f"Store {store_id}", **(columns or {}))

    yield open_
    for simulator in running:
        simulator.stop()

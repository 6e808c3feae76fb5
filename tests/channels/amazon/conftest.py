"""A running simulated seller account with a client on it; every call is judged by Amazon's official models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels.contract import QuantityChange, Store
from channels.platforms.amazon import client, items, queue, transport
from channels.platforms.amazon.platform import AmazonPlatform
from sandbox.amazon import AmazonSimulator
from tests.amazon_models import assert_official
from tests.sandbox.amazon.world import Api, Clock

Opener = Callable[..., AmazonPlatform]


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a process has learnt of the sellers of other tests, whose rows are gone; and don't wait long."""
    monkeypatch.setattr(client, "_learnt", {})
    monkeypatch.setattr(items, "_places", {})
    monkeypatch.setattr(transport, "READ_SECONDS", 1.0)
    monkeypatch.setattr(queue, "WAIT_SECONDS", 0)


@pytest.fixture(scope="module")
def running() -> Iterator[AmazonSimulator]:
    with AmazonSimulator(
        quota_scale=1e6,
        time_scale=0.0001,
        accept_seconds=0.0,
        pending_seconds=0.0,
        orders_told_after=0.0,
        feed_seconds=0.0,
        report_seconds=0.0,
        report_cache_seconds=0.0,
        clock=Clock(),
    ) as sim:
        yield sim


@pytest.fixture
def sim(running: AmazonSimulator) -> Iterator[AmazonSimulator]:
    """A seller at whom everything happens at once; a test says so where it wants to wait."""
    running.reset()
    yield running
    assert_official(running)


@pytest.fixture
def clock(sim: AmazonSimulator) -> Clock:
    """The simulator's clock; a token that it has issued lasts by ours."""
    assert isinstance(sim.options.clock, Clock)
    return sim.options.clock


def store_at(sim: AmazonSimulator, **fields: Any) -> Store:
    credentials = {**sim.credentials, **fields.pop("credentials", {})}
    options = {"pace": "simulator", **fields.pop("options", {})}
    return Store(base_url=sim.url, account_ref=sim.seller_id, credentials=credentials, options=options, **fields)


@pytest.fixture
def open_platform(db: None, sim: AmazonSimulator) -> Iterator[Opener]:
    """Open clients of the seller and close them afterwards. Limits and tokens live in the database."""
    opened: list[AmazonPlatform] = []

    def open_(**fields: Any) -> AmazonPlatform:
        opened.append(AmazonPlatform(store_at(sim, **fields)))
        return opened[-1]

    yield open_
    for platform in opened:
        platform.close()


@pytest.fixture
def platform(open_platform: Opener) -> AmazonPlatform:
    return open_platform()


def change(ref: str, accounted: int, target: int) -> QuantityChange:
    return QuantityChange(ref=ref, accounted=accounted, target=target, key=f"{ref}:{accounted}:{target}")


@pytest.fixture
def api(sim: AmazonSimulator) -> Iterator[Api]:
    """The seller's own calls, past our client."""
    with Api(sim) as session:
        yield session

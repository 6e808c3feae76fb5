"""Running simulators at full speed: pauses and limits are tested on their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory.models import Warehouse
from inventory.sources import http
from inventory.sources.models import Source
from sandbox.wms import Bridge
from tests.factories import make_warehouse
from tests.inventory.sources.world import connect


@pytest.fixture(autouse=True)
def at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.Pace, "wait", lambda self: None)
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(http, "READ_SECONDS", 2.0)


@pytest.fixture(scope="module")
def running_bridge() -> Iterator[Bridge]:
    with Bridge(time_scale=0.001) as bridge:
        yield bridge


@pytest.fixture
def bridge(running_bridge: Bridge) -> Bridge:
    running_bridge.reset()
    running_bridge.clock_offset = 0
    running_bridge.add_location("Q1", "Quay 1")
    return running_bridge


@pytest.fixture
def main(db: None) -> Warehouse:
    return make_warehouse()


@pytest.fixture
def wms(db: None, bridge: Bridge, main: Warehouse) -> Source:
    return connect("wms", bridge.url, {"token": bridge.token}, {"Q1": main})

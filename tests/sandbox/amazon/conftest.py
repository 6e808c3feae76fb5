"""One simulated seller account for all tests of a module, as new for each; every call is judged by Amazon's models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.amazon import AmazonSimulator
from tests.amazon_models import assert_official
from tests.sandbox.amazon.world import Api, Clock


@pytest.fixture(scope="module")
def running() -> Iterator[AmazonSimulator]:
    with AmazonSimulator(quota_scale=1e6, time_scale=0.0001, token_seconds=1e6, clock=Clock()) as sim:
        yield sim


@pytest.fixture
def sim(running: AmazonSimulator) -> Iterator[AmazonSimulator]:
    """A seller of one listing that ships within two days; what is accepted is live at once."""
    running.reset()
    running.options.accept_seconds = 0.0
    running.add_item("TEE-M", title="Merino tee, M", quantity=5, lead_days=2)
    yield running
    assert_official(running)


@pytest.fixture
def clock(sim: AmazonSimulator) -> Clock:
    assert isinstance(sim.options.clock, Clock)
    return sim.options.clock


@pytest.fixture
def api(sim: AmazonSimulator) -> Iterator[Api]:
    with Api(sim) as session:
        yield session

"""A warehouse system behind the contract: readings that count whole or not at all, events that count once."""

from __future__ import annotations

import pytest

from inventory.models import Movement, Warehouse
from inventory.sources.models import Pull, PullProblem, Reading, Source
from sandbox.wms import Bridge
from tests.factories import make_sku
from tests.inventory.sources.world import level, read

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reading_brings_the_ledger_to_what_lies_there(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    tee, mug, cap = make_sku("TEE", on_hand=10), make_sku("MUG", on_hand=4), make_sku("CAP", on_hand=2)
    bridge.set_stock("TEE", "Q1", 10)
    bridge.set_stock("MUG", "Q1", 7, unsellable=1)
    bridge.set_stock("NEW", "Q1", 5)

    pull = read(wms)

    assert pull.state == Pull.State.APPLIED, pull.problem
    assert (level(tee, main), level(mug, main), level(cap, main)) == ((10, 0), (7, 0), (0, 0))
    assert (pull.rows, pull.matched, pull.adjusted, pull.skipped) == (3, 1, 2, 1)
    assert Movement.objects.filter(actor="source:Central").count() == 2
    assert PullProblem.objects.get().sentence.startswith("No SKU of yours has the code NEW")
    assert Reading.objects.get(sku=mug).expected == 4

"""The data of the server that was recorded, so that the simulator can be asked the same questions."""

from __future__ import annotations

from sandbox.inventree.store import Store

PRICED = "2026-11-21 04:46"


def fill(store: Store) -> None:
    """Put the recorded parts, locations and stock rows in."""
    add = store.add_part
    add("Stoneware mug 350 ml", "MUG-350", pk=1, barcode="4006381333931", minimum_stock=20.0, pricing_updated=PRICED)
    add("Tee shirt", "TEE", pk=2, is_template=True)
    add("Tee shirt black S", "TEE-BLK-S", pk=3, variant_of=2, pricing_updated=PRICED)
    add("Tee shirt black M", "TEE-BLK-M", pk=4, variant_of=2, pricing_updated=PRICED)
    add("Speaker cable", "CABLE-OFC", pk=5, units="m", pricing_updated=PRICED)
    add("Camera body", "CAM-9", pk=6, trackable=True)
    add("Gift message", "GIFT-MSG", pk=7, virtual=True)
    add("Candle rose", "CANDLE-1", pk=8, pricing_updated=PRICED)
    add("Candle rose (old pack)", "CANDLE-1", pk=9, pricing_updated=PRICED)
    add("Poster harbour", "POSTER-A2", pk=10)
    add("Unlabelled sample", pk=11)
    store.add_location("Main Warehouse", pk=1, description="Primary DC", structural=True)
    store.add_location("Bin A1", pk=2, parent=1)
    store.add_location("Bin A2", pk=3, parent=1)
    store.add_location("Shop Floor", pk=4, description="Physical store")
    store.add_location("3PL East", pk=5, external=True)
    for pk, part, quantity, location, more in (
        (1, 1, 120.0, 2, {"batch": "B1"}),
        (2, 1, 30.0, 3, {"batch": "B2"}),
        (3, 1, 8.0, 4, {}),
        (4, 1, 5.0, 2, {"status": 55}),
        (5, 1, 4.0, 2, {"status": 75}),
        (6, 1, 2.0, None, {}),
        (7, 3, 40.0, 2, {}),
        (8, 4, 3.0, 4, {}),
        (9, 4, 12.0, 5, {}),
        (10, 5, 12.5, 3, {}),
        (11, 8, 9.0, 2, {}),
        (12, 9, 1.0, 3, {}),
        (13, 6, 1.0, 3, {"serial": "101"}),
        (14, 6, 1.0, 3, {"serial": "102"}),
        (15, 6, 1.0, 3, {"serial": "103"}),
    ):
        store.add_item(part, quantity, location, pk=pk, **more)

"""Client of the reservation benchmark: the product's statement through psycopg alone, prepared. The ceiling."""

from __future__ import annotations

import os
import random
import uuid
from datetime import UTC, datetime

import psycopg

from bench.clients import Act, Load, measure, read_load, report
from inventory.statements import RESERVE_ONE


def main(load: Load) -> None:
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url) as connection:
        [warehouse_id] = connection.execute("SELECT id FROM inventory_warehouse").fetchone() or [0]
        skus = [row[0] for row in connection.execute("SELECT id FROM inventory_sku ORDER BY id")]
    chosen = skus[:1] if load.shape == "hot" else skus

    def prepare(number: int) -> Act:
        pick = random.Random(number).choice
        cursor = psycopg.connect(url, autocommit=True).cursor()

        def act() -> None:
            sku_id, now, key = pick(chosen), datetime.now(UTC), uuid.uuid4()
            parameters = {
                "key": f"{sku_id}:{warehouse_id}:reserve",
                "sku_id": sku_id,
                "warehouse_id": warehouse_id,
                "kind": "reserve",
                "reserved": 1,
                "needs_available": 1,
                "actor": "bench",
                "now": now,
                "occurred_at": now,
                "reason": "Bench",
                "uuid": key,
                "reservation_key": str(key),
                "digest": "",
                "expires_at": None,
            }
            cursor.execute(RESERVE_ONE.encode(), parameters, prepare=True)
            if cursor.fetchone() is None:
                raise RuntimeError("refused: the bench has run out of stock")

        return act

    report(measure(prepare, load))


if __name__ == "__main__":
    main(read_load())

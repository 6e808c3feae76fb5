"""The installation of a merchant of size: 100,000 SKUs, their listings on four channels, four weeks of sales.

Written with few statements of SQL, each of which fills a table: through the product's own verbs it would take hours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django

django.setup()

from django.db import connection, models  # noqa: E402
from django.utils import timezone  # noqa: E402

from channels.models import (  # noqa: E402
    Channel,
    ChannelWarehouse,
    Heartbeat,
    InboundEvent,
    Listing,
    ListingVariant,
    Order,
    OrderLine,
    Push,
)
from inventory.models import AuditEntry, Movement, Reservation, ReservationLine, Sku, StockLevel, Warehouse  # noqa: E402
from reconciliation.models import Cause, Discrepancy, Severity, Verb  # noqa: E402

DAYS = 28
OVERSOLD_EVERY = 5_000  # one SKU of so many is oversold, and one listing of so many is parked
DIFFERS_EVERY = 500


def fill_table(model: type[models.Model], rows: str, **columns: str) -> None:
    """Insert what ``rows`` (a FROM clause) gives; what no column is told for has its field's default."""
    known = dict(columns)
    values: list[Any] = []
    for field in model._meta.concrete_fields:
        if (
            not field.column
            or field.primary_key
            or field.generated
            or field.column in known
            or field.null
            or field.has_db_default()
        ):
            continue
        default = timezone.now() if getattr(field, "auto_now_add", False) else field.get_default()
        known[field.column] = "%s"
        values.append(field.get_db_prep_save(default, connection))
    names = ", ".join(f'"{name}"' for name in known)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(known.values())} {rows}", values)


def fill(skus: int, channels: int) -> None:
    """Lay two warehouses, the SKUs, a listing of each on every channel, and four weeks of sales."""
    now = timezone.now()
    main = Warehouse.objects.create(code="MAIN", name="Main warehouse", priority=1)
    back = Warehouse.objects.create(code="BACK", name="Back room", priority=2)
    for number in range(channels):
        channel = Channel.objects.create(
            platform="ecwid",
            name=f"Store {number + 1}",
            base_url="http://127.0.0.1:9",
            account_ref=str(1000 + number),
            credentials={"token": "t", "client_secret": "s"},  # type: ignore[misc]  # any JSON; a text in the column
            mode=Channel.Mode.LIVE,
            started_at=now - timedelta(days=DAYS),
            orders_polled_to=now,
            last_event_at=now,
        )
        for priority, warehouse in enumerate((main, back), 1):
            ChannelWarehouse.objects.create(channel=channel, warehouse=warehouse, priority=priority)
    Heartbeat.objects.create(name="worker", at=now + timedelta(hours=1))
    _goods(skus)
    _sales(skus)


def _goods(skus: int) -> None:
    fill_table(
        Sku,
        f"FROM generate_series(1, {skus}) n",
        code="'BENCH-' || lpad(n::text, 6, '0')",
        match_key="'bench' || lpad(n::text, 6, '0')",
        name="'Shirt number ' || n || ' in organic cotton'",
        barcode="(4000000000000 + n)::text",
    )
    for code, on_hand in (("MAIN", "20 + id %% 50"), ("BACK", "id %% 7")):
        fill_table(
            StockLevel,
            f"FROM inventory_sku s JOIN inventory_warehouse w ON w.code = '{code}'",
            sku_id="s.id",
            warehouse_id="w.id",
            on_hand=on_hand.replace("id", "s.id"),
        )
        fill_table(
            Movement,
            f"FROM inventory_stocklevel l JOIN inventory_warehouse w ON w.id = l.warehouse_id AND w.code = '{code}'"
            " WHERE l.on_hand > 0",
            key=f"'opening:{code}:' || l.id",
            sku_id="l.sku_id",
            warehouse_id="l.warehouse_id",
            kind="'receipt'",
            on_hand_delta="l.on_hand",
            on_hand_after="l.on_hand",
            reserved_after="0",
            unsellable_after="0",
            actor="'user:ana'",
            occurred_at=f"now() - interval '{DAYS + 1} days'",
            recorded_at=f"now() - interval '{DAYS + 1} days'",
        )
    fill_table(
        Listing,
        "FROM channels_channel c CROSS JOIN inventory_sku s",
        channel_id="c.id",
        ref="'p' || s.id",
        product_ref="s.id::text",
        title="s.name",
        external_sku="s.code",
        sku_id="s.id",
        mapping="'mapped'",
        tracked="TRUE",
        accounted="20 + s.id %% 50 + s.id %% 7",
        shown="20 + s.id %% 50 + s.id %% 7",
        shown_at="now()",
        drift=f"CASE WHEN s.id %% {DIFFERS_EVERY} = 0 THEN 2 ELSE 0 END",
        parked_at=f"CASE WHEN s.id %% {OVERSOLD_EVERY} = 1 THEN now() END",
        parked_reason=f"CASE WHEN s.id %% {OVERSOLD_EVERY} = 1 THEN 'It is not sold any more.' ELSE '' END",
        due_at=f"CASE WHEN s.id %% {OVERSOLD_EVERY} = 2 THEN now() END",
        due_since=f"CASE WHEN s.id %% {OVERSOLD_EVERY} = 2 THEN now() END",
    )
    fill_table(
        ListingVariant,
        "FROM channels_listing l",
        listing_id="l.id",
        channel_id="l.channel_id",
        ref="l.ref",
        external_sku="l.external_sku",
    )


def _sales(skus: int) -> None:
    """Two orders for every three SKUs: each reserved as it was placed, pushed to the other channels within a second."""
    orders = skus * 2 // 3
    at = f"now() - n * interval '{DAYS * 86_400 / orders:.3f} seconds'"
    ranked = "SELECT id, row_number() OVER (ORDER BY id) AS place FROM channels_channel"
    count = "(SELECT count(*) FROM channels_channel)"
    fill_table(
        Order,
        f"FROM generate_series(1, {orders}) n JOIN ({ranked}) c ON c.place = 1 + n %% {count}",
        channel_id="c.id",
        ref="'o' || n",
        number="(100000 + n)::text",
        placed_at=at,
        changed_at=at,
        first_seen_at=at,
        fetched_at=at,
        booked_at=at,
    )
    sku = f"JOIN inventory_sku s ON s.code = 'BENCH-' || lpad((1 + (o.id * 7919) %% {skus})::text, 6, '0')"
    fill_table(
        OrderLine,
        f"FROM channels_order o {sku} JOIN channels_listing l ON l.channel_id = o.channel_id AND l.sku_id = s.id",
        order_id="o.id",
        ref="'1'",
        variant_ref="l.ref",
        product_ref="l.product_ref",
        external_sku="s.code",
        title="s.name",
        listing_id="l.id",
        sku_id="s.id",
        ordered="1",
        sold="1",
        taken="1",
        state=f"CASE WHEN o.id %% {OVERSOLD_EVERY} = 3 THEN 'waiting' ELSE 'booked' END",
    )
    fill_table(
        Reservation,
        "FROM channels_order o",
        uuid="gen_random_uuid()",
        key="'order:' || o.channel_id || ':' || o.ref",
        reference="o.number",
        state="'open'",
        created_at="o.placed_at",
    )
    main = "JOIN inventory_warehouse w ON w.code = 'MAIN'"
    by_key = "JOIN inventory_reservation r ON r.key = 'order:' || o.channel_id || ':' || o.ref"
    fill_table(
        ReservationLine,
        f"FROM channels_order o {by_key} {sku} {main}",
        reservation_id="r.id",
        line_ref="'1'",
        sku_id="s.id",
        warehouse_id="w.id",
        reserved="1",
    )
    fill_table(
        Movement,
        f"FROM channels_order o {sku} {main}",
        key="'order:' || o.channel_id || ':' || o.ref || ':r0'",
        sku_id="s.id",
        warehouse_id="w.id",
        kind="'reserve'",
        reserved_delta="1",
        on_hand_after="20",
        reserved_after="1",
        unsellable_after="0",
        actor="'channel:Store'",
        occurred_at="o.placed_at",
        recorded_at="o.placed_at + interval '0.4 seconds'",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_stocklevel l SET reserved = r.units FROM"
            " (SELECT sku_id, warehouse_id, sum(reserved) units FROM inventory_reservationline GROUP BY 1, 2) r"
            " WHERE r.sku_id = l.sku_id AND r.warehouse_id = l.warehouse_id"
        )
        cursor.execute("UPDATE inventory_stocklevel l SET on_hand = 0 WHERE l.sku_id %% 5000 = 0".replace("%%", "%"))
    fill_table(
        Push,
        f"FROM channels_order o {sku} JOIN channels_listing l ON l.channel_id <> o.channel_id AND l.sku_id = s.id",
        channel_id="l.channel_id",
        listing_id="l.id",
        key="gen_random_uuid()",
        accounted_before="l.accounted",
        target="l.accounted - 1",
        delta="-1",
        state="'applied'",
        cause_at="o.placed_at + interval '0.4 seconds'",
        created_at="o.placed_at + interval '0.5 seconds'",
        settled_at="o.placed_at + interval '0.5 seconds' + random() * interval '0.6 seconds'",
    )
    fill_table(
        InboundEvent,
        "FROM channels_order o",
        channel_id="o.channel_id",
        delivery_id="o.ref",
        topic="'order.created'",
        body="'{\"id\": 1}'",
        state=f"CASE WHEN o.id %% {OVERSOLD_EVERY} = 4 THEN 'failed' ELSE 'done' END",
        received_at="o.placed_at",
        ended_at="o.placed_at",
    )
    fill_table(
        Discrepancy,
        "FROM channels_listing l WHERE l.drift <> 0",
        listing_id="l.id",
        channel_id="l.channel_id",
        sku_id="l.sku_id",
        ledger_says="l.accounted",
        channel_shows="l.accounted + 2",
        accounted_version="0",
        read_at="now()",
        first_seen_at="now() - (l.id %% 70) * interval '1 day'",
        last_seen_at="now()",
        severity=str(int(Severity.HIGH)),
        cause=f"'{Cause.HAND_EDIT.value}'",
        proposal=f"'{Verb.KEEP_OURS.value}'",
    )
    fill_table(
        AuditEntry,
        "FROM generate_series(1, 5000) n",
        actor="'user:ana'",
        action="'listing.link'",
        subject="'listing:' || n",
        at="now() - n * interval '1 minute'",
    )

"""What stands on the lists beside goods and sales: a store that is being set up, listings that wait for a SKU, how the
others were mapped, nightly runs, readings of a stock source, counts, a till and webhooks."""

from __future__ import annotations

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from api.models import Attempt, Delivery, Endpoint, Event  # noqa: E402
from bench.pages_world import DAYS, OVERSOLD_EVERY, fill_table  # noqa: E402
from channels.models import Channel, Listing, MappingChange, MappingLine, MappingRun, MappingSuggestion  # noqa: E402
from dashboard.models import Notification, User  # noqa: E402
from inventory.models import CountBatch, SaleLine, StockCount, Warehouse  # noqa: E402
from inventory.sources.models import ExternalShipment, Pull, PullDifference, Reading, Source, SourceLocation  # noqa: E402
from reconciliation.models import Cause, Discrepancy, Finding, Run, Severity, Verb  # noqa: E402


def fill() -> None:
    _waiting()
    _mapping()
    _compared()
    _elsewhere()


def _waiting() -> None:
    """The last store is being set up; another has listings without a SKU, codes on two of them, a SKU on two."""
    Channel.objects.filter(name="Store 4").update(mode=Channel.Mode.OBSERVE)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_listing SET would_show = CASE WHEN id % 1000 = 0 THEN NULL"
            " ELSE accounted - (id % 10 = 0)::int END, due_at = NULL, due_since = NULL"
            " WHERE channel_id = (SELECT id FROM channels_channel WHERE name = 'Store 4')"
        )
        cursor.execute(
            "UPDATE channels_listing l SET sku_id = NULL, mapping = 'unmapped', suggested_at = now(),"
            " mapping_confidence = l.id % 90, accounted = NULL FROM channels_channel c"
            " WHERE c.id = l.channel_id AND c.name = 'Store 3' AND l.sku_id % 100 = 7"
        )
        cursor.execute(
            "UPDATE channels_orderline o SET sku_id = NULL, state = 'waiting' FROM channels_listing l"
            " WHERE l.id = o.listing_id AND l.mapping = 'unmapped'"
        )
    rows = (
        "FROM channels_listing l JOIN channels_channel c ON c.id = l.channel_id AND c.name = 'Store 3' WHERE l.sku_id"
    )
    common = {
        "channel_id": "l.channel_id",
        "ref": "'again' || l.id",
        "product_ref": "'again' || l.id",
        "title": "l.title",
        "external_sku": "l.external_sku",
        "tracked": "TRUE",
        "shown": "3",
    }
    fill_table(Listing, f"{rows} %% 2000 = 9", mapping="'unmapped'", suggested_at="now()", **common)
    fill_table(Listing, f"{rows} %% 2000 = 10", mapping="'mapped'", sku_id="l.sku_id", **common)
    fill_table(
        MappingSuggestion,
        "FROM channels_listing l JOIN inventory_sku s ON s.code = l.external_sku WHERE l.mapping = 'unmapped'",
        listing_id="l.id",
        sku_id="s.id",
        kind="'title'",
        confidence="l.mapping_confidence",
        reason="'The titles are alike.'",
    )


def _mapping() -> None:
    """How the listings were mapped: by one run for each store; and a file with a line for each SKU that waits."""
    fill_table(
        MappingRun,
        "FROM channels_channel c",
        kind="'match'",
        state="'done'",
        channel_id="c.id",
        actor="'system:match'",
        changed="100000",
        started_at=f"now() - interval '{DAYS} days'",
    )
    fill_table(
        MappingChange,
        "FROM channels_listing l JOIN channels_mappingrun r ON r.channel_id = l.channel_id WHERE l.mapping = 'mapped'",
        listing_id="l.id",
        run_id="r.id",
        before_mapping="'unmapped'",
        after_mapping="'mapped'",
        after_sku_id="l.sku_id",
        kind="'exact'",
        confidence="100",
        reason="'The same code.'",
        actor="r.actor",
        at="r.started_at",
    )
    run = MappingRun.objects.create(
        kind=MappingRun.Kind.FILE,
        state=MappingRun.State.PREVIEW,
        name="mappings.csv",
        actor="user:ana",
        started_at=timezone.now(),
    )
    fill_table(
        MappingLine,
        "FROM channels_listing l WHERE l.channel_id = (SELECT min(id) FROM channels_channel)",
        run_id=str(run.pk),
        number="row_number() OVER (ORDER BY l.id) + 1",
        action="CASE WHEN l.id %% 100 = 0 THEN 'unlink' ELSE 'nothing' END",
        listing_id="l.id",
        sku_id="l.sku_id",
        before_sku_id="l.sku_id",
        shows="l.accounted",
    )


def _compared() -> None:
    """Four weeks of nightly runs with what they found, most of it decided."""
    night = "now() - n * interval '1 day'"
    fill_table(
        Run,
        f"FROM generate_series({DAYS}, 1, -1) n CROSS JOIN channels_channel c",
        channel_id="c.id",
        trigger="'nightly'",
        requested_by="'schedule'",
        state="'done'",
        phase="'end'",
        is_read="TRUE",
        listings_read="100000",
        found="100",
        opened="100",
        started_at=night,
        ended_at=f"{night} + interval '10 minutes'",
    )
    fill_table(
        Finding,
        "FROM reconciliation_run r JOIN channels_listing l ON l.channel_id = r.channel_id AND l.id %% 500 = r.id %% 500"
        " WHERE l.mapping = 'mapped'",
        run_id="r.id",
        listing_id="l.id",
        ref="l.ref",
        state="'healed'",
        cause=f"'{Cause.LATE_ORDER.value}'",
        ledger_says="l.accounted",
        channel_shows="l.accounted + 1",
        settled_at="r.ended_at",
    )
    fill_table(
        Discrepancy,
        "FROM reconciliation_finding f JOIN channels_listing l ON l.id = f.listing_id",
        listing_id="l.id",
        channel_id="l.channel_id",
        sku_id="l.sku_id",
        run_id="f.run_id",
        ledger_says="f.ledger_says",
        channel_shows="f.channel_shows",
        read_at="f.settled_at",
        first_seen_at="f.settled_at",
        last_seen_at="f.settled_at",
        resolved_at="f.settled_at",
        severity=str(int(Severity.LOW)),
        cause=f"'{Cause.LATE_ORDER.value}'",
        state="'resolved'",
        resolution=f"'{Verb.KEEP_OURS.value}'",
        resolved_by="'user:ana'",
    )


def _elsewhere() -> None:
    """A stock source that tells of each SKU, a count of all of them, a shop's till, an endpoint that is told of sales,
    and notifications."""
    now = timezone.now()
    ana = User.objects.create_superuser("ana")
    back = Warehouse.objects.get(code="BACK")
    Warehouse.objects.filter(pk=back.pk).update(is_shop=True)
    source = Source.objects.create(
        kind="wms",
        name="Back room system",
        base_url="http://127.0.0.1:9",
        credentials={"token": "t", "events_secret": "s"},  # type: ignore[misc]  # any JSON; a text in the column
        started_at=now,
    )
    SourceLocation.objects.create(source=source, ref="back", name="Back room", warehouse=back)
    pull = Pull.objects.create(
        source=source,
        state=Pull.State.APPLIED,
        phase=Pull.Phase.APPLY,
        trigger=Pull.Trigger.SCHEDULE,
        as_of=now,
        started_at=now,
        touched_at=now,
        ended_at=now,
    )
    shelf = f"FROM inventory_stocklevel l WHERE l.warehouse_id = {back.pk}"
    told = {"sku_id": "l.sku_id", "warehouse_id": "l.warehouse_id", "expected": "l.on_hand", "as_of": "now()"}
    outcome = f"CASE WHEN l.id %% {OVERSOLD_EVERY} = 0 THEN 'flagged' ELSE 'matched' END"
    ids = {"source_id": str(source.pk), "pull_id": str(pull.pk)}
    fill_table(Reading, shelf, on_hand="l.on_hand", outcome=outcome, **told, **ids)
    fill_table(PullDifference, shelf, pull_id=str(pull.pk), reported="l.on_hand + 1", outcome="'adjusted'", **told)
    fill_table(
        ExternalShipment,
        "FROM channels_order o",
        reporter=f"'source:{source.pk}'",
        source_id=str(source.pk),
        ref="o.ref || '@' || o.channel_id",
        order_ref="o.number",
        happened_at="o.placed_at",
        received_at="o.placed_at",
    )
    batch = CountBatch.objects.create(
        kind=CountBatch.Kind.FILE, state=CountBatch.State.DONE, name="counts.csv", actor="user:ana", started_at=now
    )
    fill_table(
        StockCount,
        shelf,
        key=f"'count-batch:{batch.pk}:' || l.id",
        sku_id="l.sku_id",
        warehouse_id="l.warehouse_id",
        batch_id=str(batch.pk),
        counted="l.on_hand",
        expected="l.on_hand",
        actor="'user:ana'",
        counted_at="now()",
    )
    fill_table(
        SaleLine,
        shelf,
        warehouse_id="l.warehouse_id",
        sale_id="'sale' || l.id / 3",
        line_id="l.id::text",
        kind="'sale'",
        code="l.sku_id::text",
        units="1",
        sku_id="l.sku_id",
        state="'booked'",
        actor="'user:ana'",
        occurred_at="now() - l.id %% 40000 * interval '1 minute'",
        recorded_at="now()",
    )
    endpoint = Endpoint.objects.create(
        owner=ana, url="https://127.0.0.1:9/", name="Accounting", kinds=["order.created"], secret="s", created_at=now
    )
    fill_table(
        Event,
        "FROM channels_order o",
        kind="'order.created'",
        subject="'order:' || o.id",
        data='\'{"number": "1"}\'',
        occurred_at="o.placed_at",
        recorded_at="o.placed_at",
        spread_at="o.placed_at",
    )
    fill_table(
        Delivery,
        "FROM api_event e",
        event_id="e.id",
        endpoint_id=str(endpoint.pk),
        state="'delivered'",
        last_status="200",
        created_at="e.occurred_at",
        ended_at="e.occurred_at",
    )
    fill_table(Attempt, "FROM api_delivery d", delivery_id="d.id", at="d.created_at", milliseconds="80", status="200")
    fill_table(
        Notification,
        "FROM generate_series(1, 2000) n",
        user_id=str(ana.pk),
        kind="'review'",
        key="'bench:' || n",
        title="'A quantity differs'",
        url="'/'",
        created_at="now() - n * interval '1 minute'",
    )

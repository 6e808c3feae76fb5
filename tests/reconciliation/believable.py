"""A believable month of reconciliation, for looking at pages and for measuring them; no part of the product."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from channels.models import Channel, InboundEvent, Listing, ListingVariant, Order, OrderLine, Push
from inventory import operations
from inventory.models import Sku, Warehouse
from reconciliation.models import Cause, Discrepancy, Finding, Run, Severity, Verb
from tests.factories import make_channel, make_warehouse

STORES = ("North Ridge Outdoor", "Amazon EU", "North Ridge Wholesale", "Pop-up Leipzig")
THINGS = (
    *("Trail shirt", "Rain jacket", "Wool sock", "Head torch", "Enamel mug", "Camp stove", "Dry bag 20 L"),
    *("Down hoodie", "Trekking pole", "Merino base layer", "Gaiter", "Fleece glove", "Titanium spork"),
)
COLOURS, SIZES = ("Black", "Moss", "Rust", "Slate"), ("S", "M", "L", "XL")

# cause, proposal, reason, how far the channel is off
STORY: Sequence[tuple[Cause, Verb, str, tuple[int, ...]]] = (
    (Cause.HAND_EDIT, Verb.TAKE_THEIRS, "Someone set the number in the store; no order explains it.", (-8, -3, 12, 5)),
    (Cause.LOST_PUSH, Verb.KEEP_OURS, "Our last change never arrived: the store shows what it did before.", (4, 2, -6)),
    (Cause.LATE_ORDER, Verb.SNOOZE, "An order of this hour is likely still on its way.", (-1, -2)),
    (Cause.TRACKING_SWITCHED, Verb.KEEP_OURS, "The store stopped counting it: it sells without end.", (0,)),
    (Cause.MAPPING, Verb.CHANGE_MAPPING, "It goes up and down with another SKU.", (15, -11)),
    (Cause.LISTING_GONE, Verb.IGNORE, "The store does not offer it any more.", (0,)),
    (Cause.UNKNOWN, Verb.RECOUNT, "Nothing explains it: count what is there.", (-4, 7)),
)


def make_stores(count: int = 3) -> list[Channel]:
    main, back = make_warehouse("MAIN", name="Main"), make_warehouse("BACK", name="Back room")
    feeds = ([main], [main, back], [back], [main])
    return [make_channel(name, warehouses=feeds[number % 4]) for number, name in enumerate(STORES[:count])]


def make_listings(channels: Sequence[Channel], *, count: int, seed: int = 7) -> list[Listing]:
    """Return ``count`` listings per channel, each of one SKU that all channels sell; quantities agree."""
    rolls = random.Random(seed)
    names = [f"{thing}, {colour}, {size}" for thing in THINGS for colour in COLOURS for size in SIZES]
    skus = Sku.objects.bulk_create(
        Sku(code=f"{names[n % len(names)][:3].upper()}-{n:06d}", name=names[n % len(names)]) for n in range(count)
    )
    numbers = itertools.count(1)
    listings = []
    for channel in channels:
        for sku in skus:
            quantity, ref = rolls.randint(0, 60), f"{next(numbers)}"
            listings.append(
                Listing(
                    channel=channel,
                    ref=ref,
                    product_ref=ref,
                    sku=sku,
                    mapping=Listing.Mapping.MAPPED,
                    tracked=True,
                    title=sku.name,
                    external_sku=sku.code,
                    price=Decimal(rolls.randint(8, 240)) - Decimal("0.05"),
                    url=f"https://store.example/p/{ref}",
                    accounted=quantity,
                    shown=quantity,
                    shown_version=0,
                )
            )
    made = Listing.objects.bulk_create(listings, batch_size=2000)
    ListingVariant.objects.bulk_create(
        (ListingVariant(listing=ls, channel_id=ls.channel_id, ref=ls.ref) for ls in made), batch_size=2000
    )
    return made


def make_discrepancies(listings: Sequence[Listing], *, now: datetime, seed: int = 11) -> list[Discrepancy]:
    """Return one open discrepancy for each of ``listings``, as a night found them."""
    rolls = random.Random(seed)
    runs = {
        channel_id: Run.objects.create(
            channel_id=channel_id, state=Run.State.DONE, phase=Run.Phase.END, is_read=True, requested_by="schedule",
            trigger=Run.Trigger.NIGHTLY, started_at=now - timedelta(hours=7), ended_at=now - timedelta(hours=6.9),
            listings_read=4210, pages=22, calls=23, suspected=9, dismissed=2, found=7, opened=5, healed=1, corrected=1,
            open_after=12, waiting_seconds=210.2, parsing_seconds=3.1, comparing_seconds=0.2, writing_seconds=1.2,
            confirming_seconds=31,
        )
        for channel_id in sorted({listing.channel_id for listing in listings})
    }  # fmt: skip
    rows = []
    for listing in listings:
        cause, proposal, why, apart = rolls.choice(STORY)
        off = rolls.choice(apart)
        says = listing.accounted or 0
        shows = None if cause in {Cause.TRACKING_SWITCHED, Cause.LISTING_GONE} else max(0, says + off)
        found_at = now - timedelta(hours=rolls.choice((1, 3, 7, 7, 7, 31, 31, 80, 300)))
        rows.append(
            Discrepancy(
                listing=listing,
                channel_id=listing.channel_id,
                sku_id=listing.sku_id,
                warehouse=None,
                ledger_says=says,
                channel_shows=shows,
                read_at=now - timedelta(minutes=50),
                agreed_at=found_at - timedelta(hours=rolls.choice((5, 26, 60))),
                cause=cause,
                evidence=[{"sentence": why}],
                proposal=proposal,
                proposal_reason=why,
                money_at_risk=abs(shows - says) * (listing.price or 0) if shows is not None else None,
                severity=_severity(cause, says, shows),
                first_seen_at=found_at,
                last_seen_at=now - timedelta(minutes=50),
                run=runs[listing.channel_id],
            )
        )
    return Discrepancy.objects.bulk_create(rows, batch_size=1000)


def _severity(cause: Cause, says: int, shows: int | None) -> Severity:
    if cause == Cause.TRACKING_SWITCHED:
        return Severity.CRITICAL
    if shows is None:
        return Severity.MEDIUM
    if shows > says:
        return Severity.CRITICAL if says <= 0 else Severity.HIGH
    return Severity.LOW


def make_decided(listings: Sequence[Listing], *, now: datetime, seed: int = 5) -> None:
    """Add what the last weeks found and people or time settled."""
    rolls = random.Random(seed)
    rows = []
    for listing in listings:
        found_at = now - timedelta(days=rolls.triangular(1, 80, 20), hours=rolls.random() * 12)
        is_healed = rolls.random() < 0.6
        rows.append(
            Discrepancy(
                listing=listing,
                channel_id=listing.channel_id,
                sku_id=listing.sku_id,
                ledger_says=listing.accounted,
                channel_shows=(listing.accounted or 0) + rolls.choice((-3, -1, 2, 6)),
                read_at=found_at,
                cause=rolls.choice(STORY)[0],
                severity=Severity.LOW,
                state="healed" if is_healed else "resolved",
                first_seen_at=found_at,
                last_seen_at=found_at,
                resolution="" if is_healed else rolls.choice(("keep-ours", "take-theirs")),
                resolution_reason="" if is_healed else "Counted in the store",
                resolved_by="" if is_healed else "user:ana",
                resolved_at=found_at + timedelta(hours=rolls.random() * 30),
            )
        )
    Discrepancy.objects.bulk_create(rows, batch_size=1000)


def tell_a_story(row: Discrepancy, *, now: datetime, warehouse: Warehouse) -> None:
    """Give one discrepancy two days of movements, orders, events, pushes and readings."""
    listing, sku = row.listing, row.sku
    assert listing is not None
    assert sku is not None
    channel = listing.channel

    def ago(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    says = row.ledger_says or 0
    operations.receive(
        sku=sku, warehouse=warehouse, units=says + 25, key=f"story:{row.pk}:in", actor="user:ana", now=ago(50)
    )
    Push.objects.create(channel=channel, listing=listing, accounted_before=says + 5, target=says + 25, delta=20,
        state="applied", created_at=ago(49.9), settled_at=ago(49.9), receipt="HTTP 200")  # fmt: skip
    for number, (hours, units) in enumerate(((41, 6), (30, 2), (29.5, 1), (22, 9), (8, 4), (7.6, 3))):
        order = Order.objects.create(
            channel=channel, ref=f"S{row.pk}-{number}", number=f"{1040 + number}", placed_at=ago(hours),
            first_seen_at=ago(hours), booked_at=ago(hours - 0.05), state="open",
        )  # fmt: skip
        OrderLine.objects.create(order=order, ref="1", variant_ref=listing.ref, listing=listing, sku=sku,
            ordered=units, sold=units, taken=units, state="booked")  # fmt: skip
        operations.adjust(
            sku=sku, warehouse=warehouse, units=-units, key=f"story:{row.pk}:{number}", actor="channel:North",
            now=ago(hours - 0.05), reason=f"Order {order.number}",
        )  # fmt: skip
        InboundEvent.objects.create(
            channel=channel, delivery_id=f"s{row.pk}-{number}", topic="order.created", state="done",
            body=f'{{"orderId": "{order.ref}"}}', received_at=ago(hours - 0.02),
        )  # fmt: skip
    InboundEvent.objects.create(
        channel=channel, delivery_id=f"s{row.pk}-edit", topic="product.updated", state="done",
        body=f'{{"entityId": "{listing.product_ref}"}}', received_at=ago(3.1),
    )  # fmt: skip
    for hours, ledger, shown in ((31, says + 19, says + 19), (3, says, row.channel_shows)):
        run = Run.objects.create(channel=channel, state="done", phase="end", requested_by="schedule",
            started_at=ago(hours), ended_at=ago(hours - 0.1), scope="selection")  # fmt: skip
        Finding.objects.create(
            run=run, listing=listing, ref=listing.ref, state="known", ledger_says=ledger, channel_shows=shown,
            settled_at=ago(hours), discrepancy=row,
        )  # fmt: skip
    Discrepancy.objects.filter(pk=row.pk).update(agreed_at=ago(52), first_seen_at=ago(3), read_at=ago(0.8))

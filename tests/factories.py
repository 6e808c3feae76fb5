"""Plain functions that make rows with defaults that already mean something."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from channels.models import Channel, ChannelWarehouse, HoldBack, Listing, ListingVariant
from inventory import operations
from inventory.models import Sku, StockLevel, Warehouse
from reconciliation.models import Cause, Discrepancy, Severity, Verb

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def make_warehouse(code: str = "MAIN", *, name: str = "", priority: int = 100) -> Warehouse:
    """Return the warehouse of that code; made once."""
    warehouse, _ = Warehouse.objects.get_or_create(
        code=code, defaults={"name": name or f"{code.title()} warehouse", "priority": priority}
    )
    return warehouse


def make_sku(
    code: str = "TEE-BLK-M",
    *,
    on_hand: int = 0,
    unsellable: int = 0,
    warehouse: Warehouse | None = None,
    name: str = "",
    barcode: str = "",
) -> Sku:
    """Return a SKU with ``on_hand`` sellable and ``unsellable`` units in ``warehouse`` (default: the main one)."""
    sku = Sku.objects.create(code=code, name=name or f"Product {code}", barcode=barcode)
    if on_hand or unsellable:
        stock(sku, warehouse or make_warehouse(), on_hand=on_hand, unsellable=unsellable)
    return sku


def stock(sku: Sku, warehouse: Warehouse, *, on_hand: int = 0, unsellable: int = 0) -> None:
    """Add units through the ledger, as a delivery and as damaged returns."""
    number = next(_numbers)
    if on_hand:
        operations.receive(
            sku=sku, warehouse=warehouse, units=on_hand, key=f"opening:{number}", actor="user:ana", now=NOW
        )
    if unsellable:
        operations.receive_return(
            sku=sku,
            warehouse=warehouse,
            units=unsellable,
            is_sellable=False,
            key=f"opening:{number}:damaged",
            actor="user:ana",
            now=NOW,
        )


def balances(sku: Sku, warehouse: Warehouse) -> tuple[int, int, int]:
    """Return (on hand, reserved, unsellable); all 0 where the warehouse never held the SKU."""
    row = StockLevel.objects.filter(sku=sku, warehouse=warehouse).values_list("on_hand", "reserved", "unsellable")
    return row.first() or (0, 0, 0)


def make_channel(
    name: str = "North",
    *,
    platform: str = "ecwid",
    base_url: str = "http://127.0.0.1:9",
    account_ref: str = "",
    credentials: Mapping[str, str] | None = None,
    mode: str = Channel.Mode.LIVE,
    warehouses: Sequence[Warehouse] | None = None,
    **columns: Any,
) -> Channel:
    """Return a connected channel that is fed by ``warehouses`` (default: the main one) in their order."""
    columns = {
        "started_at": NOW,
        "credentials": dict(credentials or {"token": "secret_north", "client_secret": "signing_north"}),
        **columns,
    }
    channel = Channel.objects.create(
        platform=platform,
        name=name,
        base_url=base_url,
        account_ref=account_ref or str(1000 + next(_numbers)),
        mode=mode,
        **columns,
    )
    for priority, warehouse in enumerate([make_warehouse()] if warehouses is None else warehouses):
        ChannelWarehouse.objects.create(channel=channel, warehouse=warehouse, priority=priority)
    return channel


def make_listing(
    channel: Channel,
    sku: Sku | None = None,
    *,
    ref: str = "",
    quantity: int | None = 0,
    tracked: bool | None = True,
    **columns: Any,
) -> Listing:
    """Return a listing that shows ``quantity`` and is accounted to show it; mapped when a SKU is given."""
    ref = ref or f"p{next(_numbers)}"
    listing = Listing.objects.create(
        channel=channel,
        ref=ref,
        product_ref=ref,
        sku=sku,
        mapping=Listing.Mapping.UNMAPPED if sku is None else Listing.Mapping.MAPPED,
        tracked=tracked,
        accounted=quantity,
        shown=quantity,
        **{
            "title": f"Product {sku.code if sku else ref}",
            "external_sku": sku.code if sku else "",
            "shown_at": NOW,
            "shown_version": 0,
            **columns,
        },
    )
    ListingVariant.objects.create(
        listing=listing, channel=channel, ref=ref, external_sku=listing.external_sku, title=listing.title
    )
    return listing


def make_discrepancy(
    listing: Listing, *, ledger_says: int | None = None, shows: int | None = None, **columns: Any
) -> Discrepancy:
    """Return what a run found on a listing: it shows ``shows``, the ledger says what is accounted."""
    says = (listing.accounted or 0) if ledger_says is None else ledger_says
    feeds = list(listing.channel.feeds.select_related("warehouse")[:2])
    is_over = shows is not None and shows > says
    row = Discrepancy.objects.create(
        listing=listing,
        ledger_says=says,
        channel_shows=shows,
        **{
            "channel": listing.channel,
            "sku": listing.sku,
            "warehouse": feeds[0].warehouse if len(feeds) == 1 else None,
            "accounted_version": listing.accounted_version,
            "read_at": NOW,
            "first_seen_at": NOW,
            "last_seen_at": NOW,
            "severity": Severity.HIGH if is_over else Severity.LOW,
            "cause": Cause.HAND_EDIT,
            "proposal": Verb.KEEP_OURS,
            "money_at_risk": None
            if shows is None or listing.price is None
            else abs(shows - says) * Decimal(listing.price),
            **columns,
        },
    )
    row.refresh_from_db()
    return row


def hold_back(units: int, **scope: Channel | Sku | Listing) -> HoldBack:
    """Keep ``units`` back: globally, or on the given ``channel``, ``sku`` or ``listing``."""
    return HoldBack.objects.create(units=units, **scope)

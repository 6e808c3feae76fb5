"""A SKU is merged while it sells: nothing is lost, nothing stays behind, nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from channels.models import Listing
from inventory import booking, codes, operations, verify
from inventory.booking import Demand
from inventory.errors import InsufficientStock
from inventory.merging import CannotMerge
from inventory.models import Reservation, ReservationLine, Sku, StockLevel
from inventory.reservations import Request, fulfil, release, reserve
from inventory.sources import shipments
from inventory.sources.shipments import Confirmation, Line
from reconciliation import merging
from tests.factories import make_channel, make_listing, make_sku, make_warehouse
from tests.inventory.test_concurrency import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

SELLERS, TURNS = 6, 8


def test_it_is_merged_while_it_sells() -> None:
    main = make_warehouse()
    old, new = make_sku("OLD", on_hand=1000), make_sku("NEW", on_hand=1000)
    make_listing(make_channel(), old)

    def buy(buyer: int) -> int:
        """Reserve by the codes, as requests do; one that had read the SKU just before is told that nothing is left."""
        for turn in range(TURNS):
            for _try in range(2):
                wanted = codes.skus_named(["OLD", "NEW"])
                requests = [Request(sku=wanted["OLD"], units=2), Request(sku=wanted["NEW"], units=1)]
                try:
                    reservation = reserve(requests, key=f"{buyer}:{turn}", actor="api:shop", now=timezone.now())
                    break
                except InsufficientStock:
                    continue
            (release if turn % 2 else fulfil)(reservation=reservation, actor="api:shop", now=timezone.now())
        return buyer

    def order(number: int) -> int:
        """Book an order that changes, and have the warehouse confirm some of it."""
        for turn in range(TURNS):
            with transaction.atomic():
                booking.book(
                    [Demand(line_ref="1", sku_id=old.pk, sold=turn + 2, fulfilled=turn // 2)],
                    key=f"order:1:{number}", number=str(number), reference=str(number), warehouse_ids=[main.pk],
                    actor="channel:North", now=timezone.now(), occurred_at=timezone.now(),
                )  # fmt: skip
            shipments.confirm(
                Confirmation(
                    reporter="api:app", ref=f"{number}:{turn}", order_ref=str(number), happened_at=timezone.now(),
                    lines=(Line(line_ref="1", sku="OLD", units=1, warehouse=main),),
                ),
                actor="api:app", now=timezone.now(),
            )  # fmt: skip
            operations.receive(
                sku=old, warehouse=main, units=1, key=f"in:{number}:{turn}", actor="user:ana", now=timezone.now()
            )
        return number

    def merge() -> int:
        merging.merge(sku=Sku.objects.get(pk=old.pk), into=new, actor="user:ana", now=timezone.now())
        return -1

    jobs: list[Callable[[], int]] = [
        *(partial(buy, n) for n in range(SELLERS)),
        merge,
        *(partial(order, n) for n in range(SELLERS)),
    ]
    assert together(jobs) == [*range(SELLERS), -1, *range(SELLERS)]
    merging.follow(now=timezone.now())
    shipments.match_waiting(now=timezone.now())  # the two steps of a sweep

    assert not merging.late().exists()
    assert Listing.objects.get().sku == new
    level = StockLevel.objects.get(sku=new)
    # Of each buyer half of the turns ship 3 units; of each order all 8 parcels leave and the 9th unit waits.
    shipped = SELLERS * (TURNS // 2) * 3 + SELLERS * TURNS
    assert (level.on_hand, level.reserved) == (2000 + SELLERS * TURNS - shipped, SELLERS)
    assert {line.sku for line in ReservationLine.objects.filter(reserved__gt=0)} == {new}
    assert Reservation.objects.filter(state="open").count() == SELLERS
    assert list(verify.differences()) == []


def test_of_two_that_are_merged_into_each_other_at_once_one_is() -> None:
    one, other = make_sku("ONE", on_hand=3), make_sku("OTHER", on_hand=4)

    def merge(sku: Sku, into: Sku) -> str:
        try:
            merging.merge(sku=sku, into=into, actor="user:ana", now=timezone.now())
        except CannotMerge as refused:
            return refused.messages[0]
        return "merged"

    outcomes = together([partial(merge, one, other), partial(merge, other, one)])

    assert sorted(str(outcome).rpartition(" ")[2] for outcome in outcomes) == ["already.", "merged"]
    stays = Sku.objects.get(merged_into=None)
    assert [level.on_hand for level in StockLevel.objects.filter(sku=stays)] == [7]
    assert list(verify.differences()) == []

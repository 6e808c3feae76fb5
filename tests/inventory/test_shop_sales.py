"""Sales in a shop: facts, each booked once at the time it happened, however late, often and disordered it is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inventory import bundles, catalogue, counts, operations, verify
from inventory.models import Movement, Sku, Warehouse
from inventory.shops import selling
from inventory.shops.finding import scanned
from inventory.shops.models import SaleLine
from inventory.shops.selling import Status, Told, Verb
from tests.factories import NOW, balances, make_sku, make_warehouse

pytestmark = pytest.mark.django_db
EAN = "4006381333931"


@pytest.fixture
def shop() -> Warehouse:
    return make_warehouse("SHOP")


@pytest.fixture
def tee(shop: Warehouse) -> Sku:
    """Ten on the shop's shelf."""
    return make_sku(on_hand=10, warehouse=shop, barcode=EAN)


def told(line: str = "1", verb: Verb = Verb.SALE, *, hours: float = 0, **facts: Any) -> Told:
    facts = {"code": "TEE-BLK-M", "units": 1, "sale_id": "T1-88", **facts}
    return Told(line_id=line, verb=verb, occurred_at=NOW + timedelta(hours=hours), **facts)


def take(shop: Warehouse, *items: Told, till: str = "") -> list[tuple[Status, bool]]:
    taken = selling.take(items, warehouse=shop, till=till, actor="user:ana", now=NOW + timedelta(hours=9))
    return [(item.status, item.is_repeat) for item in taken]


def test_a_sale_takes_off_on_hand_at_once_and_a_return_gives_back(shop: Warehouse, tee: Sku) -> None:
    taken = take(
        shop,
        told("1", units=3),
        told("2", code=EAN, is_barcode=True, units=2),
        told("3", Verb.RETURN, units=1),
        told("4", Verb.RETURN, units=2, is_sellable=False),
    )

    assert taken == [(Status.BOOKED, False)] * 4
    assert balances(tee, shop) == (6, 0, 2)
    assert list(Movement.objects.order_by("pk").values_list("kind", "on_hand_delta", "occurred_at"))[1:] == [
        ("sale", -3, NOW),
        ("sale", -2, NOW),
        ("return", 1, NOW),
        ("return", 0, NOW),
    ]


def test_a_sale_of_what_is_not_there_is_booked_all_the_same(shop: Warehouse, tee: Sku) -> None:
    assert take(shop, told(units=12)) == [(Status.BOOKED, False)]
    assert balances(tee, shop) == (-2, 0, 0)


def test_a_line_told_again_changes_nothing_and_one_told_otherwise_is_a_conflict(shop: Warehouse, tee: Sku) -> None:
    take(shop, told("1", units=3))

    assert take(shop, told("1", units=3), told("2")) == [(Status.BOOKED, True), (Status.BOOKED, False)]
    assert take(shop, told("1", units=4)) == [(Status.CONFLICT, False)]
    assert balances(tee, shop) == (6, 0, 0)
    # Another till may count its sales from 1 as well.
    assert take(shop, told("1", units=1), till="second") == [(Status.BOOKED, False)]
    assert balances(tee, shop) == (5, 0, 0)


@pytest.mark.parametrize("void_first", [True, False])
def test_a_voided_line_moves_nothing_in_the_end_in_whatever_order_it_is_told(
    shop: Warehouse, tee: Sku, void_first: bool
) -> None:
    sale, void = told("1", units=3), told("1", Verb.VOID, hours=1)

    for item in (void, sale) if void_first else (sale, void):
        take(shop, item)
    again = take(shop, sale, void)

    assert again == [(Status.VOIDED, True)] * 2
    assert balances(tee, shop) == (10, 0, 0)
    assert Movement.objects.count() == (1 if void_first else 3)


def test_a_line_of_a_code_that_nobody_has_waits_and_is_booked_once_a_sku_has_it(shop: Warehouse, tee: Sku) -> None:
    assert take(shop, told("1", code="4012345678901", is_barcode=True), told("2")) == [
        (Status.WAITING, False),
        (Status.BOOKED, False),
    ]
    assert "No SKU has the barcode" in SaleLine.objects.get(line_id="1").reason
    assert selling.book_waiting(now=NOW) == 0

    mug = catalogue.create_sku(actor="user:ana", code="MUG", barcode="4012345678901")

    assert selling.book_waiting(now=NOW) == 1
    assert balances(mug, shop) == (-1, 0, 0)
    assert Movement.objects.get(sku=mug).occurred_at == NOW
    assert selling.book_waiting(now=NOW) == 0


def test_a_person_may_say_what_a_waiting_line_was(shop: Warehouse, tee: Sku) -> None:
    take(shop, told(code="TEE-OLD", units=2))
    line = SaleLine.objects.get()

    assert selling.resolve(line=line, sku=tee, actor="user:ana", now=NOW)
    assert not selling.resolve(line=line, sku=tee, actor="user:ana", now=NOW)
    assert balances(tee, shop) == (8, 0, 0)


def test_a_barcode_that_two_skus_have_waits_unless_one_is_archived(shop: Warehouse, tee: Sku, now: datetime) -> None:
    twin = make_sku("TEE-TWIN", barcode=EAN)

    assert take(shop, told("1", code=EAN, is_barcode=True)) == [(Status.WAITING, False)]
    assert scanned(EAN) == f"2 SKUs have the barcode “{EAN}”."
    catalogue.archive_sku(sku=twin, actor="user:ana", now=now)
    assert take(shop, told("2", code=EAN, is_barcode=True)) == [(Status.BOOKED, False)]
    assert scanned(EAN) == tee
    assert scanned("TEE-TWIN") == twin


@pytest.mark.parametrize(
    ("hours", "on_hand", "movements"),
    [
        (-1, 7, ["receipt", "count", "sale", "count"]),  # sold before the count, which found it missing
        (1, 5, ["receipt", "count", "sale"]),
    ],
)
def test_a_late_sale_and_a_count_are_weighed_by_when_they_happened(
    shop: Warehouse, tee: Sku, hours: int, on_hand: int, movements: list[str]
) -> None:
    counts.record(sku=tee, warehouse=shop, counted=7, key="c", actor="user:ana", now=NOW, counted_at=NOW)

    take(shop, told(units=2, hours=hours))

    assert balances(tee, shop)[0] == on_hand
    assert list(Movement.objects.order_by("pk").values_list("kind", flat=True)) == movements


def test_lines_are_booked_in_the_order_of_the_shop_and_answered_in_that_of_the_request(
    shop: Warehouse, tee: Sku
) -> None:
    taken = take(shop, told("late", hours=2, units=1), told("early", hours=-2, units=2), told("x", code="?"))

    assert [status for status, _ in taken] == [Status.BOOKED, Status.BOOKED, Status.WAITING]
    assert list(Movement.objects.order_by("pk").values_list("on_hand_delta", flat=True)) == [10, -2, -1]


def test_a_shelf_s_hold_back_is_no_business_of_the_shop(shop: Warehouse, tee: Sku) -> None:
    catalogue.change_warehouse(warehouse=shop, actor="user:ana", hold_back=10)

    assert take(shop, told(units=10)) == [(Status.BOOKED, False)]
    assert balances(tee, shop) == (0, 0, 0)


class TestAnyOrder(TestCase):
    """However sales, voids and counts are told, the end is the same as if each had been told when it happened."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.permutations(range(6)), st.data())
    def test_the_end_does_not_depend_on_the_order(self, order: list[int], data: st.DataObject) -> None:
        sku = make_sku("S", on_hand=10)
        main = make_warehouse()
        news: list[Told | int] = [
            told("1", code="S", units=3, hours=1),
            told("2", code="S", units=1, hours=3),
            told("1", Verb.VOID, hours=4),
            told("3", Verb.RETURN, code="S", units=2, hours=6),
            told("4", code="S", units=2, hours=7),
            5,  # a count at hour 5: on the shelf are 10 - 1, since line 1 was voided
        ]

        for place in order:
            item = news[place]
            if isinstance(item, int):
                counts.record(
                    sku=sku,
                    warehouse=main,
                    counted=9,
                    key="count",
                    actor="user:ana",
                    now=NOW + timedelta(hours=9),
                    counted_at=NOW + timedelta(hours=item),
                )
            else:
                take(main, *[item] * data.draw(st.integers(1, 2)))

        assert balances(sku, main) == (9 + 2 - 2, 0, 0)
        assert list(verify.differences()) == []


def test_receipts_do_not_meet_shop_lines(shop: Warehouse, tee: Sku, now: datetime) -> None:
    operations.receive(sku=tee, warehouse=shop, units=1, key="sale-line", actor="user:ana", now=now)

    assert take(shop, told()) == [(Status.BOOKED, False)]


def test_a_bundle_sold_at_the_till_takes_its_components(shop: Warehouse, tee: Sku) -> None:
    mug = make_sku("MUG", on_hand=10, warehouse=shop)
    kit = make_sku("KIT", barcode="4006381333948")
    bundles.set_components(bundle=kit, components={tee.pk: 1, mug.pk: 2}, actor="user:ana", now=NOW)

    take(shop, told("1", code="4006381333948", is_barcode=True, units=2), told("2", Verb.RETURN, code="KIT", units=1))
    assert (balances(tee, shop), balances(mug, shop), balances(kit, shop)) == ((9, 0, 0), (8, 0, 0), (0, 0, 0))

    bundles.set_components(bundle=kit, components={tee.pk: 7}, actor="user:ana", now=NOW)
    take(shop, told("1", Verb.VOID))
    assert (balances(tee, shop), balances(mug, shop)) == ((11, 0, 0), (12, 0, 0)), "what was taken comes back"
    assert list(verify.differences()) == []

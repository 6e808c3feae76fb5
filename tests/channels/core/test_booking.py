"""Orders end in the ledger as they stand now, whatever happened on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from channels import mapping, orders
from channels.contract import BadPayload
from channels.models import Listing, Order, OrderLine
from inventory import bundles, operations
from inventory.models import Movement, Sku
from sandbox.ecwid.orders import Wanted
from tests import factories
from tests.channels.core.world import LONG_AGO, Store, level, no_differences, sell


def in_step(store: Store, sku: str, shown: int) -> bool:
    return store.accounted(sku) == store.shows(sku) == shown


def test_a_sale_is_booked_once_however_often_it_is_told(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)

    store.hear()
    moved = Movement.objects.count()
    store.poll()
    with store.platform() as platform:
        [page] = platform.order_pages(since=LONG_AGO)
        orders.book(store.channel, platform, page[0], fetched_at=timezone.now(), now=timezone.now())

    assert Movement.objects.count() == moved
    assert (level(tee), in_step(store, "TEE", 7)) == ((10, 3), True)
    line = store.line(order)
    assert (line.state, line.sku, line.ordered, line.sold, line.fulfilled, line.taken) == ("booked", tee, 3, 3, 0, 3)
    assert (store.order(order).state, store.order(order).problem) == ("open", "")
    assert no_differences()


def test_an_unpaid_order_holds_its_units_and_keeps_them_when_it_is_paid(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3, payment_status="AWAITING_PAYMENT")
    store.hear()
    assert (level(tee), in_step(store, "TEE", 7)) == ((10, 3), True)

    store.sim.pay(order.id)
    store.hear()

    assert (level(tee), in_step(store, "TEE", 7), store.order(order).status) == (
        (10, 3),
        True,
        "PAID / AWAITING_PROCESSING",
    )
    assert no_differences()


@pytest.mark.parametrize("how", ["cancel", "refund"])
def test_a_cancelled_or_refunded_order_gives_its_units_back(store: Store, how: str) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()

    getattr(store.sim, how)(order.id)
    store.hear()
    store.publish()

    assert (level(tee), in_step(store, "TEE", 10), store.pushes("TEE")) == ((10, 0), True, [])
    assert (store.order(order).state, store.line(order).sold) == ("cancelled", 0)
    assert no_differences()


def test_a_partial_refund_of_money_moves_nothing(store: Store) -> None:
    tee = sell(store, "TEE", 10, price=20.0)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()

    store.sim.refund(order.id, amount=5.0)
    store.hear()

    assert (level(tee), in_step(store, "TEE", 7), store.line(order).sold) == ((10, 3), True, 3)


@pytest.mark.parametrize(("quantity", "reserved"), [(5, 5), (1, 1)])
def test_an_edited_line_moves_the_ledger_and_is_pushed_to_the_store_which_did_not_move(
    store: Store, quantity: int, reserved: int
) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()

    store.sim.edit_line(order.id, order.lines[0].id, quantity)
    store.hear()
    assert (level(tee), store.accounted("TEE"), store.shows("TEE")) == ((10, reserved), 7, 7)
    store.publish()

    assert in_step(store, "TEE", 10 - reserved)
    assert store.pushes("TEE") == [("applied", 3 - quantity)]
    assert no_differences()


def test_a_removed_line_releases_its_units_and_the_others_stay(store: Store) -> None:
    tee, cap = sell(store, "TEE", 10), sell(store, "CAP", 10)
    pools = [store.sim.store.find_sku(code)[0].id for code in ("TEE", "CAP")]
    order = store.sim.buy(lines=[Wanted(product_id=pool, combination_id=None, quantity=2) for pool in pools])
    store.hear()
    assert (level(tee), level(cap)) == ((10, 2), (10, 2))

    store.sim.edit_line(order.id, order.lines[0].id, 0)
    store.hear()
    store.publish()

    assert (level(tee), level(cap)) == ((10, 0), (10, 2))
    assert (in_step(store, "TEE", 10), in_step(store, "CAP", 8)) == (True, True)
    assert (store.line(order, 0).ordered, store.line(order, 1).ordered) == (0, 2)
    assert no_differences()


def test_a_deleted_order_releases_its_units_and_the_store_is_raised_by_a_push(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()

    store.sim.delete_order(order.id)
    store.hear()
    assert (level(tee), store.accounted("TEE"), store.order(order).state) == ((10, 0), 7, "deleted")
    store.publish()

    assert (in_step(store, "TEE", 10), store.pushes("TEE")) == (True, [("applied", 3)])
    assert no_differences()


def test_a_deletion_that_no_webhook_told_is_found_by_the_poll(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    store.sim.delete_order(order.id)
    store.forget_webhooks()

    store.poll()

    assert (level(tee), store.order(order).state) == ((10, 0), "deleted")


def test_a_cancelled_order_that_is_paid_again_holds_its_units_again(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    for payment in ("CANCELLED", "PAID", "CANCELLED", "PAID"):
        store.hear()
        store.sim.set_status(order.id, payment=payment)
    store.hear()

    assert (level(tee), in_step(store, "TEE", 7)) == ((10, 3), True)
    assert no_differences()


def test_a_shipped_order_leaves_the_warehouse_and_a_refund_later_brings_nothing_back(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()

    store.sim.ship(order.id)
    store.hear()
    assert (level(tee), in_step(store, "TEE", 7), store.order(order).state) == ((7, 0), True, "fulfilled")

    store.sim.refund(order.id)
    store.hear()
    assert (level(tee), store.accounted("TEE"), store.shows("TEE")) == ((7, 0), 10, 10)
    store.publish()
    assert (in_step(store, "TEE", 7), store.pushes("TEE")) == (True, [("applied", -3)])

    operations.receive_return(
        sku=tee,
        warehouse=factories.make_warehouse(),
        units=3,
        is_sellable=True,
        key="return:1",
        actor="user:ana",
        now=timezone.now(),
    )
    store.publish()
    assert (level(tee), in_step(store, "TEE", 10)) == ((10, 0), True)
    assert no_differences()


def test_an_abandoned_cart_moves_nothing(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    store.sim.buy(sku="TEE", quantity=3, payment_status="INCOMPLETE")

    store.hear()
    store.poll()
    store.publish()

    assert (level(tee), in_step(store, "TEE", 10), store.pushes("TEE")) == ((10, 0), True, [])


def test_an_unmapped_line_waits_and_is_booked_exactly_once_when_it_is_mapped(store: Store) -> None:
    tee = factories.make_sku("SHIRT-1", on_hand=10)
    store.sim.add_product(sku="TEE", quantity=10)
    store.import_catalogue()
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    line = store.line(order)
    assert (line.state, line.sku, line.sold) == ("waiting", None, 3)
    assert line.reason == "Its listing is not mapped to a SKU."
    assert level(tee) == (10, 0)

    for _ in range(2):
        mapping.link(listing=store.listing("TEE"), sku=tee, actor="user:ana", now=timezone.now())
    store.publish()

    line.refresh_from_db()
    assert (line.state, line.sku, line.reason) == ("booked", tee, "")
    assert (level(tee), in_step(store, "TEE", 7), store.pushes("TEE")) == ((10, 3), True, [])
    assert no_differences()


def test_an_unlimited_product_never_moves_the_ledger_nor_is_written(store: Store) -> None:
    wrap = factories.make_sku("WRAP", on_hand=10)
    store.sim.add_product(sku="WRAP", unlimited=True)
    store.import_catalogue()
    order = store.sim.buy(sku="WRAP", quantity=3)

    store.hear()
    store.publish()

    line = store.line(order)
    assert (line.state, line.reason) == ("untracked", "Its stock is unlimited on the channel.")
    assert (level(wrap), store.writes(), store.shows("WRAP")) == ((10, 0), [], None)
    assert (store.listing("WRAP").mapping, store.listing("WRAP").tracked) == ("mapped", False)


def test_an_ignored_listing_does_not_concern_the_ledger(store: Store) -> None:
    store.sim.add_product(sku="POSTER", quantity=10)
    store.import_catalogue()
    first = store.sim.buy(sku="POSTER")
    store.hear()
    assert store.line(first).state == "waiting"

    mapping.ignore(listing=store.listing("POSTER"), actor="user:ana", now=timezone.now())
    second = store.sim.buy(sku="POSTER")
    store.hear()

    assert [store.line(each).state for each in (first, second)] == ["untracked", "untracked"]
    assert Movement.objects.count() == 0


def test_a_product_that_the_catalogue_does_not_know_is_read_from_the_store_and_booked(store: Store) -> None:
    tee = factories.make_sku("TEE", on_hand=10)
    store.sim.add_product(sku="TEE", quantity=10)
    order = store.sim.buy(sku="TEE", quantity=3)
    assert not Listing.objects.exists()

    store.hear()

    assert (store.line(order).state, level(tee), store.accounted("TEE")) == ("booked", (10, 3), None)
    store.publish()
    assert in_step(store, "TEE", 7)


def test_a_line_whose_product_nobody_knows_waits_until_the_catalogue_does(store: Store) -> None:
    """The product is gone before the sale is heard; a later import brings it back, and the line is booked."""
    tee = factories.make_sku("TEE", on_hand=10)
    product = store.sim.add_product(sku="TEE", quantity=10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.sim.faults.set("error_reads", next=0)
    with store.platform() as platform:
        [page] = platform.order_pages(since=LONG_AGO)
        orders.book(store.channel, platform, page[0], fetched_at=timezone.now(), now=timezone.now())
    assert (store.line(order).state, store.line(order).reason) == (
        "waiting",
        "The store's catalogue has no such product.",
    )

    store.import_catalogue()
    orders.book_waiting(now=timezone.now())

    assert (store.line(order).state, store.line(order).listing) == ("booked", store.listing("TEE"))
    assert (level(tee), product.quantity) == ((10, 3), 7)


def test_two_variants_without_a_sku_sell_from_one_pool(store: Store) -> None:
    candle = factories.make_sku("CANDLE", on_hand=10)
    product = store.sim.add_product(
        sku="CANDLE", quantity=10, variations=[{"options": {"Scent": "Fig"}}, {"options": {"Scent": "Rose"}}]
    )
    store.import_catalogue()
    store.publish()
    lines = [Wanted(product_id=product.id, combination_id=each.id, quantity=2) for each in product.variations]

    order = store.sim.buy(lines=lines)
    store.hear()

    assert (level(candle), in_step(store, "CANDLE", 6)) == ((10, 4), True)
    assert {store.line(order, 0).listing_id, store.line(order, 1).listing_id} == {store.listing("CANDLE").pk}
    assert no_differences()


@pytest.mark.parametrize("quantity", [1.5, -2, None, "3", 10**30])
def test_a_line_that_can_not_be_read_waits_and_the_others_are_booked(store: Store, quantity: object) -> None:
    tee, cap = sell(store, "TEE", 10), sell(store, "CAP", 10)
    pools = [store.sim.store.find_sku(code)[0].id for code in ("TEE", "CAP")]
    order = store.sim.buy(lines=[Wanted(product_id=pool, combination_id=None, quantity=2) for pool in pools])
    with store.platform() as platform:
        [page] = platform.order_pages(since=LONG_AGO)
        page[0].payload["items"][0]["quantity"] = quantity
        orders.book(store.channel, platform, page[0], fetched_at=timezone.now(), now=timezone.now())

    assert (level(tee), level(cap), store.line(order).state) == ((10, 0), (10, 2), "waiting")
    assert "which is not a whole number of units" in store.order(order).problem

    store.poll()
    assert (level(tee), level(cap), store.order(order).problem) == ((10, 2), (10, 2), "")
    assert (in_step(store, "TEE", 8), in_step(store, "CAP", 8)) == (True, True)
    assert no_differences()


def test_a_booked_line_that_can_not_be_read_any_more_stays_booked(store: Store) -> None:
    tee, cap = sell(store, "TEE", 10), sell(store, "CAP", 10)
    pools = [store.sim.store.find_sku(code)[0].id for code in ("TEE", "CAP")]
    order = store.sim.buy(lines=[Wanted(product_id=pool, combination_id=None, quantity=2) for pool in pools])
    store.hear()
    assert (level(tee), level(cap)) == ((10, 2), (10, 2))

    with store.platform() as platform:
        [page] = platform.order_pages(since=LONG_AGO)
        page[0].payload["items"][0]["quantity"] = "two"
        page[0].payload["items"][1]["quantity"] = 3
        orders.book(store.channel, platform, page[0], fetched_at=timezone.now(), now=timezone.now())

    assert (level(tee), level(cap)) == ((10, 2), (10, 3))
    assert (store.line(order, 0).sold, store.line(order, 1).sold) == (2, 3)
    assert no_differences()


def test_an_order_that_can_not_be_read_is_kept_with_its_problem(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    with store.platform() as platform:
        [page] = platform.order_pages(since=LONG_AGO)
        page[0].payload["items"] = None  # type: ignore[index]
        with pytest.raises(BadPayload):
            platform.snapshot(page[0].payload, {})
        orders.book(store.channel, platform, page[0], fetched_at=timezone.now(), now=timezone.now())

    assert store.order(order).problem == f"Order {order.id} has no list of lines."
    assert level(tee) == (10, 3)
    store.poll()
    assert (store.order(order).problem, level(tee)) == ("", (10, 3))


def test_orders_shipped_before_the_channel_began_took_their_stock_before_the_ledger(store: Store) -> None:
    tee = factories.make_sku("TEE", on_hand=10)
    store.sim.add_product(sku="TEE", quantity=20)
    shipped, pending = store.sim.buy(sku="TEE", quantity=3), store.sim.buy(sku="TEE", quantity=2)
    store.sim.ship(shipped.id)
    type(store.channel).objects.update(started_at=timezone.now() + timedelta(minutes=1))
    store.import_catalogue()

    store.poll()

    assert (store.line(shipped).before_start, store.line(pending).before_start) == (3, 0)
    assert level(tee) == (10, 2)


def test_an_old_order_that_shows_up_later_is_in_the_number_that_was_read_already(store: Store) -> None:
    """Its units had left the store's number before that was read: accounting for them again would inflate it."""
    tee = factories.make_sku("TEE", on_hand=20)
    store.sim.add_product(sku="TEE", quantity=20)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.forget_webhooks()
    with store.platform() as platform:
        [[raw]] = platform.order_pages(since=LONG_AGO)
    store.sim.delete_order(order.id)  # so that the poll does not find it
    type(store.channel).objects.update(started_at=timezone.now() + timedelta(minutes=1))
    store.import_catalogue()
    store.publish()
    assert (store.shows("TEE"), store.accounted("TEE")) == (20, 20)

    with store.platform() as platform:
        orders.book(store.fresh(), platform, raw, fetched_at=timezone.now(), now=timezone.now())

    assert (level(tee), store.accounted("TEE")) == ((20, 3), 20)


def test_an_order_waits_while_the_channel_has_no_warehouse(store: Store) -> None:
    from channels import modes

    tee = sell(store, "TEE", 10)
    modes.set_warehouses(channel=store.channel, warehouses=[], actor="user:ana", now=timezone.now())
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    assert (store.line(order).state, level(tee)) == ("waiting", (10, 0))
    assert store.line(order).reason == "The channel has no warehouse to take it from."

    modes.set_warehouses(
        channel=store.channel, warehouses=[factories.make_warehouse()], actor="user:ana", now=timezone.now()
    )
    store.publish()

    assert (store.line(order).state, level(tee), in_step(store, "TEE", 7)) == ("booked", (10, 3), True)


def test_an_order_that_no_warehouse_has_whole_is_split(store: Store, open_store: Callable[..., Store]) -> None:
    main, shop = factories.make_warehouse("MAIN"), factories.make_warehouse("SHOP")
    both = open_store(columns={"warehouses": [main, shop]})
    tee: Sku = factories.make_sku("TEE", on_hand=2, warehouse=main)
    factories.stock(tee, shop, on_hand=3)
    both.sim.add_product(sku="TEE", quantity=5)
    both.import_catalogue()
    both.publish()

    order = both.sim.buy(sku="TEE", quantity=4)
    both.hear()
    assert (level(tee, main), level(tee, shop)) == ((2, 2), (3, 2))

    both.sim.ship(order.id)
    both.hear()
    assert (level(tee, main), level(tee, shop)) == ((0, 0), (1, 0))
    assert in_step(both, "TEE", 1)
    assert no_differences()


def test_an_older_answer_that_comes_late_changes_nothing(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    asked_at = timezone.now()
    with store.platform() as platform:
        [[old]] = platform.order_pages(since=LONG_AGO)
    store.sim.cancel(order.id)
    store.hear()
    assert level(tee) == (10, 0)

    with store.platform() as platform:
        orders.book(store.channel, platform, old, fetched_at=asked_at, now=timezone.now())

    assert (level(tee), in_step(store, "TEE", 10)) == ((10, 0), True)


def test_a_late_answer_does_not_bring_a_deleted_order_back(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    order = store.sim.buy(sku="TEE", quantity=3)
    store.hear()
    store.sim.edit_line(order.id, order.lines[0].id, 4)
    asked_at = timezone.now()
    with store.platform() as platform:
        [[old]] = platform.order_pages(since=LONG_AGO)
    store.sim.delete_order(order.id)
    store.hear()
    assert (level(tee), store.order(order).state) == ((10, 0), "deleted")

    with store.platform() as platform:
        orders.book(store.channel, platform, old, fetched_at=asked_at, now=timezone.now())

    assert (level(tee), store.order(order).state) == ((10, 0), "deleted")


def test_orders_of_nobody_are_not_made_by_a_deletion(store: Store) -> None:
    with store.platform() as platform:
        assert orders.book_deleted(store.channel, platform, "NOSUCH", now=timezone.now()) is False

    assert (Order.objects.count(), OrderLine.objects.count()) == (0, 0)


def test_an_order_of_a_bundle_reserves_its_components_and_keeps_to_what_it_was_made_of(store: Store) -> None:
    now = timezone.now()
    candle, mug, box = (factories.make_sku(code, on_hand=n) for code, n in (("CANDLE", 9), ("MUG", 5), ("BOX", 0)))
    bundles.set_components(bundle=box, components={candle.pk: 2, mug.pk: 1}, actor="user:ana", now=now)
    store.sim.add_product(sku="BOX", quantity=4)
    store.sim.add_product(sku="MUG", quantity=5)
    store.import_catalogue()
    store.publish()
    main = factories.make_warehouse()
    assert (store.shows("BOX"), store.accounted("BOX")) == (4, 4)

    order = store.sim.buy(sku="BOX", quantity=2)
    store.hear()
    store.publish()

    assert factories.balances(candle, main) == (9, 4, 0)
    assert factories.balances(mug, main) == (5, 2, 0)
    assert (store.shows("BOX"), store.shows("MUG")) == (2, 3)
    # Made of less from now on; the order keeps what it was booked with.
    bundles.set_components(bundle=box, components={mug.pk: 1}, actor="user:ana", now=now)
    store.sim.cancel(order.id)
    store.hear()
    store.publish()
    assert factories.balances(candle, main) == (9, 0, 0)
    assert factories.balances(mug, main) == (5, 0, 0)
    assert (store.shows("BOX"), store.shows("MUG")) == (5, 5)

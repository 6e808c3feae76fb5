"""WooCommerce stores in the hands of the core: connected, imported, sold from, published to."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from channels import connect, ingress
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine, Push
from inventory.models import Sku
from sandbox.refusals import OutOfStock
from sandbox.webhooks import Delivery
from sandbox.woocommerce import WooCommerceSimulator
from tests import factories
from tests.channels.connected import ConnectedStore
from tests.channels.core.world import adjust, level, no_differences, pass_time, receive


class Merchant(ConnectedStore):
    """A simulated WooCommerce store, connected."""

    def sent(self) -> list[Delivery]:
        self.sim.webhooks.run_queue()
        return super().sent()


@pytest.fixture
def store(db: None, shop: WooCommerceSimulator) -> Merchant:
    """A store with a mug (10), a tee in two sizes (5 each) and a candle whose scents share 8, all of them stocked."""
    ingress.forget()
    shop.add_product(name="Mug", sku="MUG", quantity=10, price=9.5)
    sizes = [{"sku": f"TEE-{size}", "options": {"Size": size}, "quantity": 5} for size in "SM"]
    shop.add_product(name="Tee", sku="TEE", variations=sizes, price=20.0)
    scents = [{"options": {"Scent": scent}} for scent in ("Oak", "Fig")]
    shop.add_product(name="Candle", sku="CANDLE", quantity=8, variations=scents, price=7.0)
    for code, units in (("MUG", 10), ("TEE-S", 5), ("TEE-M", 5), ("CANDLE", 8)):
        factories.make_sku(code, on_hand=units)
    channel, _ = connect.connect(
        platform="woocommerce",
        name="Corner",
        base_url=shop.url + "/wp-json/",
        credentials={"consumer_key": shop.consumer_key, "consumer_secret": shop.consumer_secret},
        warehouses=[factories.make_warehouse()],
        actor="user:ana",
        now=timezone.now(),
        mode=Channel.Mode.LIVE,
    )
    # The store's clock tells whole seconds: what happens from now on came after the start.
    Channel.objects.filter(pk=channel.pk).update(started_at=timezone.now() - timedelta(seconds=5))
    merchant = Merchant(shop, Channel.objects.get(pk=channel.pk))
    merchant.import_catalogue()
    merchant.subscribe()
    return merchant


def sku(code: str) -> Sku:
    return Sku.objects.get(code=code)


def test_a_store_is_connected_once_with_what_was_found_out(store: Merchant) -> None:
    credentials = store.fresh().credentials

    assert (store.channel.base_url, store.channel.account_ref) == (store.sim.url, store.sim.url[len("http://") :])
    assert (credentials["way"], credentials["home"], credentials["rest_path"]) == ("signed", store.sim.url, "/wp-json")
    assert len(credentials["webhook_secret"]) == 48
    assert {each.secret for each in store.sim.webhooks.all()} == {credentials["webhook_secret"]}
    assert [listing.accounted for listing in Listing.objects.order_by("external_sku")] == [8, 10, 5, 5]


def test_a_sale_moves_the_ledger_and_needs_no_push(store: Merchant) -> None:
    store.sim.buy(sku="MUG", quantity=3)

    store.hear()
    store.publish()

    assert level(sku("MUG")) == (10, 3)
    assert (store.sim.quantity_of("MUG"), store.listing("MUG").accounted, store.pushed("MUG")) == (7, 7, [])
    kept = "".join(event.body for event in InboundEvent.objects.all())
    assert "Jamie" not in kept
    assert "jamie@example.com" not in kept


def test_stock_that_moves_elsewhere_is_pushed_and_its_window_is_kept(store: Merchant) -> None:
    adjust(sku("MUG"), -4)
    receive(sku("CANDLE"), 5)

    store.publish()

    assert (store.sim.quantity_of("MUG"), store.sim.quantity_of("CANDLE")) == (6, 13)
    assert store.pushed("MUG") == [("applied", -4)]
    assert Push.objects.get(listing=store.listing("CANDLE")).window is not None


def test_variations_of_a_shared_stock_sell_from_one_pool(store: Merchant) -> None:
    product, _ = store.sim.store.products.find_sku("CANDLE")

    for variation in product.variations:
        store.sim.buy(variation.id, quantity=2)
    store.hear()
    store.publish()

    assert level(sku("CANDLE")) == (8, 4)
    assert (store.sim.quantity_of("CANDLE"), store.listing("CANDLE").accounted) == (4, 4)


def test_a_lost_webhook_is_made_good_by_the_poll(store: Merchant) -> None:
    order = store.sim.buy(sku="TEE-S", quantity=2)
    store.sent()
    assert level(sku("TEE-S")) == (5, 0)

    store.poll()
    assert level(sku("TEE-S")) == (5, 2)

    store.sim.set_status(order.id, "completed")
    store.poll()
    assert level(sku("TEE-S")) == (3, 0)
    assert Order.objects.get().state == Order.State.FULFILLED


def test_the_trash_frees_what_had_not_left_and_woo_is_told(store: Merchant) -> None:
    order = store.sim.buy(sku="MUG", quantity=3)
    store.hear()

    store.sim.trash_order(order.id)
    store.hear()
    store.publish()

    assert (Order.objects.get().state, level(sku("MUG"))) == (Order.State.DELETED, (10, 0))
    assert store.sim.quantity_of("MUG") == 10
    assert store.pushed("MUG") == [("applied", 3)]

    store.sim.restore_order(order.id)
    store.hear()
    store.publish()
    assert (level(sku("MUG")), store.sim.quantity_of("MUG")) == ((10, 3), 7)


def test_an_order_deleted_for_good_is_found_by_the_hourly_look(store: Merchant) -> None:
    store.poll()
    order = store.sim.buy(sku="MUG", quantity=3)
    store.hear()
    store.sim.trash_order(order.id, force=True)
    store.hear()
    store.poll()
    assert level(sku("MUG")) == (10, 3)

    Channel.objects.update(deep_polled_at=timezone.now() - timedelta(hours=2))
    store.poll()
    store.publish()

    assert (Order.objects.get().state, level(sku("MUG"))) == (Order.State.DELETED, (10, 0))
    assert store.sim.quantity_of("MUG") == 10


def test_a_refund_returns_what_the_store_put_back(store: Merchant) -> None:
    order = store.sim.buy(sku="MUG", quantity=3)
    store.sim.set_status(order.id, "completed")
    store.hear()
    assert level(sku("MUG")) == (7, 0)

    store.sim.refund(order.id, quantities={order.lines[0].id: 1})
    store.hear()
    store.publish()

    assert level(sku("MUG")) == (8, 0)
    assert (store.sim.quantity_of("MUG"), store.pushed("MUG")) == (8, [])


def test_a_line_whose_product_or_variation_is_deleted_goes_on(store: Merchant) -> None:
    first, second = store.sim.buy(sku="TEE-M", quantity=2), store.sim.buy(sku="MUG", quantity=1)
    store.hear()
    tee, variation = store.sim.store.products.find_sku("TEE-M")
    assert variation is not None
    store.sim.trash_product(variation.id)
    store.sim.trash_product(store.sim.store.products.find_sku("MUG")[0].id, force=True)

    for order in (first, second):
        store.sim.set_status(order.id, "completed")
    store.hear()

    assert (level(sku("TEE-M")), level(sku("MUG"))) == ((3, 0), (9, 0))
    assert not OrderLine.objects.exclude(state=OrderLine.State.BOOKED).exists()
    assert tee.id


def test_the_store_answers_a_ping_and_a_copy_of_it_is_not_believed(store: Merchant) -> None:
    pings = [each for each in store.sim.deliveries if each.event_type == "ping"]
    assert [store.deliver(ping) for ping in pings] == [200] * len(pings)
    assert not InboundEvent.objects.exists()
    store.sim.buy(sku="MUG")
    [delivery] = [each for each in store.sent() if each.event_type == "order.created"]

    copied = store.deliver(delivery, **{"X-WC-Webhook-Source": "https://staging.example.com/"})
    forged = store.deliver(delivery, **{"X-WC-Webhook-Signature": "Zm9yZ2Vk"})
    taken, repeated = store.deliver(delivery), store.deliver(delivery)

    assert (copied, forged, taken, repeated) == (200, 401, 200, 200)
    assert InboundEvent.objects.count() == 1


def test_a_revoked_key_stops_the_channel_and_a_new_one_goes_on(store: Merchant) -> None:
    secret = store.fresh().credentials["webhook_secret"]
    adjust(sku("MUG"), -4)
    store.sim.access.revoke_all()
    store.publish()
    stopped = store.fresh()
    assert stopped.connection == Channel.Connection.RECONNECT
    assert "Consumer key is invalid" in stopped.connection_problem

    key = store.sim.add_key()
    credentials = {"consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}
    connect.reconnect(channel=stopped, credentials=credentials, actor="user:ana", now=timezone.now())
    pass_time(store.channel)
    store.publish()

    assert store.sim.quantity_of("MUG") == 6
    assert store.fresh().credentials["webhook_secret"] == secret


def test_a_product_in_the_trash_is_gone_until_it_comes_back(store: Merchant) -> None:
    product, _ = store.sim.store.products.find_sku("MUG")
    store.sim.trash_product(product.id)
    store.hear()
    assert Listing.objects.get(external_sku="MUG").state == Listing.State.GONE

    with store.sim.store.lock:
        store.sim.store.products.restore(product)
    adjust(sku("MUG"), -4)
    store.hear()
    store.settle()

    assert store.listing("MUG").accounted == store.sim.quantity_of("MUG") == 6


def test_a_sale_that_a_write_has_erased_is_found_and_taken_off(store: Merchant) -> None:
    store.sim.faults.set("sale_between", next=1)
    adjust(sku("MUG"), -4)
    store.publish()
    assert store.sim.quantity_of("MUG") == 6

    store.hear()
    store.settle()

    assert level(sku("MUG")) == (6, 1)
    assert store.sim.quantity_of("MUG") == store.listing("MUG").accounted == 5


@pytest.mark.parametrize("seed", [3, 17])
def test_whatever_happens_in_the_store_both_sides_end_agreed(store: Merchant, seed: int) -> None:
    """Orders placed, paid, edited, refunded, cancelled, trashed and restored; webhooks lost, repeated and shuffled."""
    dice = random.Random(seed)
    codes = ["MUG", "TEE-S", "TEE-M", "CANDLE"]
    store.poll()
    for code in codes:
        receive(sku(code), 60)
    store.publish()
    for step in range(25):
        _something_happens(store, dice, codes)
        new = [each for each in store.sent() if dice.random() < 0.6]
        new += dice.sample(new, k=len(new) // 3)
        dice.shuffle(new)
        for each in new:
            store.deliver(each)
        if step % 5 == 0:
            store.work_inbox()
            store.publish()

    Channel.objects.update(deep_polled_at=timezone.now() - timedelta(hours=2))
    store.work_inbox()
    store.settle()

    for code in codes:
        on_hand, reserved = level(sku(code))
        listing = store.listing(code)
        assert (listing.accounted, store.sim.quantity_of(code)) == (on_hand - reserved, on_hand - reserved), code
        assert listing.drift == 0
    assert no_differences()
    assert not Order.objects.exclude(problem="").exists()


def _something_happens(store: Merchant, dice: random.Random, codes: list[str]) -> None:
    orders = store.sim.orders()
    if not orders or dice.random() < 0.4:
        try:
            status = dice.choice(["processing", "processing", "on-hold", "pending"])
            store.sim.buy(sku=dice.choice(codes), quantity=dice.randint(1, 4), status=status)
        except OutOfStock:
            return
        return
    order = dice.choice(orders)
    line = order.lines[0] if order.lines else None
    match dice.choice(["status", "status", "edit", "refund", "trash", "delete", "adjust"]):
        case "status":
            chosen = dice.choice(["processing", "completed", "cancelled", "pending", "on-hold", "failed", "refunded"])
            store.sim.set_status(order.id, chosen)
        case "edit" if line is not None:
            store.sim.edit_line(order.id, line.id, dice.randint(0, 5))
        case "refund" if line is not None and order.status in ("processing", "completed"):
            store.sim.refund(order.id, quantities={line.id: 1}, restock=dice.random() < 0.6)
        case "trash":
            store.sim.trash_order(order.id)
            if dice.random() < 0.5:
                store.sim.restore_order(order.id)
        case "delete":
            # What was deleted for good before we looked at it can't be told by anyone.
            store.poll()
            store.sim.trash_order(order.id, force=True)
        case _:
            adjust(sku(dice.choice(codes)), dice.choice([-1, 2]))

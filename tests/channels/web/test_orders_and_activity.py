"""Orders with what the ledger holds for them; the inbox with replay; pushes; what people changed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from channels import catalog
from channels.models import Channel, InboundEvent, Order, Push
from inventory.models import Warehouse
from sandbox.ecwid import EcwidSimulator
from sandbox.ecwid.orders import Wanted
from tests.channels.web.conftest import work
from tests.factories import make_sku

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(channel: Channel, main: Warehouse, sim: EcwidSimulator) -> Order:
    """An order of two mapped tees and one mug that no SKU is known for."""
    make_sku("TEE-M", on_hand=7)
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    tee, _ = sim.store.find_sku("TEE-M")
    mug, _ = sim.store.find_sku("MUG")
    sim.buy(
        lines=[
            Wanted(product_id=tee.id, combination_id=None, quantity=2),
            Wanted(product_id=mug.id, combination_id=None, quantity=1),
        ]
    )
    Channel.objects.update(next_poll_at=timezone.now())
    work(channel, "inbox")
    return Order.objects.get()


def test_the_list_finds_orders_with_waiting_lines(browser: Client, sold: Order) -> None:
    [row] = browser.get("/orders/?lines=waiting").context["table"].data

    assert (row.pk, row.units, row.line_count, row.waiting) == (sold.pk, 3, 2, 1)
    assert list(browser.get("/orders/?state=cancelled").context["table"].data) == []
    assert [row.pk for row in browser.get("/orders/", {"q": sold.number}).context["table"].data] == [sold.pk]


def test_the_page_tells_each_line_and_what_it_moved(browser: Client, sold: Order) -> None:
    response = browser.get(f"/orders/{sold.pk}/")

    html = response.content.decode()
    [(tee, tee_places), (mug, mug_places)] = response.context["lines"]
    assert (tee.state, tee.ordered, tee.sold, tee.fulfilled, tee.taken) == ("booked", 2, 2, 0, 2)
    assert [(place.warehouse.code, place.reserved) for place in tee_places] == [("MAIN", 2)]
    assert (mug.state, mug_places) == ("waiting", [])
    assert f"/listings/{mug.listing_id}/find/" in html
    assert [(m.kind, m.reserved_delta) for m in response.context["movements"]] == [("reserve", 2)]


def test_fetching_again_books_what_changed(browser: Client, sold: Order, sim: EcwidSimulator) -> None:
    sim.cancel(sold.ref)

    response = browser.post(f"/orders/{sold.pk}/fetch/", follow=True)

    sold.refresh_from_db()
    assert sold.state == "cancelled"
    kinds = [(m.kind, m.reserved_delta) for m in response.context["movements"]]
    assert kinds == [("release", -2), ("reserve", 2)]


def test_an_order_that_the_store_lost_stays_as_it_is(browser: Client, sold: Order, sim: EcwidSimulator) -> None:
    sim.delete_order(sold.ref)

    response = browser.post(f"/orders/{sold.pk}/fetch/", follow=True)

    assert "has no order" in response.content.decode()
    sold.refresh_from_db()
    assert sold.state == "open"


def event(channel: Channel, number: int, **facts: object) -> InboundEvent:
    values: dict[str, object] = {
        "topic": "order.updated",
        "headers": {"x-ecwid-webhook-signature": "<sig>"},
        "body": '{"eventId": "1", "data": {"orderId": "GRÜN-1"}}',
        "state": "failed",
        "problem": "The platform does not know this order (yet).",
        "attempts": 8,
        "received_at": timezone.now(),
        "ended_at": timezone.now(),
    }
    return InboundEvent.objects.create(channel=channel, delivery_id=f"d{number}", **{**values, **facts})


def test_an_event_is_shown_whole_and_replayed(browser: Client, channel: Channel) -> None:
    failed = event(channel, 1)

    html = browser.get(f"/activity/events/{failed.pk}/").content.decode()
    assert "&quot;orderId&quot;: &quot;GRÜN-1&quot;" in html
    assert "&lt;sig&gt;" in html
    browser.post(f"/activity/events/{failed.pk}/replay/")

    failed.refresh_from_db()
    assert (failed.state, failed.attempts, failed.problem) == ("pending", 0, "")
    assert failed.due_at is not None


def test_a_body_that_is_not_json_is_shown_as_it_came(browser: Client, channel: Channel) -> None:
    odd = event(channel, 1, body="<html> not json")

    assert "&lt;html&gt;" in browser.get(f"/activity/events/{odd.pk}/").content.decode()


def test_the_failed_under_the_filter_are_replayed(browser: Client, channel: Channel) -> None:
    wanted, other, done = event(channel, 1), event(channel, 2, topic="product.updated"), event(channel, 3, state="done")

    html = browser.get("/activity/?q=order.updated").content.decode()
    assert "Replay 1 failed" in html
    browser.post("/activity/replay/?q=order.updated")

    states = dict(InboundEvent.objects.values_list("pk", "state"))
    assert states == {wanted.pk: "pending", other.pk: "failed", done.pk: "done"}


def test_the_overviews_link_shows_the_failed(browser: Client, channel: Channel) -> None:
    failed = event(channel, 1)
    event(channel, 2, state="done")

    assert [row.pk for row in browser.get("/activity/?state=failed").context["table"].data] == [failed.pk]


def test_pushes_show_what_was_meant_and_what_came_of_it(browser: Client, sold: Order, sim: EcwidSimulator) -> None:
    channel = sold.channel
    work(channel, "publish")
    browser.post(f"/channels/{channel.uuid}/mode/", {"mode": "live"})
    sku = make_sku("MUG", on_hand=5)
    listing = channel.listings.get(external_sku="MUG")
    browser.post(f"/listings/{listing.pk}/link/", {"sku": sku.pk})
    work(channel, "publish")

    [push] = Push.objects.filter(state="applied")
    html = browser.get(f"/activity/pushes/?state=applied&channel={channel.pk}").content.decode()
    assert (push.accounted_before, push.target, push.delta) == (2, 4, 2)
    assert sim.quantity_of("MUG") == 4
    assert push.receipt in html
    assert "+2" in html
    assert "+2" in browser.get(f"/listings/{listing.pk}/").content.decode()


def test_what_people_changed_is_told(browser: Client, channel: Channel) -> None:
    browser.post(f"/channels/{channel.uuid}/mode/", {"mode": "paused"})

    html = browser.get("/activity/changes/?q=channel.mode").content.decode()

    assert "Changed the mode" in html
    assert '<span class="sub">ana</span>' in html
    assert "paused" in html

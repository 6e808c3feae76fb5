"""What is set aside: shown with its words, tried again alone, picked or all, each row with its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.roles import Role
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine
from dashboard.models import User
from inventory.models import AuditEntry
from sandbox.ecwid import EcwidSimulator
from tests import factories
from tests.dashboard.conftest import make_listing


def parked(shop: SimpleNamespace, *, on: str = "north") -> Listing:
    return make_listing(
        getattr(shop, on), shop.tee, parked_at=timezone.now(), parked_reason="SKU is locked", accounted=3
    )


def failed(channel: Channel, number: int) -> InboundEvent:
    return InboundEvent.objects.create(
        channel=channel,
        delivery_id=str(number),
        topic="order.created",
        body="{}",
        state="failed",
        problem="No such order",
        received_at=timezone.now(),
        due_at=None,
    )


def outcomes(browser: Client, kind: str, **data: object) -> list[tuple[str, bool]]:
    response = browser.post(f"/parked/{kind}/retry/", data, follow=True)
    return [(each["words"], each["is_done"]) for each in response.context.get("outcomes", [])]


def test_a_refused_quantity_says_the_stores_words_and_goes_out_again(browser: Client, shop: SimpleNamespace) -> None:
    listing = parked(shop)
    html = browser.get("/parked/", follow=True).content.decode()
    assert "“SKU is locked”" in html

    found = outcomes(browser, "quantities", row=listing.pk)

    assert found == [("Goes out with the next wave; refused again, it comes back here.", True)]
    listing.refresh_from_db()
    assert (listing.parked_at, listing.due_at is not None) == (None, True)
    assert AuditEntry.objects.filter(action="listing.retry").count() == 1


def test_one_that_can_not_be_written_now_says_what_it_waits_for(browser: Client, shop: SimpleNamespace) -> None:
    Channel.objects.filter(pk=shop.north.pk).update(mode="paused")
    listing = parked(shop)

    [(words, _done)] = outcomes(browser, "quantities", row=listing.pk)

    assert words == "Is due again, and waits until North takes quantities."


def test_all_of_the_filter_and_nothing_else_is_tried(browser: Client, shop: SimpleNamespace) -> None:
    for number in range(3):
        failed(shop.north, number)
    kept = failed(shop.south, 9)

    response = browser.post(f"/parked/events/retry/?channel={shop.north.pk}", {"scope": "filter"}, follow=True)

    assert len(response.context["outcomes"]) == 3
    assert "3 were tried again." in response.content.decode()
    assert set(InboundEvent.objects.filter(state="failed")) == {kept}


def test_picking_nothing_tries_nothing(browser: Client, shop: SimpleNamespace) -> None:
    failed(shop.north, 1)

    html = browser.post("/parked/events/retry/", {"scope": "rows", "row": ["x", "-1"]}, follow=True).content.decode()

    assert "Nothing was tried" in html
    assert InboundEvent.objects.filter(state="failed").count() == 1


@pytest.fixture(scope="module")
def running() -> Iterator[EcwidSimulator]:
    with EcwidSimulator(store_id=1003, time_scale=0.00001, rate_limit=1_000_000) as simulator:
        yield simulator


@pytest.fixture
def store(running: EcwidSimulator, db: None) -> SimpleNamespace:
    """A store with two orders of a product that the catalogue here does not know yet, and one that it has not."""
    running.reset()
    running.add_product(sku="MUG", name="Mug", quantity=9)
    factories.make_sku("MUG", on_hand=9)
    channel = factories.make_channel(
        base_url=running.base_url,
        account_ref="1003",
        credentials={"store_id": "1003", "token": running.token, "client_secret": running.client_secret},
        started_at=timezone.now(),
    )
    refs = [running.buy(sku="MUG"), running.buy(sku="MUG")]
    orders = []
    for ref in (*(getattr(each, "id", each) for each in refs), "GONE1"):
        order = Order.objects.create(channel=channel, ref=str(ref), number=str(ref), first_seen_at=timezone.now())
        OrderLine.objects.create(order=order, ref="1", variant_ref="v", ordered=1, sold=1, state="waiting", reason="…")
        orders.append(order)
    return SimpleNamespace(sim=running, channel=channel, orders=orders)


def test_orders_are_fetched_again_together_and_each_says_what_came_of_it(
    browser: Client, store: SimpleNamespace
) -> None:
    response = browser.post("/parked/orders/retry/", {"scope": "filter"}, follow=True)

    found = {each["title"]: each["words"] for each in response.context["outcomes"]}
    assert found["GONE1"] == "Ecwid has no such order (any more)."
    assert len(found) == 3


def test_a_store_that_does_not_answer_is_said_of_every_order(browser: Client, store: SimpleNamespace) -> None:
    store.sim.faults.set("error_reads", probability=1.0)

    found = outcomes(browser, "orders", scope="filter")

    store.sim.faults.clear()
    assert len(found) == 3
    assert all(words.startswith("Ecwid failed to answer") and not done for words, done in found)


def test_a_viewer_is_shown_it_without_verbs(shop: SimpleNamespace) -> None:
    failed(shop.north, 1)
    viewer = Client()
    viewer.force_login(User.objects.create_user("vic", "vic@example.com", "a long enough password", role=Role.VIEWER))

    html = viewer.get("/parked/events/").content.decode()

    assert "No such order" in html
    assert "Retry" not in html
    assert viewer.post("/parked/events/retry/", {"scope": "filter"}).status_code == 403


def test_nothing_set_aside_says_so_and_an_unknown_kind_is_not_there(browser: Client, shop: SimpleNamespace) -> None:
    assert "No store has refused a quantity." in browser.get("/parked/quantities/").content.decode()
    assert "Nothing was tried lately" in browser.get("/parked/quantities/outcomes/").content.decode()
    assert browser.get("/parked/elephants/").status_code == 404


def test_the_queries_of_the_list_do_not_grow(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/parked/events/")
        return len(captured)

    failed(shop.north, 100)
    few = queries()
    for number in range(10):
        failed(shop.south, number)

    assert queries() == few

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Channel, Heartbeat, InboundEvent, Listing, Order, OrderLine, Push
from dashboard.latency import percentile
from dashboard.models import User
from tests.dashboard.conftest import beat, make_channel, make_listing, oversell
from tests.factories import make_discrepancy


def sentences(browser: Client) -> list[str]:
    return [concern.sentence for concern in browser.get("/").context["concerns"]]


def change(channel: Channel, **facts: object) -> None:
    Channel.objects.filter(pk=channel.pk).update(**facts)


def test_a_fresh_installation_says_what_to_do_first(browser: Client) -> None:
    html = browser.get("/").content.decode()

    assert "Welcome to Evenkeel" in html
    assert 'href="/inventory/warehouses/new/"' in html


def test_all_is_well(browser: Client, shop: SimpleNamespace) -> None:
    assert sentences(browser) == []
    assert "Nothing. Every channel is connected" in browser.get("/").content.decode()


def test_who_may_not_do_what_is_asked_is_offered_to_see_it(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, None)
    oversell(shop.tee, shop.main, 99)
    make_discrepancy(make_listing(shop.north, shop.mug), shows=9)
    InboundEvent.objects.create(
        channel=shop.north, delivery_id="1", body="{}", received_at=timezone.now(), state="failed"
    )
    viewer = Client()
    viewer.force_login(User.objects.create_user("vic", role="viewer"))

    asked = [concern.verb for concern in browser.get("/").context["concerns"]]
    theirs, seen = browser.get("/").content.decode(), viewer.get("/").content.decode()

    assert {"Decide", "Map", "Review", "Replay"} <= set(asked)
    for verb in ("Decide", "Map", "Review", "Replay"):
        assert f">{verb}</a>" in theirs
        assert f">{verb}</a>" not in seen
    assert seen.count(">See<") == len(asked)
    assert ">See<" not in theirs


def test_the_worst_comes_first(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    make_listing(shop.north, None)
    make_discrepancy(make_listing(shop.north, shop.tee, accounted=9), shows=7)
    make_listing(shop.south, shop.tee, parked_at=now, parked_reason="422")
    oversell(shop.mug, shop.main, 5)

    assert sentences(browser) == [
        "MUG-11OZ is oversold by 2 units.",
        "1 listing is parked: its channel refused the quantity.",
        "1 quantity differs from the ledger.",
        "1 listing is not mapped to a SKU.",
    ]


def test_listings_that_are_gone_need_nobody(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, None, state=Listing.State.GONE)
    make_listing(shop.north, shop.tee, state=Listing.State.GONE, drift=4, parked_at=timezone.now())

    assert sentences(browser) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"connection": "reconnect"}, "North needs to be connected again."),
        ({"connection": "refused"}, "North refuses our calls."),
        ({"halted_at": timezone.now()}, "Pushing to North has stopped and asks you."),
        ({"connection": "not-found"}, "North is not found at its address any more."),
        ({"failing_since": timezone.now()}, "North does not answer as it should."),
        ({"orders_polled_to": timezone.now() - timedelta(hours=2)}, "Orders of North are not being read."),
        (
            {"refused_webhooks": 1, "refused_webhook_at": timezone.now()},
            "Webhooks for North are refused: their signature is not the store's.",
        ),
    ],
)
def test_a_channel_in_trouble(browser: Client, shop: SimpleNamespace, facts: dict[str, object], sentence: str) -> None:
    change(shop.north, **facts)

    assert sentences(browser) == [sentence]


def test_a_disconnected_channel_is_left_alone(browser: Client, shop: SimpleNamespace) -> None:
    change(shop.north, connection="reconnect", disconnected_at=timezone.now())

    assert sentences(browser) == []
    assert [channel.name for channel in browser.get("/").context["channels"]] == ["South"]


def test_a_silent_worker_is_the_first_thing_said(browser: Client, shop: SimpleNamespace) -> None:
    beat(ago=timedelta(minutes=5))
    assert sentences(browser) == ["The worker has not been heard of for 5 min."]

    Heartbeat.objects.all().delete()
    assert sentences(browser) == ["The worker has never run."]


def test_waiting_lines_and_failed_webhooks_are_counted(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    order = Order.objects.create(channel=shop.north, ref="1", first_seen_at=now)
    for n in range(2):
        OrderLine.objects.create(order=order, ref=str(n), variant_ref="v", ordered=1, sold=1, state="waiting")
    InboundEvent.objects.create(channel=shop.north, delivery_id="1", body="{}", state="failed", received_at=now)

    assert sentences(browser) == ["2 order lines are not booked yet.", "1 webhook could not be worked on."]


def test_what_was_written_today_is_counted(browser: Client, shop: SimpleNamespace) -> None:
    now = timezone.now()
    listing = make_listing(shop.north, shop.tee)
    for days, state in ((0, "applied"), (0, "rejected"), (2, "applied")):
        Push.objects.create(
            channel=shop.north,
            listing=listing,
            accounted_before=10,
            target=9,
            delta=-1,
            state=state,
            created_at=now,
            settled_at=now - timedelta(days=days),
        )

    assert browser.get("/").context["figures"].pushes_today == 1
    assert "1 row" in browser.get("/activity/pushes/?state=applied&settled=today").content.decode()


def test_percentiles_by_nearest_rank() -> None:
    seconds = [timedelta(seconds=n) for n in range(1, 101)]

    assert percentile([], 0.5) is None
    assert percentile(seconds[:1], 0.95) == timedelta(seconds=1)
    assert percentile(seconds, 0.5) == timedelta(seconds=50)
    assert percentile(seconds, 0.95) == timedelta(seconds=95)


def test_listings_that_show_something_else_are_counted_once(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, shop.tee)
    make_listing(shop.north, shop.mug, drift=1, parked_at=timezone.now())
    make_listing(shop.north, shop.cap, parked_at=timezone.now())
    make_listing(shop.north, None, drift=2)
    late = timezone.now() - timedelta(minutes=5)
    make_listing(shop.south, shop.mug, due_at=late, due_since=late)

    north, south = browser.get("/").context["channels"]

    assert (north.differing, south.differing) == (2, 1)
    assert (south.due, south.late, south.due_since) == (1, 1, late)


def test_it_draws_itself_again_for_htmx(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.get("/", headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()
    assert "Needs attention" in response.content.decode()
    assert "HX-Request" in response["Vary"]


def test_the_number_of_queries_does_not_grow(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/")
        return len(captured)

    few = queries()
    for n in range(5):
        channel = make_channel(f"More {n}")
        make_listing(channel, shop.tee, drift=1)
        Order.objects.create(channel=channel, ref="1", first_seen_at=timezone.now())

    assert queries() == few
    assert few <= 44

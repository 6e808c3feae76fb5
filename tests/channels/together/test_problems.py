"""What keeps a channel from working, done by the simulated stores: each has its sentence, its words and its verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels import problems, tasks
from channels.models import Channel, Listing
from dashboard.models import User
from sandbox.amazon import AmazonSimulator
from sandbox.ecwid import EcwidSimulator
from sandbox.shopify import ShopifySimulator
from sandbox.woocommerce import WooCommerceSimulator
from tests import factories

pytestmark = pytest.mark.django_db

DOMAIN = "north-ridge.myshopify.com"


# What the channel of each platform's store is made with
OWN: dict[str, Callable[[Any], dict[str, Any]]] = {
    "ecwid": lambda sim: {
        "account_ref": str(sim.store_id),
        "credentials": {"store_id": str(sim.store_id), "token": sim.token, "client_secret": sim.client_secret},
    },
    "shopify": lambda sim: {
        "account_ref": DOMAIN,
        "credentials": {"access_token": "shpat_sandbox", "client_secret": sim.client_secret},
    },
    "woocommerce": lambda sim: {
        "credentials": {
            "consumer_key": sim.consumer_key,
            "consumer_secret": sim.consumer_secret,
            "webhook_secret": "a" * 48,
        }
    },
    "amazon": lambda sim: {"credentials": sim.credentials, "options": {"pace": "simulator"}},
}


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, Any]]:
    with (
        EcwidSimulator(time_scale=0.00001, rate_limit=1_000_000) as ecwid,
        ShopifySimulator(domain=DOMAIN, time_scale=0.00001) as shopify,
        WooCommerceSimulator(time_scale=0.00001) as woocommerce,
        AmazonSimulator(quota_scale=10_000.0, time_scale=0.0001, orders_told_after=0.0) as amazon,
    ):
        yield {"ecwid": ecwid, "shopify": shopify, "woocommerce": woocommerce, "amazon": amazon}


@pytest.fixture
def connected(stores: dict[str, Any]) -> Callable[[str], tuple[Any, Channel]]:
    def open_(platform: str) -> tuple[Any, Channel]:
        sim = stores[platform]
        sim.reset()
        channel = factories.make_channel(
            "North",
            platform=platform,
            base_url=sim.url if platform == "woocommerce" else sim.base_url,
            **OWN[platform](sim),
            started_at=timezone.now(),
            orders_polled_to=timezone.now(),
            next_poll_at=timezone.now(),
        )
        factories.make_listing(channel, factories.make_sku(on_hand=3), due_at=timezone.now())
        return sim, channel

    return open_


def poll(channel: Channel) -> list[problems.Problem]:
    """Read the orders as the worker does; return what is the matter afterwards."""
    Channel.objects.filter(pk=channel.pk).update(next_poll_at=timezone.now())
    tasks.run_lane(f"inbox:{channel.pk}")
    channel.refresh_from_db()
    Listing.objects.update(due_at=timezone.now())
    now = timezone.now()
    return [p for p in problems.of(channel, problems.facts_of(channel, now=now), now=now) if p.code != "webhooks"]


KILLS: dict[str, Callable[[Any], object]] = {
    "ecwid": lambda sim: sim.access.expire(),
    "shopify": lambda sim: sim.access.expire(),
    "woocommerce": lambda sim: sim.access.revoke_all(),
    "amazon": lambda sim: sim.access.revoke(),
}


@pytest.mark.parametrize("platform", list(KILLS))
def test_a_token_that_was_revoked_says_to_reconnect(
    connected: Callable[[str], tuple[Any, Channel]], platform: str
) -> None:
    sim, channel = connected(platform)
    KILLS[platform](sim)

    [found] = poll(channel)

    assert (found.code, found.sentence, found.verb) == (
        "token",
        "North needs to be connected again.",
        "Reconnect",
    )
    assert found.words  # the platform's own
    assert found.since is not None
    assert found.waiting == 1
    assert found.url == f"/channels/{channel.uuid}/reconnect/"


@pytest.mark.parametrize("platform", ["ecwid", "shopify"])
def test_a_bill_that_was_not_paid_is_the_platforms_refusal(
    connected: Callable[[str], tuple[Any, Channel]], platform: str
) -> None:
    sim, channel = connected(platform)
    sim.faults.set("plan_402", next=3)

    [found] = poll(channel)

    assert (found.code, found.verb, found.posts) == ("refused", "Check again", True)
    assert found.words
    sim.faults.clear()


def test_a_store_that_has_moved_is_not_found(connected: Callable[[str], tuple[Any, Channel]]) -> None:
    sim, channel = connected("ecwid")
    Channel.objects.filter(pk=channel.pk).update(
        base_url=sim.base_url.replace(str(sim.store_id), "999"), account_ref="999"
    )
    channel.refresh_from_db()
    channel.credentials = {**channel.credentials, "store_id": "999"}
    channel.save(update_fields=["credentials"])

    [found] = poll(channel)

    assert (found.code, found.sentence) == ("not-found", "North is not found at its address any more.")
    assert channel.base_url in found.step


def test_a_web_page_where_the_store_was_may_pass_and_says_so(
    connected: Callable[[str], tuple[Any, Channel]],
) -> None:
    _sim, channel = connected("woocommerce")
    Channel.objects.filter(pk=channel.pk).update(base_url=f"{channel.base_url}/gone")
    channel.refresh_from_db()

    [found] = poll(channel)

    assert (found.code, found.words) == (
        "failing",
        "A web page answered instead of WooCommerce's API: Not Found (404).",
    )


def test_a_store_that_fails_says_since_when_and_is_forgotten_once_it_answers(
    connected: Callable[[str], tuple[Any, Channel]],
) -> None:
    sim, channel = connected("ecwid")
    sim.faults.set("error_reads", probability=1.0)

    [first] = poll(channel)
    [again] = poll(channel)
    sim.faults.clear()
    last = poll(channel)

    assert (first.code, first.sentence, first.waiting) == ("failing", "North does not answer as it should.", 1)
    assert first.words
    assert again.since == first.since
    assert "failing" not in [problem.code for problem in last]
    assert channel.failing_words == ""


def test_a_webhook_that_was_switched_off_is_told_with_the_stores_words(
    connected: Callable[[str], tuple[Any, Channel]],
) -> None:
    sim, channel = connected("woocommerce")
    tasks.check_subscriptions(channel, now=timezone.now())
    sim.webhooks.all()[0].status = "disabled"
    channel.refresh_from_db()
    tasks.check_subscriptions(channel, now=timezone.now())
    channel.refresh_from_db()

    now = timezone.now()
    [found] = [p for p in problems.of(channel, problems.facts_of(channel, now=now), now=now) if p.code == "webhooks"]

    assert found.sentence == "Webhooks of North don't arrive as they should."
    assert "switched" in found.words or "disabled" in found.words
    assert found.since is not None


def test_webhooks_that_were_deleted_are_made_again_and_said_so(
    connected: Callable[[str], tuple[Any, Channel]], client: Client
) -> None:
    sim, channel = connected("shopify")
    tasks.check_subscriptions(channel, now=timezone.now())
    sim.webhooks.subscriptions.clear()
    Channel.objects.filter(pk=channel.pk).update(last_event_at=timezone.now())
    channel.refresh_from_db()
    tasks.check_subscriptions(channel, now=timezone.now())
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password"))

    html = client.get(f"/channels/{channel.uuid}/").content.decode()

    assert "webhook subscriptions had gone and were made again" in html


def test_what_is_the_matter_stands_on_the_channels_page(
    connected: Callable[[str], tuple[Any, Channel]], client: Client
) -> None:
    sim, channel = connected("ecwid")
    sim.access.expire()
    poll(channel)
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password"))

    html = client.get(f"/channels/{channel.uuid}/").content.decode()

    assert "North needs to be connected again." in html
    assert "1 quantity waits" in html
    assert channel.connection_problem[:40] in html

"""Connecting: who the seller is, what is missing, and the way of the notifications."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from channels import connect
from channels.contract import BadCredentials, Rejected, StoreRefused, SubscriptionReport
from channels.models import Channel
from channels.platforms.amazon.platform import AmazonPlatform
from inventory.addresses import ForbiddenAddress
from sandbox.amazon import AmazonSimulator
from tests.channels.amazon.conftest import Opener
from tests.channels.amazon.world import NOW

UK = "A1F83G8C2ARO7P"


def test_a_seller_that_can_be_connected(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    report = platform.check_connection()

    assert (report.account_ref, report.account_name) == (sim.seller_id, sim.name)
    assert (report.plan, report.missing_scopes, report.warnings) == ("amazon.co.uk, amazon.de", (), ())
    assert report.api_address == sim.url


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        (("Product Listing",), ("Inventory and Order Tracking",)),
        ((), ("Inventory and Order Tracking", "Product Listing")),
    ],
)
def test_a_missing_role_is_named(
    sim: AmazonSimulator, platform: AmazonPlatform, roles: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    sim.access.authorise(same=True, roles=roles)

    assert platform.check_connection().missing_scopes == missing


@pytest.mark.parametrize(
    ("credentials", "kind", "words"),
    [
        ({"seller_id": "A2OTHERSELLER"}, Rejected, "not the seller who authorised the app"),
        ({"seller_id": ""}, Rejected, "must be given"),
        ({"marketplace": "A13V1IB3VIYZZH"}, StoreRefused, "does not sell at amazon.fr, but at amazon.co.uk"),
        ({"refresh_token": "Atzr|dead"}, BadCredentials, "authorise the app again"),
    ],
)
def test_what_can_not_be_connected_says_why(
    sim: AmazonSimulator, open_platform: Opener, credentials: dict[str, str], kind: type[Exception], words: str
) -> None:
    platform = open_platform(credentials=credentials)
    platform._store = type(platform._store)(
        base_url=sim.url, account_ref="", credentials=platform._store.credentials, options={}
    )

    with pytest.raises(kind, match=words):
        platform.check_connection()


def test_a_token_of_another_seller_does_not_take_a_channel_over(sim: AmazonSimulator, open_platform: Opener) -> None:
    with pytest.raises(Rejected, match="This channel is of the seller"):
        open_platform(credentials={"seller_id": "A2OTHERSELLER"}).check_connection()


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"queue_url": ""}, "No queue is given"),
        ({"queue_url": "http://127.0.0.1/queue"}, "must look like"),
        ({"queue_url": "http://127.0.0.1/123456789012/orders.fifo"}, "no FIFO queue"),
        ({"aws_access_key_id": "someone"}, "AWS refuses the queue"),
    ],
)
def test_a_queue_that_does_not_work_is_a_warning_only(
    sim: AmazonSimulator, open_platform: Opener, credentials: dict[str, str], words: str
) -> None:
    report = open_platform(credentials=credentials).check_connection()

    assert words in report.warnings[0]
    assert "order poll only" in report.warnings[0]


def test_suspended_listings_are_a_warning(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.options.suspended = True

    assert platform.check_connection().warnings == (
        "Amazon has suspended listings of the seller at amazon.co.uk, amazon.de.",
    )


# Notifications ------------------------------------------------------------------------------------------------------


def subscriptions(platform: AmazonPlatform) -> SubscriptionReport:
    return platform.check_subscriptions(webhook_url="", last_event_at=None)


def test_the_way_of_the_notifications_is_made_once(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.options.order_filter_required = True

    first, second = subscriptions(platform), subscriptions(platform)

    assert (first.is_healthy, second.is_healthy) == (True, True)
    assert first.sentences == (
        "Amazon will tell of sales from now on.",
        "Amazon will tell of stock at Amazon from now on.",
    )
    assert second.sentences == ("Amazon tells of sales.", "Amazon tells of stock at Amazon.")
    assert [each.arn for each in sim.notifications.destinations.values()] == [sim.queue.arn]
    assert sorted(each.type for each in sim.notifications.subscriptions.values()) == [
        "FBA_INVENTORY_AVAILABILITY_CHANGES",
        "ORDER_CHANGE",
    ]


def test_changes_of_listings_come_through_eventbridge(sim: AmazonSimulator, open_platform: Opener) -> None:
    report = subscriptions(open_platform(options={"event_bridge": "yes"}))

    assert report.is_healthy
    assert "aws.partner/sellingpartnerapi.amazon.com/123456789012/" in report.sentences[2]
    assert {each.type for each in sim.notifications.subscriptions.values()} >= {
        "LISTINGS_ITEM_MFN_QUANTITY_CHANGE",
        "LISTINGS_ITEM_STATUS_CHANGE",
    }


def test_a_subscription_that_is_lost_is_made_again(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    subscriptions(platform)
    kept = sim.notifications.subscriptions
    order = next(ref for ref, each in kept.items() if each.type == "ORDER_CHANGE")
    del kept[order]
    sim.notifications.destinations.clear()

    report = subscriptions(platform)

    assert report.is_healthy
    targets = {each.destination_id for each in kept.values()}
    assert targets == set(sim.notifications.destinations)


def test_a_subscription_of_someone_else_is_left_alone(sim: AmazonSimulator, platform: AmazonPlatform, api: Any) -> None:
    other = api.as_app().post(
        "/notifications/v1/destinations",
        json={"name": "Other", "resourceSpecification": {"sqs": {"arn": f"{sim.queue.arn}-other"}}},
    )
    body = {"payloadVersion": "1.0", "destinationId": other.json()["payload"]["destinationId"]}
    api.post("/notifications/v1/subscriptions/ORDER_CHANGE", json=body)

    report = subscriptions(platform)

    assert not report.is_healthy
    assert "to another destination of this app" in report.sentences[0]


def test_without_a_queue_there_is_nothing_to_subscribe(sim: AmazonSimulator, open_platform: Opener) -> None:
    report = subscriptions(open_platform(credentials={"queue_url": ""}))

    assert not report.is_healthy
    assert sim.requests == []


# Through the core ---------------------------------------------------------------------------------------------------


def connected(sim: AmazonSimulator, **credentials: str) -> Channel:
    channel, _ = connect.connect(
        platform="amazon",
        name="Amazon",
        base_url=sim.url,
        credentials={**sim.credentials, **credentials},
        warehouses=[],
        options={"pace": "simulator"},
        actor="user:ana",
        now=NOW,
    )
    return channel


@pytest.mark.django_db
def test_a_channel_keeps_the_tokens_of_its_test_and_its_address(sim: AmazonSimulator) -> None:
    channel = connected(sim)

    assert (channel.account_ref, channel.base_url) == (sim.seller_id, sim.url)
    assert channel.credentials["access_token"].startswith("Atza|")
    assert channel.next_queue_at == NOW
    issued = sim.access.issued
    connect.check(channel=channel, now=NOW)
    assert sim.access.issued == issued


@pytest.mark.django_db
def test_a_region_can_not_be_changed_by_reconnecting(sim: AmazonSimulator) -> None:
    channel = connected(sim)
    channel.base_url = f"{sim.url}/"  # as if the test found the API elsewhere than the channel has it

    with pytest.raises(connect.ConnectRefused, match="as a channel of its own"):
        connect.reconnect(channel=channel, credentials=sim.credentials, actor="user:ana", now=NOW)


@pytest.mark.django_db
@override_settings(ALLOW_PRIVATE_HOSTS=False)
def test_a_queue_in_our_own_network_is_not_called(sim: AmazonSimulator) -> None:
    with pytest.raises(ForbiddenAddress):
        connected(sim)

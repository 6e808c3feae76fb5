"""Who may see these pages, what they cost, and what they say to nonsense."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from channels.models import Channel, InboundEvent, Listing, Order, OrderLine, Push
from inventory.models import AuditEntry
from tests.factories import make_channel, make_listing, make_sku

pytestmark = pytest.mark.django_db

LISTS = [
    "/channels/",
    "/listings/",
    "/listings/unmapped/",
    "/orders/",
    "/activity/",
    "/activity/pushes/",
    "/activity/changes/",
]
NOWHERE = str(UUID("7a52b6f1-3a2e-4a0e-9d55-0c5c1f3b2a10"))
FORBIDDEN = [re.compile(p) for p in (r"<[^>]+\sstyle=", r"<[^>]+\son[a-z]+=", r"<style", r"<script(?![^>]*\ssrc=)")]


def fill(channel: Channel, rows: int) -> None:
    """Add ``rows`` of everything that the lists show."""
    now = timezone.now()
    for number in range(rows):
        key = f"{channel.pk}-{Listing.objects.count()}-{number}"
        sku = make_sku(f"SKU-{key}", on_hand=3)
        mapped = make_listing(channel, sku, quantity=2)
        make_listing(channel, None, external_sku=f"sku {key}", barcode=str(number))
        order = Order.objects.create(channel=channel, ref=f"o{key}", number=key, first_seen_at=now, placed_at=now)
        OrderLine.objects.create(order=order, ref="1", variant_ref="p", listing=mapped, sku=sku, ordered=1)
        InboundEvent.objects.create(channel=channel, delivery_id=key, body="{}", received_at=now, state="failed")
        Push.objects.create(
            channel=channel, listing=mapped, accounted_before=2, target=3, delta=1, created_at=now, state="applied"
        )
        AuditEntry.objects.create(actor="user:ana", action="listing.link", subject=f"listing:{mapped.pk}")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_for_few_rows_and_many(
    browser: Client, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    channel = make_channel()
    fill(channel, 2)
    browser.get(path)
    with CaptureQueriesContext(connection) as few:
        assert browser.get(path).status_code == 200
    fill(channel, 15)

    with django_assert_num_queries(len(few)):
        assert browser.get(path).status_code == 200
    assert len(few) < 28


@pytest.mark.parametrize("path", ["channel", "settings", "listing", "order"])
def test_a_page_costs_the_same_for_few_rows_and_many(
    browser: Client, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    channel = make_channel()
    fill(channel, 2)
    listing, order = Listing.objects.filter(mapping="mapped").earliest("pk"), Order.objects.earliest("pk")
    url = {
        "channel": f"/channels/{channel.uuid}/",
        "settings": f"/channels/{channel.uuid}/settings/",
        "listing": f"/listings/{listing.pk}/",
        "order": f"/orders/{order.pk}/",
    }[path]
    with CaptureQueriesContext(connection) as few:
        assert browser.get(url).status_code == 200
    fill(channel, 8)
    now = timezone.now()
    for number in range(2, 9):
        OrderLine.objects.create(order=order, ref=str(number), variant_ref="p", listing=listing, ordered=1)
        Push.objects.create(
            channel=channel, listing=listing, accounted_before=1, target=2, delta=1, created_at=now, state="applied"
        )
        AuditEntry.objects.create(actor="user:ana", action="listing.link", subject=f"listing:{listing.pk}")

    with django_assert_num_queries(len(few)):
        assert browser.get(url).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *LISTS,
        "/channels/connect/",
        "/channels/connect/ecwid/",
        "/channels/connect/ecwid/consent/",
        "/channels/connect/callback/?code=x&state=y",
        f"/channels/{NOWHERE}/",
        "/listings/1/",
        "/orders/1/",
        "/activity/events/1/",
        "/reconciliation/listings/1/",
    ],
)
def test_strangers_are_asked_to_sign_in(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "path",
    [f"/channels/{NOWHERE}/{verb}/" for verb in ("mode", "import", "push", "poll", "check", "allow", "disconnect")]
    + [f"/listings/1/{verb}/" for verb in ("link", "unlink", "ignore", "new-sku", "retry", "hold-back")]
    + ["/orders/1/fetch/", "/activity/replay/", "/activity/events/1/replay/", "/listings/unmapped/1/create/"]
    + [f"/reconciliation/listings/1/{verb}/" for verb in ("check",)],
)
def test_strangers_change_nothing(client: Client, path: str) -> None:
    assert client.post(path)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("verb", ["import", "push", "poll", "check", "allow"])
def test_a_link_changes_nothing(browser: Client, verb: str) -> None:
    assert browser.get(f"/channels/{make_channel().uuid}/{verb}/").status_code == 405


def test_a_form_without_its_token_is_refused(user: object) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)  # type: ignore[arg-type]
    channel = make_channel()

    assert client.post(f"/channels/{channel.uuid}/mode/", {"mode": "paused"}).status_code == 403
    channel.refresh_from_db()
    assert channel.mode == "live"


@pytest.mark.parametrize(
    "path",
    [
        f"/channels/{NOWHERE}/",
        "/channels/not-a-uuid/",
        "/channels/999999/",
        f"/channels/{10**30}/",
        "/listings/999999/",
        f"/listings/{10**30}/",
        f"/orders/{10**30}/",
        f"/activity/events/{10**30}/",
        f"/reconciliation/listings/{10**30}/",
    ],
)
def test_what_is_not_there_is_not_found(browser: Client, path: str) -> None:
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "page=99999999999999999999",
        "page=-1&per_page=0",
        "page=x&per_page=1e9",
        "sort=nothing",
        "sort=--title&channel=99999999999999999999999",
        "channel=x&state=nonsense&mapping=%00",
        "q=%00%F0%9F%A7%A6%27%22%3C",
        "q=" + "x" * 5000,
    ],
)
def test_nonsense_in_the_address_gives_a_list(browser: Client, path: str, query: str) -> None:
    fill(make_channel(), 1)

    assert browser.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize("path", LISTS[1:])
def test_htmx_gets_the_table_alone(browser: Client, path: str) -> None:
    fill(make_channel(), 1)

    response = browser.get(path, headers={"HX-Request": "true"})

    assert "HX-Request" in response["Vary"]
    assert "<html" not in response.content.decode()
    assert "<table" in response.content.decode()


@pytest.mark.parametrize("path", [*LISTS, "/channels/connect/", "/channels/connect/ecwid/"])
def test_an_empty_place_says_what_to_do(browser: Client, path: str) -> None:
    response = browser.get(path)

    html = response.content.decode()
    assert response.status_code == 200
    assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(html)] == []
    assert html.count("<h1") == 1


@pytest.mark.parametrize("path", [*LISTS, "channel", "settings", "mode", "listing", "order", "event", "find"])
def test_nothing_is_inline(browser: Client, path: str) -> None:
    channel = make_channel()
    fill(channel, 1)
    listing, order, event = Listing.objects.earliest("pk"), Order.objects.get(), InboundEvent.objects.get()
    paths = {
        "channel": f"/channels/{channel.uuid}/",
        "settings": f"/channels/{channel.uuid}/settings/",
        "mode": f"/channels/{channel.uuid}/mode/",
        "listing": f"/listings/{listing.pk}/",
        "order": f"/orders/{order.pk}/",
        "event": f"/activity/events/{event.pk}/",
        "find": f"/listings/{listing.pk}/find/",
    }

    response = browser.get(paths.get(path, path))

    html = response.content.decode()
    assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(html)] == []
    assert "unsafe" not in response["Content-Security-Policy"]

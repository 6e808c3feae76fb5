"""The connection, the catalogue and orders read from a running store."""

from __future__ import annotations

import urllib.parse
from datetime import UTC, datetime, timedelta

import pytest
import requests

from channels.contract import (
    BadCredentials,
    BadPayload,
    ChannelError,
    KnownLine,
    RateLimited,
    Rejected,
    StoreRefused,
    Unreachable,
)
from channels.platforms.ecwid import connection
from channels.platforms.ecwid.platform import EcwidPlatform
from channels.platforms.ecwid.refs import OrderRef, order_ref, read_order_ref
from sandbox.ecwid import EcwidSimulator
from sandbox.ecwid.orders import Wanted
from tests.channels.ecwid.conftest import Canned, Opener
from tests.channels.ecwid.test_orders import booked

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def paths(shop: EcwidSimulator) -> list[str]:
    return [call.path.partition("/1003")[2] or call.path for call in shop.requests]


# The connection


def test_a_good_connection_names_the_store(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    report = platform.check_connection()

    assert (report.account_ref, report.account_name, report.plan) == ("1003", "North", "with variations")
    assert (report.scopes, report.missing_scopes) == ((), ())
    assert report.warnings == ("Whether the token may change stock (update_catalog) shows only with the first change.",)


def test_scopes_told_by_oauth_need_no_probe(shop: EcwidSimulator, open_platform: Opener) -> None:
    told = {"scope": "read_catalog read_orders"}

    report = open_platform(shop.base_url, credentials=told).check_connection()

    assert report.scopes == ("read_catalog", "read_orders")
    assert report.missing_scopes == ("update_catalog",)
    assert len(shop.requests) == 1


def test_missing_scopes_are_found_by_reading(open_platform: Opener) -> None:
    with EcwidSimulator(scopes=("read_store_profile", "read_catalog"), plan_has_variations=False) as shop:
        report = open_platform(shop.base_url).check_connection()

    assert report.missing_scopes == ("read_orders",)
    assert report.warnings[0] == connection.FEATURES["COMBINATIONS"]


def test_another_store_than_the_channels_is_refused(shop: EcwidSimulator, open_platform: Opener) -> None:
    with pytest.raises(Rejected, match="belongs to store 1003, not to store 77"):
        open_platform(shop.base_url, account_ref="77").check_connection()
    with pytest.raises(StoreRefused):
        open_platform(shop.base_url, credentials={"store_id": "77"}).check_connection()


def test_a_suspended_store_is_refused(open_platform: Opener) -> None:
    with EcwidSimulator(suspended=True) as shop, pytest.raises(StoreRefused, match="suspended store 1003"):
        open_platform(shop.base_url).check_connection()


def test_a_store_without_api_access_is_refused(open_platform: Opener) -> None:
    with EcwidSimulator(plan_has_api=False) as shop, pytest.raises(StoreRefused, match="NOT_AVAILABLE_ON_CURRENT_PLAN"):
        open_platform(shop.base_url).check_connection()


def test_a_dead_token_asks_to_reconnect(shop: EcwidSimulator, open_platform: Opener) -> None:
    with pytest.raises(BadCredentials, match="Reconnect"):
        open_platform(shop.base_url, token="secret_other").check_connection()


@pytest.mark.parametrize("suffix", ["", "/", "/api/v3", "/api/v3/"])
def test_the_base_url_may_be_given_in_any_of_its_forms(
    shop: EcwidSimulator, open_platform: Opener, suffix: str
) -> None:
    assert open_platform(shop.url + suffix).check_connection().account_ref == "1003"


@pytest.mark.parametrize(
    ("fault", "error"), [("html", Unreachable), ("empty", Unreachable), ("error_reads", Unreachable),
                         ("plan_402", StoreRefused), ("rate_limited", RateLimited)]
)  # fmt: skip
def test_each_failure_of_a_reading_is_typed(
    shop: EcwidSimulator, platform: EcwidPlatform, fault: str, error: type[ChannelError]
) -> None:
    shop.faults.set(fault, next=1)

    with pytest.raises(error):
        platform.catalog_page("")


def test_health_is_judged_by_what_came(platform: EcwidPlatform) -> None:
    url, now = "https://shop.example.com/webhooks/ecwid/1/", datetime.now(UTC)

    never = platform.check_subscriptions(webhook_url=url, last_event_at=None)
    quiet = platform.check_subscriptions(webhook_url=url, last_event_at=now - timedelta(hours=25))
    fine = platform.check_subscriptions(webhook_url=url, last_event_at=now - timedelta(hours=1))

    assert (never.is_healthy, quiet.is_healthy, fine.is_healthy) == (False, False, True)
    assert never.sentences[0] == "No webhook has ever arrived from this store."
    assert url in never.sentences[1]
    assert url in quiet.sentences[1]


# The catalogue


def test_the_catalogue_is_read_page_by_page(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    for number in range(1, 251):
        shop.add_product(id=number, sku=f"S{number}", quantity=number)

    first = platform.catalog_page("")
    second = platform.catalog_page(first.next_cursor)
    third = platform.catalog_page(second.next_cursor)

    assert [page.products for page in (first, second, third)] == [100, 99, 51]
    assert [page.next_cursor for page in (first, second, third)] == ["99:100:0", "198:199:0", ""]
    assert (first.total, third.total) == (250, 250)
    refs = {listing.ref for page in (first, second, third) for listing in page.listings}
    assert refs == {f"p{number}" for number in range(1, 251)}


def test_pools_come_over_the_wire_as_the_store_has_them(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    shop.add_product(
        id=5,
        name="Tee",
        sku="TEE",
        quantity=4,
        barcode="4006381333931",
        price=12.5,
        variations=[
            {"id": 51, "options": {"Size": "S"}},
            {"id": 52, "sku": "TEE-M", "options": {"Size": "M"}, "quantity": 0},
        ],
    )
    shop.add_product(id=6, name="Gift", sku="GIFT", unlimited=True)

    tee, medium, gift = platform.catalog_page("").listings

    assert (tee.ref, tee.quantity, tee.barcode, str(tee.price)) == ("p5", 4, "4006381333931", "12.5000")
    assert [(v.ref, v.number) for v in tee.variants] == [("p5", None), ("p5-c51", 1)]
    assert (medium.ref, medium.title, medium.tracked, medium.quantity) == ("p5-c52", "Tee — Size: M", True, 0)
    assert (gift.tracked, gift.quantity) == (False, None)


def scan(platform: EcwidPlatform) -> list[str]:
    """Read the whole catalogue; the refs of its products' pools in the order they came."""
    refs: list[str] = []
    cursor = ""
    while True:
        page = platform.catalog_page(cursor)
        refs.extend(listing.ref for listing in page.listings)
        cursor = page.next_cursor
        if not cursor:
            return refs


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_page_that_shifts_while_it_is_read_loses_no_product(open_platform: Opener, seed: int) -> None:
    with EcwidSimulator(fault_seed=seed) as shop:
        for number in range(1, 251):
            shop.add_product(id=number, sku=f"S{number}", quantity=1)
        shop.faults.set("shift_page", next=2)

        refs = set(scan(open_platform(shop.base_url)))

    assert refs >= {f"p{number}" for number in range(2, 251)}


def test_products_deleted_between_two_pages_hide_no_other(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    for number in range(1, 251):
        shop.add_product(id=number, sku=f"S{number}", quantity=1)

    first = platform.catalog_page("")
    for number in (3, 5, 100):
        shop.delete_product(number)
    second = platform.catalog_page(first.next_cursor)
    third = platform.catalog_page(second.next_cursor)
    fourth = platform.catalog_page(third.next_cursor)

    assert fourth.next_cursor == ""
    seen = {listing.ref for page in (first, second, third, fourth) for listing in page.listings}
    assert seen == {f"p{number}" for number in range(1, 251)}


def test_a_catalogue_that_vanishes_ends_the_scan(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    for number in range(1, 151):
        shop.add_product(id=number, sku=f"S{number}", quantity=1)

    first = platform.catalog_page("")
    for number in range(1, 151):
        shop.delete_product(number)
    second = platform.catalog_page(first.next_cursor)

    assert (second.products, second.next_cursor) == (0, "")


@pytest.mark.parametrize(
    ("body", "cursor", "following"),
    [
        ({"total": 250, "items": [{"id": 1}, {"id": 2}]}, "", "1:2:0"),
        ({"total": 2, "items": [{"id": 1}, {"id": 2}]}, "", ""),
        ({"items": [{"id": 1}, {"id": 2}]}, "", "1:2:0"),
        ({"items": []}, "1:2:0", ""),
        ({"total": 9, "items": [{"id": 2}]}, "1:2:0", ""),
        ({"total": 9, "items": [{"id": 1}, {"name": "no id"}]}, "", "2"),
        ({"total": 9, "items": [{"id": 7}, {"id": 8}]}, "1:2:20", "2:8:20"),
    ],
)
def test_the_scan_ends_with_the_total_or_when_nothing_new_comes(
    canned: Canned, open_platform: Opener, body: object, cursor: str, following: str
) -> None:
    canned.say(body)

    assert open_platform(canned.base_url).catalog_page(cursor).next_cursor == following


def test_a_cursor_that_is_none_is_refused(platform: EcwidPlatform) -> None:
    with pytest.raises(BadPayload):
        platform.catalog_page("next")


def test_products_are_read_directly_and_not_from_the_index(open_platform: Opener) -> None:
    with EcwidSimulator(search_lag_seconds=60) as shop:
        shop.add_product(id=5, sku="A", quantity=4)
        platform = open_platform(shop.base_url)
        shop.set_quantity(5, quantity=9)

        [stale] = platform.catalog_page("").listings
        [(ref, [fresh])] = list(platform.read_products(["5"]))

    assert (stale.quantity, ref, fresh.quantity) == (4, "5", 9)


def test_a_product_that_is_gone_has_no_pools(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    shop.add_product(id=5, sku="A", quantity=4)

    assert [(ref, len(pools)) for ref, pools in platform.read_products(["9", "5", "x/y"])] == [
        ("9", 0),
        ("5", 1),
        ("x/y", 0),
    ]


def test_a_proxys_page_does_not_make_a_product_look_gone(canned: Canned, open_platform: Opener) -> None:
    canned.say(b"<html>Not here</html>", 404)

    with pytest.raises(Unreachable):
        list(open_platform(canned.base_url).read_products(["5"]))


def test_an_unreadable_product_does_not_keep_the_others_from_being_read(canned: Canned, open_platform: Opener) -> None:
    canned.say({"id": 1, "name": "Bad", "quantity": 1.5})
    canned.say({"id": 2, "name": "Good", "quantity": 1})
    products = open_platform(canned.base_url).read_products(["1", "2"])

    assert next(products)[0] == "2"
    with pytest.raises(BadPayload, match=r"Product 1 \(Bad\), p1: its quantity is 1.5"):
        next(products)


# Orders


def sold_out(shop: EcwidSimulator, count: int) -> list[str]:
    shop.add_product(id=5, sku="A", quantity=10_000)
    return [shop.buy(5).id for _ in range(count)]


def test_the_poll_reads_every_order_once_to_the_last_page(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    placed = sold_out(shop, 250)

    pages = list(platform.order_pages(since=LONG_AGO))

    refs = [raw.ref for page in pages for raw in page]
    assert sorted(refs) == sorted(placed)
    assert len(shop.requests) == 3


def test_an_order_that_leaves_the_list_does_not_hide_another(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    placed = sold_out(shop, 150)
    pages = platform.order_pages(since=LONG_AGO)

    first = next(pages)
    for ref in [raw.ref for raw in first[:3]]:
        shop.delete_order(ref)
    rest = [raw.ref for page in pages for raw in page]

    assert sorted([*(raw.ref for raw in first), *rest]) == sorted(placed)


def test_orders_placed_while_the_list_is_read_hide_none(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    placed = sold_out(shop, 150)
    pages = platform.order_pages(since=LONG_AGO)

    first = next(pages)
    for _ in range(3):
        shop.buy(5)
    rest = [raw.ref for page in pages for raw in page]

    assert sorted([*(raw.ref for raw in first), *rest]) == sorted(placed)


def test_a_poll_of_nothing_yields_nothing(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    assert list(platform.order_pages(since=LONG_AGO)) == []


def test_the_poll_begins_at_its_cursor(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    sold_out(shop, 1)

    assert list(platform.order_pages(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_orders_carry_no_buyer(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    shop.add_product(id=5, sku="A", quantity=5)
    bought = shop.buy(5, buyer="Robin Doe", email="robin@example.com")

    [[polled]] = platform.order_pages(since=LONG_AGO)
    fetched = platform.fetch_orders([bought.id])[bought.id]

    assert fetched is not None
    assert polled.payload == fetched.payload
    assert set(polled.payload) == {
        "id", "internalId", "orderNumber", "vendorOrderNumber", "paymentStatus", "fulfillmentStatus",
        "createTimestamp", "updateTimestamp", "createDate", "updateDate", "items",
    }  # fmt: skip
    assert "Robin" not in str(polled.payload)


def test_a_list_that_ends_before_its_total_is_read_again_later(canned: Canned, open_platform: Opener) -> None:
    canned.say({"total": 5, "items": []})

    with pytest.raises(Unreachable, match="ended before its total"):
        list(open_platform(canned.base_url).order_pages(since=LONG_AGO))


@pytest.mark.parametrize("body", [{}, {"items": []}, {"total": 1, "items": 5}, {"total": "1", "items": []}, []])
def test_a_list_that_is_none_is_refused(canned: Canned, open_platform: Opener, body: object) -> None:
    canned.say(body)

    with pytest.raises(BadPayload):
        list(open_platform(canned.base_url).order_pages(since=LONG_AGO))


def test_an_unreadable_order_is_kept_and_stops_nothing(canned: Canned, open_platform: Opener) -> None:
    good = {"id": "K", "paymentStatus": "PAID", "items": []}
    canned.say({"total": 3, "items": [{"paymentStatus": "PAID"}, 7, good]})

    [page] = open_platform(canned.base_url).order_pages(since=LONG_AGO)

    assert [raw.ref.partition("-")[0] for raw in page] == ["unreadable", "unreadable", "K"]


def test_deleted_orders_are_told_by_the_ref_they_had(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    placed = sold_out(shop, 3)
    for ref in placed[:2]:
        shop.delete_order(ref)

    assert sorted(platform.deleted_orders(since=LONG_AGO)) == sorted(placed[:2])
    assert list(platform.deleted_orders(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_a_deleted_order_without_its_text_id_is_told_by_the_other(canned: Canned, open_platform: Opener) -> None:
    canned.say({"total": 3, "items": [{"id": 7, "date": "x"}, {"id": "K"}, None]})

    assert list(open_platform(canned.base_url).deleted_orders(since=LONG_AGO)) == ["#7", "K"]


def test_one_order_is_read_directly(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    [placed] = sold_out(shop, 1)
    both = order_ref(placed, shop.order(placed).internal_id)
    shop.cancel(placed)

    found = platform.fetch_orders([both, "NOPE"])

    raw = found[both]
    assert raw is not None
    assert (raw.ref, raw.payload["paymentStatus"]) == (placed, "CANCELLED")
    assert found["NOPE"] is None
    assert paths(shop) == [f"/orders/{placed}", "/orders/NOPE"]


def test_many_orders_are_searched_by_their_internal_ids(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    placed = sold_out(shop, 120)
    refs = [order_ref(ref, shop.order(ref).internal_id) for ref in placed]

    found = platform.fetch_orders([*refs, "NOPE#1"])

    assert {ref: raw.ref if raw else None for ref, raw in found.items()} == {
        **dict(zip(refs, placed, strict=True)),
        "NOPE#1": None,
    }
    assert paths(shop) == ["/orders", "/orders", "/orders/NOPE"]


def test_an_order_known_by_its_internal_id_alone_is_searched(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    [placed] = sold_out(shop, 1)
    ref = f"#{shop.order(placed).internal_id}"

    found = platform.fetch_orders([ref, "#1"])

    assert {asked: raw.ref if raw else None for asked, raw in found.items()} == {ref: placed, "#1": None}


@pytest.mark.parametrize(
    ("ref", "parts"),
    [
        ("K8XTQ#516483487", OrderRef("K8XTQ", 516483487)),
        ("K8XTQ", OrderRef("K8XTQ", None)),
        ("#516483487", OrderRef("", 516483487)),
        ("%2350%25", OrderRef("#50%", None)),
    ],
)
def test_refs_of_orders_read_back(ref: str, parts: OrderRef) -> None:
    assert read_order_ref(ref) == parts
    assert order_ref(*parts) == ref


def test_an_events_ref_leads_to_the_orders_own(platform: EcwidPlatform) -> None:
    assert platform.order_ref("K8XTQ#516483487") == "K8XTQ"
    assert platform.order_ref("#516483487") == "#516483487"


def test_a_whole_life_of_an_order_agrees_with_the_store(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    """What we say Ecwid took is what its own number lost."""
    shop.add_product(id=5, sku="A", quantity=20)
    placed = shop.buy(lines=[Wanted(product_id=5, quantity=4)], payment_status="AWAITING_PAYMENT").id
    line_id = shop.order(placed).lines[0].id

    known: dict[str, KnownLine] = {}
    for step in (
        lambda: None,
        lambda: shop.pay(placed),
        lambda: shop.edit_line(placed, line_id, 6),
        lambda: shop.ship(placed),
        lambda: shop.refund(placed, amount=0.0),
        lambda: shop.cancel(placed),
        lambda: shop.pay(placed),
        lambda: shop.edit_line(placed, line_id, 1),
        lambda: shop.refund(placed),
    ):
        step()
        raw = platform.fetch_orders([placed])[placed]
        assert raw is not None
        snapshot = platform.snapshot(raw.payload, known)
        known = booked(snapshot)
        left = shop.quantity(5)
        assert left is not None
        assert known[str(line_id)].taken == 20 - left, raw.payload["paymentStatus"]


# Webhooks


def test_what_the_store_sends_is_verified_and_leads_to_its_order(shop: EcwidSimulator, platform: EcwidPlatform) -> None:
    shop.add_product(id=5, sku="A", quantity=5)
    placed = shop.buy(5)
    sent = {delivery.event_type: delivery for delivery in shop.deliveries}

    created = sent["order.created"]
    platform.check_signature(created.headers, created.body.encode())
    delivery = platform.read_delivery(created.headers, created.body.encode())
    [hint] = platform.parse_events(delivery.topic, created.body.encode())
    fetched = platform.fetch_orders([hint.ref])[hint.ref]

    assert (delivery.delivery_id, delivery.account_ref) == (created.event_id, "1003")
    assert hint.ref == f"{placed.id}#{placed.internal_id}"
    assert fetched is not None
    assert fetched.ref == platform.order_ref(hint.ref) == placed.id
    [product] = platform.parse_events("product.updated", sent["product.updated"].body.encode())
    assert product.ref == "5"


# OAuth


def test_consent_leads_to_working_credentials(open_platform: Opener) -> None:
    with EcwidSimulator(auto_consent=True) as shop:
        app = {"client_id": shop.client_id, "client_secret": shop.client_secret}
        back = "https://evenkeel.example.com/channels/callback"
        url = EcwidPlatform.authorise_url(base_url=shop.base_url, credentials=app, redirect_uri=back, state="s-1")

        with requests.get(url, allow_redirects=False, timeout=5) as consent:
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(consent.headers["Location"]).query))
        given = EcwidPlatform.exchange_code(base_url=shop.base_url, credentials=app, answer=query, redirect_uri=back)
        report = open_platform(shop.base_url, credentials=given).check_connection()
        with pytest.raises(BadCredentials, match="invalid_grant"):
            EcwidPlatform.exchange_code(base_url=shop.base_url, credentials=app, answer=query, redirect_uri=back)

    assert query["state"] == "s-1"
    assert set(given) == {"store_id", "token", "client_id", "client_secret", "scope"}
    assert given["store_id"] == "1003"
    assert report.missing_scopes == ()


def test_ecwids_own_consent_page_has_its_own_host() -> None:
    url = EcwidPlatform.authorise_url(
        base_url="https://app.ecwid.com/api/v3/",
        credentials={"client_id": "app"},
        redirect_uri="https://e.example/",
        state="s",
    )

    assert url == (
        "https://my.ecwid.com/api/oauth/authorize?client_id=app&redirect_uri=https%3A%2F%2Fe.example%2F"
        "&response_type=code&scope=read_store_profile+read_catalog+update_catalog+read_orders&state=s"
    )


def test_an_address_that_is_none_leads_nowhere() -> None:
    with pytest.raises(Unreachable):
        EcwidPlatform.authorise_url(base_url="http://[::1", credentials={}, redirect_uri="", state="")


@pytest.mark.parametrize("status", [500, 302, 429])
@pytest.mark.usefixtures("transactional_db")
def test_an_exchange_is_never_repeated(canned: Canned, status: int) -> None:
    canned.say({}, status)

    with pytest.raises((Unreachable, RateLimited)):
        EcwidPlatform.exchange_code(
            base_url=canned.base_url,
            credentials={"client_id": "a", "client_secret": "b"},
            answer={"code": "c"},
            redirect_uri="d",
        )

    assert len(canned.seen) == 1


@pytest.mark.parametrize("body", [{}, [], {"access_token": "t"}, {"access_token": 5, "store_id": 1}, {"store_id": 1}])
@pytest.mark.usefixtures("transactional_db")
def test_a_reply_without_a_token_is_refused(canned: Canned, body: object) -> None:
    canned.say(body)

    with pytest.raises(BadCredentials):
        EcwidPlatform.exchange_code(
            base_url=canned.base_url,
            credentials={"client_id": "a", "client_secret": "b"},
            answer={"code": "c"},
            redirect_uri="d",
        )


@pytest.mark.usefixtures("transactional_db")
def test_no_secret_is_in_the_words_of_a_refusal(canned: Canned) -> None:
    canned.say({"error": "bad client top-secret with code one-time"}, 400)

    with pytest.raises(BadCredentials) as raised:
        EcwidPlatform.exchange_code(
            base_url=canned.base_url,
            credentials={"client_id": "a", "client_secret": "top-secret"},
            answer={"code": "one-time"},
            redirect_uri="d",
        )

    assert str(raised.value) == "Ecwid refused the code: bad client … with code …."

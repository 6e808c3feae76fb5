"""Everything that the dashboard does to a channel can be done by a program: against a simulated store over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from channels import catalog, lanes
from channels.models import CatalogImport, Channel, InboundEvent, Listing, Location, Order
from channels.registry import opened
from inventory.models import AuditEntry, Sku, Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.api.conftest import Api, make_channel, make_event, make_listing
from tests.api.test_errors import assert_problem
from tests.factories import balances

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[EcwidSimulator]:
    with EcwidSimulator(store_id=1003, name="North Street", time_scale=0.00001) as simulator:
        yield simulator


@pytest.fixture
def store(running: EcwidSimulator) -> EcwidSimulator:
    running.reset()
    return running


def wish(store: EcwidSimulator, **changes: Any) -> dict[str, Any]:
    return {
        "platform": "ecwid",
        "name": "North",
        "base_url": store.base_url,
        "credentials": {"store_id": "1003", "token": store.token, "client_secret": store.client_secret},
        "warehouses": [{"warehouse": "MAIN"}],
        **changes,
    }


@pytest.fixture
def channel(api: Api, store: EcwidSimulator, main: Warehouse) -> Channel:
    answer = api.post("channels/", wish(store))
    assert answer.status_code == 201, answer.content
    return Channel.objects.get(pk=answer.json()["channel"]["id"])


def read_catalogue(channel: Channel) -> None:
    """Do what the worker does for an import that was begun."""
    with opened(channel) as platform, lanes.held(f"catalog:{channel.pk}") as lease:
        assert lease is not None
        while catalog.work(channel, platform, lease):
            pass


def test_a_store_is_tested_connected_imported_and_mapped(api: Api, store: EcwidSimulator, main: Warehouse) -> None:
    product = store.add_product(sku="TEE", name="Black tee", quantity=5)
    body = wish(store)
    trial = {name: body[name] for name in ("platform", "base_url", "credentials")}

    tested = api.post("channels/test/", trial)
    assert (tested.status_code, tested.json()["account_ref"], Channel.objects.count()) == (200, "1003", 0)

    made = api.post("channels/", body, key="connect-north")
    assert made.status_code == 201
    shown = made.json()["channel"]
    assert (shown["mode"], shown["warehouses"]) == ("observe", [{"warehouse": "MAIN", "location": ""}])
    assert store.token not in made.content.decode()
    channel = Channel.objects.get()
    assert channel.credentials["token"] == store.token
    assert api.post("channels/", body, key="connect-north").json() == made.json()

    begun = api.post(f"channels/{channel.pk}/import/")
    assert (begun.status_code, begun.json()["state"]) == (200, "running")
    assert api.post(f"channels/{channel.pk}/import/").json()["id"] == begun.json()["id"]
    read_catalogue(channel)
    assert api.get(f"imports/{begun.json()['id']}/").json()["state"] == "done"

    [listing] = api.get("listings/", mapping="unmapped").json()["results"]
    made_sku = api.post(f"listings/{listing['id']}/create-sku/").json()
    assert (made_sku["sku"]["code"], made_sku["listing"]["mapping"]) == ("TEE", "mapped")
    opening = api.get(f"channels/{channel.pk}/opening-stock/").json()["openings"]
    assert opening == [{"listing": listing["id"], "sku": "TEE", "units": 5, "reserved": 0, "warehouse": None}]
    assert_problem(api.post(f"channels/{channel.pk}/opening-stock/", {}), 400, "invalid-input")
    taken = api.post(f"channels/{channel.pk}/opening-stock/", {"warehouse": "MAIN"})
    assert (taken.status_code, taken.json()["counts"]) == (200, 1)
    assert balances(Sku.objects.get(), main) == (5, 0, 0)
    assert store.quantity(product.id) == 5


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"credentials": {"store_id": "1003"}}, 400, "credentials.token"),
        ({"credentials": {"store_id": "1003", "token": "x", "tken": "y"}}, 400, "credentials.tken"),
        ({"options": {"colour": "red"}}, 400, "options.colour"),
        ({"platform": "etsy"}, 400, "platform"),
        ({"warehouses": [{"warehouse": "NOWHERE"}]}, 400, "warehouses[0].warehouse"),
        ({"warehouses": [{"warehouse": "MAIN"}, {"warehouse": "MAIN"}]}, 400, "warehouses"),
        ({"warehouses": [{"warehouse": "MAIN", "location": "1"}]}, 400, "warehouses"),
        ({"base_url": "ftp://store"}, 400, "base_url"),
        ({"credentials": {"store_id": "1003", "token": "dead", "client_secret": "s"}}, 409, ""),
        ({"base_url": "http://127.0.0.1:9"}, 502, ""),
    ],
)
def test_what_can_not_be_connected_is_refused_with_a_reason(
    api: Api, store: EcwidSimulator, main: Warehouse, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = api.post("channels/", wish(store, **changes))

    names = {400: "invalid-input", 409: "refused", 502: "other-side-away"}
    body = assert_problem(answer, status, names[status])
    assert not field or field in [error["field"] for error in body["errors"]]
    assert "dead" not in body["detail"]
    assert not Channel.objects.exists()


def test_settings_are_changed_whole_or_not_at_all(api: Api, channel: Channel, annex: Warehouse) -> None:
    address = f"channels/{channel.pk}/"
    body = {
        "name": "North Street",
        "tags": "own, big",
        "poll_seconds": 120,
        "breaker_percent": 30,
        "breaker_zeros": 5,
        "warehouses": [{"warehouse": "ANNEX"}, {"warehouse": "MAIN"}],
        "mode": "live",
    }

    changed = api.patch(address, body).json()

    assert {name: changed[name] for name in body if name != "warehouses"} == {
        name: value for name, value in body.items() if name != "warehouses"
    }
    assert [feed["warehouse"] for feed in changed["warehouses"]] == ["ANNEX", "MAIN"]
    make_channel("South")
    for refused in (
        {"poll_seconds": 600, "name": "South"},
        {"poll_seconds": 600, "warehouses": [{"warehouse": "MAIN", "location": "nowhere"}]},
        {"poll_seconds": 600, "options": {"colour": "red"}},
        {"poll_seconds": 5},
        {"accept_zeros": True},
    ):
        assert api.patch(address, refused).status_code in {400, 409}
    assert api.get(address).json() == changed


def test_where_the_store_has_locations_each_warehouse_stands_for_one(api: Api, channel: Channel) -> None:
    Location.objects.create(channel=channel, ref="77", name="Shop Street", seen_at=timezone.now())

    assert api.get(f"channels/{channel.pk}/locations/").json()["locations"][0]["name"] == "Shop Street"
    assert api.patch(f"channels/{channel.pk}/", {"warehouses": [{"warehouse": "MAIN"}]}).status_code == 400
    feeds = [{"warehouse": "MAIN", "location": "77"}]
    assert api.patch(f"channels/{channel.pk}/", {"warehouses": feeds}).json()["warehouses"] == feeds


def test_going_live_does_not_empty_a_channel_by_accident(api: Api, channel: Channel, main: Warehouse) -> None:
    sku = Sku.objects.create(code="TEE")
    make_listing(channel, sku=sku, mapping="mapped", accounted=5)

    preview = api.get(f"channels/{channel.pk}/preview/").json()
    assert (preview["to_zero"], preview["known"], preview["empties"]) == (1, 1, True)
    assert preview["sample"] == [{"listing": Listing.objects.get().pk, "accounted": 5, "target": 0}]
    body = assert_problem(api.patch(f"channels/{channel.pk}/", {"mode": "live", "name": "X"}), 409, "would-empty")
    assert body["errors"][0]["field"] == "accept_zeros"
    channel.refresh_from_db()
    assert (channel.mode, channel.name) == ("observe", "North")

    assert api.patch(f"channels/{channel.pk}/", {"mode": "live", "accept_zeros": True}).json()["mode"] == "live"


def test_a_channel_is_asked_to_read_and_write(api: Api, channel: Channel) -> None:
    Channel.objects.update(next_poll_at=None, halted_at=timezone.now(), halted_reason="Too many.")
    sku = Sku.objects.create(code="TEE")
    make_listing(channel, sku=sku, mapping="mapped", accounted=5)

    assert api.post(f"channels/{channel.pk}/poll/").status_code == 204
    assert api.post(f"channels/{channel.pk}/publish/").json() == {"due": 1}
    assert api.post(f"channels/{channel.pk}/allow/").json()["halted_at"] is None
    assert api.post(f"channels/{channel.pk}/check/").json()["account_ref"] == "1003"
    channel.refresh_from_db()
    assert channel.next_poll_at is not None
    assert AuditEntry.objects.filter(action="channel.allow_wave", actor="user:ana").exists()


def test_a_dead_token_is_noted_and_a_new_one_goes_on(api: Api, channel: Channel, store: EcwidSimulator) -> None:
    store.uninstall()
    assert_problem(api.post(f"channels/{channel.pk}/check/"), 409, "refused")
    assert api.get(f"channels/{channel.pk}/").json()["connection"] == "reconnect"
    assert_problem(api.post(f"channels/{channel.pk}/reconnect/", {"credentials": {}}), 400, "invalid-input")

    token = store.install()
    again = api.post(f"channels/{channel.pk}/reconnect/", {"credentials": {"token": token}})

    assert (again.status_code, again.json()["account_ref"]) == (200, "1003")
    assert api.get(f"channels/{channel.pk}/").json()["connection"] == "ok"


def test_a_disconnected_channel_does_nothing_until_it_is_reconnected(
    api: Api, channel: Channel, main: Warehouse
) -> None:
    gone = api.post(f"channels/{channel.pk}/disconnect/").json()

    assert (gone["mode"], gone["disconnected_at"] is None) == ("paused", False)
    for verb in ("disconnect", "import", "poll", "publish", "allow", "check", "opening-stock", "mirror"):
        body = {"warehouse": "MAIN"} if verb == "opening-stock" else {"code": "FBA"} if verb == "mirror" else None
        assert_problem(api.post(f"channels/{channel.pk}/{verb}/", body), 409, "disconnected")
    assert_problem(api.patch(f"channels/{channel.pk}/", {"mode": "live"}), 409, "disconnected")
    assert api.get("channels/", connected="true").json()["results"] == []
    assert CatalogImport.objects.count() == 0


def test_a_platform_that_holds_nothing_has_no_mirror(api: Api, channel: Channel) -> None:
    assert_problem(api.post(f"channels/{channel.pk}/mirror/", {"code": "FBA"}), 409, "conflict")


def test_platforms_say_what_they_ask_for(api: Api) -> None:
    platforms = {each["platform"]: each for each in api.get("platforms/").json()["platforms"]}

    assert set(platforms) == {"amazon", "ecwid", "shopify", "woocommerce"}
    names = [field["name"] for field in platforms["ecwid"]["credentials"]]
    assert {"store_id", "token", "client_secret"} <= set(names)


def test_an_order_is_fetched_again_and_an_event_replayed(
    api: Api, channel: Channel, store: EcwidSimulator, main: Warehouse
) -> None:
    product = store.add_product(sku="TEE", name="Tee", quantity=5)
    api.post(f"channels/{channel.pk}/import/")
    read_catalogue(channel)
    bought = store.buy(product.id, quantity=1)
    order = Order.objects.create(channel=channel, ref=str(bought.id), first_seen_at=timezone.now())

    fetched = api.post(f"orders/{order.pk}/fetch/")

    assert (fetched.status_code, fetched.json()["lines"][0]["ordered"]) == (200, 1)
    missing = Order.objects.create(channel=channel, ref="NOPE", first_seen_at=timezone.now(), problem="Unreadable.")
    assert api.post(f"orders/{missing.pk}/fetch/").status_code == 409
    assert [row["id"] for row in api.get("orders/", problem="true").json()["results"]] == [missing.pk]

    failed = make_event(channel, "d-1", now=timezone.now(), state="failed", attempts=8)
    again = api.post(f"inbox/{failed.pk}/replay/").json()
    assert (again["state"], again["attempts"]) == ("pending", 0)
    InboundEvent.objects.update(state="failed")
    assert api.post("inbox/replay/", {"channel": channel.pk, "topic": "other"}).json()["replayed"] == 0
    assert api.post("inbox/replay/", {"channel": channel.pk}).json() == {"replayed": 1, "results": []}
    assert api.post("inbox/replay/", {}).json()["replayed"] == 0
    InboundEvent.objects.update(state="failed")
    named = api.post("inbox/replay/", {"events": [failed.pk, failed.pk + 1]}).json()
    assert (named["replayed"], [each["status"] for each in named["results"]]) == (1, ["done", "refused"])
    assert InboundEvent.objects.get().state == "pending"
    assert_problem(api.post("inbox/replay/", {"events": [failed.pk], "topic": "other"}), 400, "invalid-input")

    assert {row["id"] for row in api.get("orders/", parked="true").json()["results"]} == {missing.pk, order.pk}
    gone = Order.objects.create(channel=make_channel("Gone"), ref="1", first_seen_at=timezone.now(), problem="…")
    Channel.objects.filter(pk=gone.channel_id).update(disconnected_at=timezone.now())
    many = api.post("orders/fetch/", {"orders": [missing.pk, order.pk, gone.pk]})
    assert many.status_code == 200
    assert [(each["id"], each["status"], each["detail"]) for each in many.json()["results"]] == [
        (missing.pk, "waiting", "Ecwid has no such order (any more)."),
        (order.pk, "waiting", "1 line still waits: " + order.lines.get().reason),
        (gone.pk, "refused", "No order of a connected channel has this id."),
    ]
    api.post(f"listings/{Listing.objects.get().pk}/create-sku/")
    assert [each["status"] for each in api.post("orders/fetch/", {"orders": [order.pk]}).json()["results"]] == ["done"]
    assert_problem(api.post("orders/fetch/", {"orders": [order.pk] * 201}), 400, "invalid-input")


def test_an_unlimited_listing_is_counted_from_the_target_that_was_seen(
    api: Api, channel: Channel, store: EcwidSimulator, tee: Sku
) -> None:
    product = store.add_product(sku="TEE-BLK-M", name="Tee", quantity=0)
    store.set_unlimited(product.id, unlimited=True)
    api.post(f"channels/{channel.pk}/import/")
    read_catalogue(channel)
    [listing] = api.get("listings/").json()["results"]
    api.patch(f"channels/{channel.pk}/", {"mode": "live"})

    why = api.get(f"listings/{listing['id']}/explanation/").json()
    assert (why["target"], sum(term["units"] for term in why["terms"])) == (10, 10)
    assert_problem(api.post(f"listings/{listing['id']}/track/", {"quantity": 3}), 409, "conflict")
    counted = api.post(f"listings/{listing['id']}/track/", {"quantity": 10})

    assert (counted.status_code, counted.json()["tracked"], store.quantity(product.id)) == (200, True, 10)
    store.set_quantity(product.id, quantity=8)
    checked = api.post(f"listings/{listing['id']}/check/")
    assert (checked.status_code, checked.json()["shown"]) == (200, 8)

"""Calls: tokens, limits, addresses, and what each refusal stands for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from channels.contract import (
    BadCredentials,
    ChannelError,
    NotListed,
    RateLimited,
    Rejected,
    Store,
    Unreachable,
)
from channels.models import CallBudget
from channels.platforms.amazon import login, operations
from channels.platforms.amazon.answers import Answer, Denied, error_for, value_of
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.platform import AmazonPlatform
from channels.platforms.amazon.regions import endpoint, login_url
from sandbox.amazon import AmazonSimulator
from tests.channels.amazon.conftest import Opener, store_at

SAID = {"errors": [{"code": "InvalidInput", "message": "Invalid input", "details": "no such thing"}]}


def answer(status: int, body: object = SAID, **fields: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, reason="Reason", body=raw, **fields)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, Rejected, False),
        (401, Denied, False),
        (403, Denied, False),
        (404, NotListed, False),
        (409, Rejected, False),
        (413, Rejected, False),
        (415, Rejected, False),
        (429, RateLimited, True),
        (302, Unreachable, True),
        (408, Unreachable, True),
        (500, Unreachable, True),
        (503, Unreachable, True),
    ],
)
def test_each_documented_status(status: int, kind: type[ChannelError], retryable: bool) -> None:
    error = error_for(answer(status, request_id="req-1"), operations.GET_ITEM)

    assert type(error) is kind or (status == 409 and isinstance(error, kind))
    assert error.retryable is retryable
    assert status == 302 or "Invalid input no such thing" in str(error)
    assert status == 302 or "request req-1" in str(error)


@pytest.mark.parametrize("body", [b"<html>", b"", b"{", b"[" * 100_000])
def test_what_is_no_json_is_unreachable(body: bytes) -> None:
    with pytest.raises(Unreachable):
        value_of(answer(200, body), operations.GET_ITEM)


@pytest.mark.parametrize("status", [403, 404])
def test_a_proxys_page_neither_stops_the_channel_nor_deletes_a_listing(status: int) -> None:
    assert type(error_for(answer(status, b" <html>No</html>"), operations.GET_ITEM)) is Unreachable


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({}, 1.0), ({"rate": "0.1"}, 10.0), ({"retry_after": "7"}, 7.0), ({"rate": "0.0001"}, 600.0)],
)
def test_how_long_a_429_keeps_us_away(headers: dict[str, str], wait: float) -> None:
    error = error_for(answer(429, **headers), operations.GET_ITEM)

    assert isinstance(error, RateLimited)
    assert error.wait_seconds == wait


@pytest.mark.parametrize(
    ("marketplace", "address"),
    [("ATVPDKIKX0DER", "na"), ("A1PA6795UKMFR9", "eu"), ("A21TJRUUN4KGV", "eu"), ("A1VC38T7YXB528", "fe")],
)
def test_the_marketplace_decides_the_address(marketplace: str, address: str) -> None:
    amazons = "https://sellingpartnerapi-eu.amazon.com"

    assert endpoint(amazons, marketplace) == f"https://sellingpartnerapi-{address}.amazon.com"
    assert endpoint("http://127.0.0.1:8104/", marketplace) == "http://127.0.0.1:8104"
    assert login_url(amazons) == "https://api.amazon.com/auth/o2/token"
    assert login_url("http://127.0.0.1:8104/") == "http://127.0.0.1:8104/auth/o2/token"


# Tokens -------------------------------------------------------------------------------------------------------------


class Keeper:
    """Keeps credentials as a channel's keeper does, and counts."""

    def __init__(self, kept: dict[str, str]) -> None:
        self.kept, self.renewals = kept, 0

    def renewed(self, stale: Any, renew: Callable[[Any], Any]) -> Any:
        if dict(stale) != self.kept:
            return self.kept
        self.renewals += 1
        self.kept = dict(renew(self.kept))
        return self.kept


def test_a_token_is_issued_once_and_shared(sim: AmazonSimulator, db: None) -> None:
    sim.add_item("TEE", quantity=5)
    keeper = Keeper(dict(store_at(sim).credentials))
    clients = [AmazonPlatform(store_at(sim, keeper=keeper)) for _ in range(3)]

    for client in clients:
        dict(client.read_products(["TEE"]))
        client.close()

    assert (keeper.renewals, sim.access.issued) == (1, 1)
    assert keeper.kept[login.SELLER].startswith("Atza|")


def test_a_token_is_renewed_before_it_ends_and_when_it_has_ended_early(sim: AmazonSimulator, db: None) -> None:
    sim.add_item("TEE", quantity=5)
    keeper = Keeper(dict(store_at(sim).credentials))

    def read() -> None:
        client = AmazonPlatform(store_at(sim, keeper=keeper, credentials=keeper.kept))
        assert dict(client.read_products(["TEE"]))["TEE"]
        client.close()

    read()
    keeper.kept[f"{login.SELLER}_ends_at"] = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    read()
    sim.access.expire()
    read()

    assert keeper.renewals == 3


def test_a_fresh_token_that_is_denied_is_not_renewed_for_ever(sim: AmazonSimulator, db: None) -> None:
    sim.add_item("TEE", quantity=5)
    sim.access.authorise(same=True, roles=())
    keeper = Keeper(dict(store_at(sim).credentials))

    for _ in range(3):
        client = AmazonPlatform(store_at(sim, keeper=keeper, credentials=keeper.kept))
        with pytest.raises(BadCredentials, match="Product Listing"):
            dict(client.read_products(["TEE"]))
        client.close()

    assert keeper.renewals == 1


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"refresh_token": "Atzr|other"}, "authorise the app again"),
        ({"client_secret": "wrong"}, "client secret is wrong"),
        ({"refresh_token": ""}, "refresh token must be given"),
        ({"seller_id": "A3/.."}, "seller ID"),
    ],
)
def test_an_authorisation_that_is_gone_says_what_to_do(
    sim: AmazonSimulator, open_platform: Opener, credentials: dict[str, str], words: str
) -> None:
    with pytest.raises(BadCredentials, match=words) as refused:
        dict(open_platform(credentials=credentials).read_products(["TEE"]))

    assert not any(secret in str(refused.value) for secret in ("Atzr|other", sim.access.client_secret))


def test_a_token_that_can_not_be_had_now_applies_nothing(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.faults.set("token_error", next=1)

    with pytest.raises(Unreachable) as failed:
        dict(platform.read_products(["TEE"]))

    assert not failed.value.may_have_applied


# Limits -------------------------------------------------------------------------------------------------------------


def budgets() -> dict[float | None, int]:
    rows = CallBudget.objects.values_list("calls_per_second", flat=True)
    return {rate: list(rows).count(rate) for rate in rows}


def test_every_operation_has_a_budget_and_learns_its_rate(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("TEE", quantity=5)
    sim.quotas.change("getListingsItem", 3, 100)

    dict(platform.read_products(["TEE"]))
    list(platform.order_pages(since=datetime.now(UTC)))

    assert budgets() == {3.0: 1, 5600.0: 1}


def test_a_seller_without_the_header_keeps_to_the_documented_rate(
    sim: AmazonSimulator, platform: AmazonPlatform
) -> None:
    sim.options.tells_rate = False
    sim.add_item("TEE", quantity=5)

    dict(platform.read_products(["TEE"]))

    assert budgets() == {None: 1}


def test_a_quota_that_is_used_up_leaves_the_other_operations_alone(
    sim: AmazonSimulator, platform: AmazonPlatform
) -> None:
    sim.add_item("TEE", quantity=5)
    sim.quotas.change("searchOrders", 0.01, 0)

    with pytest.raises(RateLimited) as limited:
        list(platform.order_pages(since=datetime.now(UTC)))

    assert limited.value.wait_seconds == 100
    assert dict(platform.read_products(["TEE"]))["TEE"]
    with pytest.raises(RateLimited):
        list(platform.order_pages(since=datetime.now(UTC)))
    assert sum(call.path.startswith("/orders/") for call in sim.requests) == 1


# The wire -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sku", ["A/B", "A B", "A+B", "A%2FB", "Ä,B", "A?x=1#y", "A;B&C"])
def test_a_sku_is_one_segment_of_the_path(sim: AmazonSimulator, platform: AmazonPlatform, sku: str) -> None:
    sim.add_item(sku, quantity=5)

    [listing] = dict(platform.read_products([sku]))[sku]

    assert (listing.ref, listing.quantity) == (sku, 5)


def test_who_calls_is_told_and_no_secret_is_in_an_address(sim: AmazonSimulator, platform: AmazonPlatform) -> None:
    sim.add_item("TEE", quantity=5)

    dict(platform.read_products(["TEE"]))

    [call] = sim.requests
    assert call.headers["user-agent"].startswith("Evenkeel/")
    assert datetime.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").year >= 2026  # noqa: DTZ007 - its own form
    assert set(call.query) == {"marketplaceIds", "includedData"}


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that hands tokens out and redirects every call; (its address, the paths it was asked for)."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say(200, json.dumps({"access_token": "Atza|x", "expires_in": 3600}).encode())

        def do_GET(self) -> None:
            seen.append(self.path)
            self._say(302, b"")

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Location", "/stolen")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    server.server_close()


def test_a_redirect_is_not_followed(sim: AmazonSimulator, db: None, elsewhere: tuple[str, list[str]]) -> None:
    address, seen = elsewhere
    client = AmazonClient(Store(base_url=address, account_ref="", credentials=sim.credentials))

    with pytest.raises(Unreachable, match="redirect"):
        client.call(operations.PARTICIPATIONS)

    client.close()
    assert seen == ["/sellers/v1/marketplaceParticipations"]


def test_an_address_where_nobody_is_was_certainly_not_reached(sim: AmazonSimulator, db: None) -> None:
    client = AmazonClient(Store(base_url="http://127.0.0.1:9", account_ref="", credentials=sim.credentials))

    with pytest.raises(Unreachable) as failed:
        client.call(operations.PARTICIPATIONS)

    client.close()
    assert not failed.value.may_have_applied

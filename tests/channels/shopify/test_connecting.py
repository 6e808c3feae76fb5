"""Tokens, consent, scopes, limits, and everything that may come instead of an answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from channels.contract import (
    BadCredentials,
    BadPayload,
    ChannelError,
    MemoryKeeper,
    RateLimited,
    Rejected,
    StoreRefused,
    Unreachable,
)
from channels.models import CallBudget
from channels.platforms.shopify import auth, client, transport
from channels.platforms.shopify.answers import Cost, Result, data_of, result_of
from channels.platforms.shopify.auth import REQUIRED_SCOPES, credentials_of, exchange_code, shop_address
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.documents import LOCATIONS, SHOP
from channels.platforms.shopify.transport import Answer
from sandbox.shopify import ShopifySimulator
from tests.channels.shopify.conftest import DOMAIN, SECRET, TOKEN, Opener, operations, pool, store_at

APP = {"client_id": "sandbox-client-id", "client_secret": SECRET}


# Addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://north-ridge.myshopify.com", "https://north-ridge.myshopify.com"),
        ("North-Ridge.myshopify.com/admin", "https://north-ridge.myshopify.com"),
        ("http://north-ridge.myshopify.com", "https://north-ridge.myshopify.com"),
        ("https://admin.shopify.com/store/north-ridge/products", "https://north-ridge.myshopify.com"),
        ("http://127.0.0.1:8103/", "http://127.0.0.1:8103"),
        ("http://localhost:8103", "http://localhost:8103"),
    ],
)
def test_a_shop_has_one_address(typed: str, address: str) -> None:
    assert shop_address(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "https://www.northridge.com",
        "https://north-ridge.myshopify.com.evil.example",
        "https://evil.example/?x=.myshopify.com",
        "https://-x.myshopify.com",
        "https://admin.shopify.com/",
        "https://",
    ],
)
def test_a_token_is_sent_to_no_other_host(typed: str) -> None:
    with pytest.raises(Rejected, match=r"\.myshopify\.com"):
        shop_address(typed)


# The connection test ----------------------------------------------------------------------------------------------


def test_a_shop_says_who_it_is_and_what_we_may_do(shop: ShopifySimulator, open_platform: Opener) -> None:
    report = open_platform(shop.base_url).check_connection()

    assert (report.account_ref, report.account_name, report.plan) == (DOMAIN, "North", "Basic")
    assert set(REQUIRED_SCOPES) <= set(report.scopes)
    assert report.missing_scopes == ()
    assert report.warnings == ("Orders older than 60 days can't be read: the app lacks read_all_orders.",)


def test_missing_scopes_are_named(shop: ShopifySimulator, open_platform: Opener) -> None:
    shop.access.renew(same=True, scopes=("read_products", "write_inventory", "read_all_orders"))

    report = open_platform(shop.base_url).check_connection()

    # What may be written may be read.
    assert report.missing_scopes == (
        "read_locations",
        "read_orders",
        "read_fulfillments",
        "read_merchant_managed_fulfillment_orders",
    )


def test_another_shops_token_is_refused(shop: ShopifySimulator, open_platform: Opener) -> None:
    with pytest.raises(Rejected, match=f"The token belongs to the shop {DOMAIN}, not to south.myshopify.com"):
        open_platform(shop.base_url, account_ref="south.myshopify.com").check_connection()
    with pytest.raises(BadCredentials, match="client secret is missing"):
        open_platform(shop.base_url, credentials={"access_token": TOKEN}).check_connection()


def test_what_is_odd_about_a_shop_is_told(shop: ShopifySimulator, open_platform: Opener) -> None:
    for place in shop.shop.locations.values():
        place.fulfils_online = False
    shop.options.versions = ("2027-01",)
    shop.options.unreleased = ()

    warnings = open_platform(shop.base_url).check_connection().warnings

    assert "version 2027-01 of its API, because 2026-10 has been retired" in warnings[0]
    assert warnings[1].startswith("The shop has no location that fulfils online orders")


# Tokens -----------------------------------------------------------------------------------------------------------


def test_an_app_makes_its_own_token_and_makes_it_anew(shop: ShopifySimulator, open_platform: Opener) -> None:
    keeper = MemoryKeeper()
    platform = open_platform(shop.base_url, credentials=APP, keeper=keeper)
    platform.check_connection()
    first = dict(keeper.kept or {})
    shop.access.expire()
    platform.locations()
    second = dict(keeper.kept or {})

    assert set(first) == {*APP, "made_token", "expires_at", "scope"}
    assert datetime.fromisoformat(first["expires_at"]) > datetime.now(UTC) + timedelta(hours=23)
    assert first["made_token"] != second["made_token"]
    # The call that met the dead token was made again with the new one.
    assert operations(shop) == ["Shop", "Locations", "Locations", "Locations"]


def test_a_token_is_made_anew_before_it_ends(shop: ShopifySimulator, open_platform: Opener) -> None:
    shop.options.token_seconds = 200
    keeper = MemoryKeeper()
    platform = open_platform(shop.base_url, credentials=APP, keeper=keeper)
    platform.locations()
    first = dict(keeper.kept or {})
    platform.locations()

    assert first != keeper.kept


def test_a_token_that_another_process_made_is_taken(shop: ShopifySimulator, open_platform: Opener) -> None:
    class Shared(MemoryKeeper):
        def renewed(self, stale: Mapping[str, str], renew: Any) -> Mapping[str, str]:
            return {**stale, "made_token": TOKEN, "expires_at": "2100-01-01T00:00:00+00:00"}

    open_platform(shop.base_url, credentials=APP, keeper=Shared()).locations()

    assert [call.status for call in shop.requests] == [200]


def test_refresh_tokens_rotate(shop: ShopifySimulator, open_platform: Opener) -> None:
    reply = {"made_token": "shpat_old", "expires_at": "2020-01-01T00:00:00+00:00"}
    first = shop.access.issue_refresh()
    keeper = MemoryKeeper()
    platform = open_platform(shop.base_url, credentials={**APP, **reply, "refresh_token": first}, keeper=keeper)
    platform.locations()
    second = dict(keeper.kept or {})

    assert second["refresh_token"] not in ("", first)
    assert datetime.fromisoformat(second["expires_at"]) < datetime.now(UTC) + timedelta(hours=2)
    shop.uninstall()
    with pytest.raises(BadCredentials, match=r"expired or used. .400.. Connect the shop again"):
        platform.locations()


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"client_secret": SECRET}, "neither an access token nor a client ID"),
        ({**APP, "client_secret": "wrong"}, "Check the client ID and the client secret"),
        ({"access_token": "shpat_ with spaces", "client_secret": SECRET}, "characters that no token has"),
        ({"access_token": "shpat_wrong", "client_secret": SECRET}, "Reconnect the shop"),
    ],
)
def test_bad_credentials_say_what_to_do(
    shop: ShopifySimulator, open_platform: Opener, credentials: dict[str, str], words: str
) -> None:
    with pytest.raises(BadCredentials, match=words) as refused:
        open_platform(shop.base_url, credentials=credentials).check_connection()

    assert not [secret for secret in credentials.values() if secret in str(refused.value)]


def test_an_app_of_another_organization_is_told_the_other_ways(shop: ShopifySimulator, open_platform: Opener) -> None:
    shop.options.same_organisation = False

    with pytest.raises(BadCredentials, match="connect by consent, or paste an access token"):
        open_platform(shop.base_url, credentials=APP).check_connection()


def test_a_token_for_good_has_no_end() -> None:
    reply = {"access_token": "shpat_x", "scope": "read_orders, read_products"}

    assert credentials_of(reply, now=datetime.now(UTC)) == {
        "access_token": "shpat_x",
        "scope": "read_orders,read_products",
    }


# Consent ----------------------------------------------------------------------------------------------------------


def consented(shop: ShopifySimulator) -> dict[str, str]:
    """Go to the consent page as a merchant and return the query that one comes back with."""
    shop.options.auto_consent = True
    url = auth.authorise_url(
        base_url=shop.base_url, credentials=APP, redirect_uri="https://stock.example.com/cb", state="s1"
    )
    answer = requests.get(url, allow_redirects=False, timeout=5)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def exchanged(shop: ShopifySimulator, answer: Mapping[str, str], **app: str) -> dict[str, str]:
    return exchange_code(
        base_url=shop.base_url, credentials={**APP, **app}, answer=answer, redirect_uri="https://stock.example.com/cb"
    )


def test_a_consent_gives_credentials_that_work_and_are_renewed(shop: ShopifySimulator, open_platform: Opener) -> None:
    answer = consented(shop)
    credentials = exchanged(shop, answer)
    keeper = MemoryKeeper()
    platform = open_platform(shop.base_url, credentials=credentials, keeper=keeper)

    assert platform.check_connection().missing_scopes == ()
    assert set(credentials) == {*APP, "made_token", "expires_at", "refresh_token", "scope"}
    shop.access.expire()
    platform.locations()
    assert (keeper.kept or {})["refresh_token"] != credentials["refresh_token"]
    with pytest.raises(BadCredentials, match="not found or was already used"):
        exchanged(shop, answer)


def test_the_consent_page_is_asked_for_the_right_things() -> None:
    url = auth.authorise_url(
        base_url="north-ridge.myshopify.com", credentials=APP, redirect_uri="https://stock.example.com/cb", state="s1"
    )

    assert url.startswith("https://north-ridge.myshopify.com/admin/oauth/authorize?")
    assert parse_qs(urlsplit(url).query)["scope"] == [",".join(REQUIRED_SCOPES)]


@pytest.mark.usefixtures("db")
def test_an_answer_that_shopify_did_not_give_to_us_is_refused(shop: ShopifySimulator) -> None:
    answer = consented(shop)
    of_another = {**answer, "shop": "south.myshopify.com"}
    of_another["hmac"] = auth.sign_query(of_another, SECRET)

    for forged in ({**answer, "code": "x"}, {**answer, "hmac": ""}, {**answer, "extra": "1"}):
        with pytest.raises(BadCredentials, match="not signed"):
            exchanged(shop, forged)
    with pytest.raises(BadCredentials, match="not signed"):
        exchanged(shop, answer, client_secret="another")
    with pytest.raises(BadCredentials, match=r"of another shop \(south"):
        exchange_code(
            base_url=f"https://{DOMAIN}", credentials=APP, answer=of_another, redirect_uri="https://stock.example.com"
        )


# Limits -----------------------------------------------------------------------------------------------------------


def test_points_are_settled_and_the_rate_is_learnt(
    shop: ShopifySimulator, open_platform: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "POINTS_PER_SECOND", 100.0)
    monkeypatch.setattr(client, "BUCKET", 1000.0)
    shop.api.bucket.resize(4000, 200)
    platform = open_platform(shop.base_url)

    for _ in range(3):
        platform.locations()

    budget = CallBudget.objects.get()
    assert budget.calls_per_second == 200
    # What an answer did not cost was given back: three pages of locations cost 12 points, not 60.
    assert budget.next_free - datetime.now(UTC).timestamp() < 15 / 100


def test_haste_is_remembered_for_all_processes(shop: ShopifySimulator, open_platform: Opener) -> None:
    shop.faults.set("throttled", next=1)
    with pytest.raises(RateLimited) as hasty:
        open_platform(shop.base_url).locations()
    blocked = CallBudget.objects.get().blocked_until - datetime.now(UTC).timestamp()
    CallBudget.objects.all().delete()
    shop.api.bucket.resize(60, 100)
    open_platform(shop.base_url).locations()

    assert hasty.value.wait_seconds == 1.0
    assert 0 < blocked <= 1.0
    # Fewer points than our reserve are left: everyone waits for them.
    shop.api.bucket.resize(30, 10)
    CallBudget.objects.all().delete()
    open_platform(shop.base_url).locations()
    assert CallBudget.objects.get().blocked_until > datetime.now(UTC).timestamp() + 1


def test_the_wait_is_worked_out_from_what_is_missing() -> None:
    cost = Cost(requested=250, actual=None, available=50, maximum=1000, restore_rate=100)

    assert cost.wait_seconds() == 2.0


# What may come instead --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (200, b"<html>sorry</html>", Unreachable, "a web page where JSON was due"),
        (200, b"", Unreachable, "empty body"),
        (200, b'{"data": {"shop"', Unreachable, "broken or truncated"),
        (200, b"[]", BadPayload, "not an object"),
        (200, b'"EUR"', BadPayload, "not an object"),
        (200, b"{}", BadPayload, "neither data nor an error"),
        (200, b"[" * 100_000, Unreachable, "broken or truncated"),
        (301, b"", Unreachable, "redirect .301."),
        (400, b'{"errors": {"query": "Required parameter missing or invalid"}}', Rejected, "refused"),
        (401, b'{"errors": "[API] Invalid API key or access token"}', BadCredentials, "Invalid API key"),
        (402, b'{"errors": "Payment Required"}', StoreRefused, "frozen"),
        (403, b'{"errors": "This action requires merchant approval"}', BadCredentials, "merchant approval"),
        (403, b"<html>", Unreachable, "is the shop's domain right"),
        (404, b'{"errors": "Not Found"}', StoreRefused, "no shop at this address"),
        (404, b"<html>", Unreachable, "is the shop's domain right"),
        (423, b"{}", StoreRefused, "locked"),
        (429, b"{}", RateLimited, "slow down"),
        (430, b"", Unreachable, "failed to answer"),
        (502, b"<html>", Unreachable, "failed to answer"),
    ],
)
def test_every_kind_of_answer_has_its_error(status: int, body: bytes, error: type[ChannelError], words: str) -> None:
    with pytest.raises(error, match=words):
        data_of(result_of(Answer(status=status, reason="", body=body, retry_after="3.0")))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("THROTTLED", RateLimited),
        ("MAX_COST_EXCEEDED", Rejected),
        ("ACCESS_DENIED", BadCredentials),
        ("SHOP_INACTIVE", StoreRefused),
        ("INTERNAL_SERVER_ERROR", Unreachable),
        ("BAD_REQUEST", Rejected),
        ("undefinedField", Rejected),
        (None, Rejected),
    ],
)
def test_every_code_at_the_top_has_its_error(code: str | None, error: type[ChannelError]) -> None:
    extensions = {"code": code} if code else {}
    result = Result(data=None, errors=[{"message": "Said so.", "extensions": extensions}], cost=None, warnings=[])

    with pytest.raises(error):
        data_of(result)


def test_a_search_that_shopify_did_not_understand_is_an_error() -> None:
    warning = {"field": "updated_at", "message": "Invalid search field for this query.", "code": "invalid_field"}
    body = {"data": {"orders": {}}, "extensions": {"search": [{"path": ["orders"], "warnings": [warning]}]}}

    with pytest.raises(BadPayload, match="did not understand a search: updated_at: Invalid search field"):
        data_of(result_of(Answer(status=200, reason="", body=json.dumps(body).encode())))


def test_nobody_there_is_certain_and_a_broken_answer_is_not(
    shop: ShopifySimulator, open_platform: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable) as nobody:
        open_platform("http://127.0.0.1:9").locations()
    monkeypatch.setattr(transport, "READ_SECONDS", 0.05)
    shop.faults.set("slow", next=1, seconds=0.3)
    with pytest.raises(Unreachable) as silent:
        open_platform(shop.base_url).locations()

    assert (nobody.value.may_have_applied, silent.value.may_have_applied) == (False, True)


@pytest.fixture
def redirecting() -> Iterator[str]:
    """A server that leads elsewhere, and keeps the tokens it is sent."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", "http://127.0.0.1:9/steal")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("db")
def test_a_redirect_is_not_followed(redirecting: str) -> None:
    with pytest.raises(Unreachable, match="redirect"):
        ShopifyClient(store_at(redirecting)).run(SHOP)


def test_a_scope_that_is_revoked_while_we_run_is_named(shop: ShopifySimulator, open_platform: Opener) -> None:
    shop.add_product(sku="TEE", quantity=3)
    platform = open_platform(shop.base_url)
    item = pool(shop, "TEE").partition("@")[0]
    dict(platform.read_products([item]))
    shop.access.renew(same=True, scopes=("read_products",))

    with pytest.raises(BadCredentials, match="`read_inventory` access scope"):
        dict(platform.read_products([item]))


def test_the_client_asks_for_its_version_in_one_place(shop: ShopifySimulator, open_platform: Opener) -> None:
    open_platform(shop.base_url)._client.run(LOCATIONS, {"after": None})

    assert [call.path for call in shop.requests] == ["/admin/api/2026-10/graphql.json"]

"""The connection test: how each kind of site takes the key, and what is said where it can't be connected."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from channels.contract import (
    BadCredentials,
    ChannelError,
    ConnectionReport,
    MemoryKeeper,
    Rejected,
    Store,
    StoreRefused,
    Unreachable,
)
from channels.platforms.woocommerce import auth, client, connection
from channels.platforms.woocommerce.platform import WooCommercePlatform
from sandbox.server import HttpServer, Request, Response, html_response, json_response
from sandbox.woocommerce import WooCommerceSimulator
from tests.channels.woocommerce.conftest import Opener, store_of


def connect_to(shop: WooCommerceSimulator, open_platform: Opener, **fields: object) -> tuple[ConnectionReport, str]:
    """Return the report of a first connect, and the way that was found."""
    keeper = MemoryKeeper()
    platform = open_platform(shop, keeper=keeper, **fields)
    report = platform.check_connection()
    assert keeper.kept is not None
    # What was found out is used at once, and by the next client that gets the kept credentials.
    assert list(platform.read_products(["1"])) == [("1", ())]
    later = open_platform(shop, credentials=dict(keeper.kept))
    assert list(later.read_products(["1"])) == [("1", ())]
    return report, keeper.kept["way"]


def refused(shop: WooCommerceSimulator, open_platform: Opener, kind: type[ChannelError], **fields: object) -> str:
    with pytest.raises(kind) as error:
        open_platform(shop, **fields).check_connection()
    return str(error.value)


def test_by_https_the_key_goes_into_the_header(secure: WooCommerceSimulator, open_platform: Opener) -> None:
    report, way = connect_to(secure, open_platform)

    assert way == "basic"
    assert (report.account_name, report.plan) == ("Corner Shop", "WooCommerce 11.0.1")
    assert report.account_ref == secure.url.removeprefix("https://")
    assert report.warnings == ()
    assert all("oauth_nonce" not in call.query for call in secure.requests)


def test_where_the_header_is_dropped_it_goes_into_the_query(
    secure: WooCommerceSimulator, open_platform: Opener
) -> None:
    secure.options.strips_authorization = True

    report, way = connect_to(secure, open_platform)

    assert way == "query"
    assert report.warnings == (connection.WAY_SENTENCES[auth.Way.QUERY],)


def test_where_php_is_not_told_of_https_calls_are_signed(secure: WooCommerceSimulator, open_platform: Opener) -> None:
    secure.options.believes_http = True

    report, way = connect_to(secure, open_platform)

    assert way == "signed-as-http"
    assert report.warnings == (connection.WAY_SENTENCES[auth.Way.SIGNED_AS_HTTP],)


def test_by_http_calls_are_signed_and_no_secret_travels(shop: WooCommerceSimulator, open_platform: Opener) -> None:
    report, way = connect_to(shop, open_platform)

    assert way == "signed"
    assert report.warnings == (connection.NO_HTTPS,)
    signed = [call for call in shop.requests if not call.path.startswith("/wp-json")]
    assert signed
    assert all(call.query["oauth_signature_method"] == "HMAC-SHA256" for call in signed)


def test_a_kept_way_that_sends_the_secret_is_not_used_by_http() -> None:
    assert auth.way_of("basic", "http://shop.example.com") is auth.Way.SIGNED
    assert auth.way_of("query", "https://shop.example.com") is auth.Way.QUERY
    assert auth.way_of("nonsense", "https://shop.example.com") is auth.Way.BASIC


def test_what_is_signed_is_the_address_that_the_site_knows(shop: WooCommerceSimulator, open_platform: Opener) -> None:
    shop.options.home = "http://shop.example.com"

    report, way = connect_to(shop, open_platform)

    assert (report.account_ref, way) == ("shop.example.com", "signed")


def test_a_server_without_rewriting_is_called_through_index_php(
    shop: WooCommerceSimulator, open_platform: Opener
) -> None:
    shop.options.permalinks = "index"

    _, way = connect_to(shop, open_platform)

    assert way == "signed"


def test_plain_permalinks_are_named(shop: WooCommerceSimulator, open_platform: Opener) -> None:
    shop.options.permalinks = "plain"

    assert refused(shop, open_platform, StoreRefused) == connection.PLAIN_PERMALINKS


def test_a_wrong_secret_and_an_unknown_key_are_told_in_the_stores_words(
    secure: WooCommerceSimulator, shop: WooCommerceSimulator, open_platform: Opener
) -> None:
    wrong = {"consumer_secret": "cs_" + "0" * 40}
    unknown = {"consumer_key": "ck_" + "0" * 40}

    assert "Consumer secret is invalid" in refused(secure, open_platform, BadCredentials, credentials=wrong)
    assert "Consumer key is invalid" in refused(secure, open_platform, BadCredentials, credentials=unknown)
    assert "signature does not match" in refused(shop, open_platform, BadCredentials, credentials=wrong)
    assert "Consumer key is invalid" in refused(shop, open_platform, BadCredentials, credentials=unknown)


@pytest.mark.parametrize(
    ("permission", "manages_shop", "words"),
    [
        ("read", True, connection.READ_ONLY),
        ("write", True, connection.WRITE_ONLY),
        ("read_write", False, "Use a key of an administrator or shop manager."),
    ],
)
def test_a_key_that_may_not_do_the_work_is_named(
    secure: WooCommerceSimulator, open_platform: Opener, permission: str, manages_shop: bool, words: str
) -> None:
    key = secure.add_key(permission, manages_shop=manages_shop)  # type: ignore[arg-type]
    credentials = {"consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}

    assert words in refused(secure, open_platform, BadCredentials, credentials=credentials)


@pytest.mark.parametrize(("minutes", "words"), [(20, "20 minutes ahead of ours"), (-17, "17 minutes behind ours")])
def test_a_clock_that_is_off_is_named(
    shop: WooCommerceSimulator,
    open_platform: Opener,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    words: str,
) -> None:
    real = shop.options.clock
    shop.options.clock = lambda: real() + minutes * 60
    ahead = BaseHTTPRequestHandler.date_time_string
    monkeypatch.setattr(
        BaseHTTPRequestHandler, "date_time_string", lambda self, _=None: ahead(self, shop.options.clock())
    )

    assert words in refused(shop, open_platform, Unreachable)


def test_the_switch_for_the_whole_store_is_warned_of(shop: WooCommerceSimulator, open_platform: Opener) -> None:
    shop.options.manage_stock = False

    report, _ = connect_to(shop, open_platform)

    assert connection.STOCK_IS_OFF in report.warnings


def test_another_store_at_the_address_is_refused(shop: WooCommerceSimulator, open_platform: Opener) -> None:
    store = store_of(shop)
    other = Store(base_url=store.base_url, account_ref="shop.example.com", credentials=store.credentials)

    with pytest.raises(Rejected, match=r"not shop\.example\.com"):
        WooCommercePlatform(other).check_connection()


class Site:
    """Something at an address that is no WooCommerce store."""

    answer: Response


@pytest.fixture
def site() -> Iterator[tuple[HttpServer, Site]]:
    behind = Site()

    def application(_: Request) -> Response:
        return behind.answer

    server = HttpServer(application)
    server.start()
    yield server, behind
    server.stop()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (html_response("<h1>Not found</h1>", 404), StoreRefused, "no WordPress API at this address (404)"),
        (html_response("<h1>Hello</h1>"), Unreachable, "A web page answered where WordPress's API was expected"),
        (
            json_response({"namespaces": ["wp/v2"], "home": "http://x"}),
            StoreRefused,
            "is the WooCommerce plugin active",
        ),
        (html_response("<h1>Robot?</h1>", 403), Unreachable, "firewall or security plugin"),
        (html_response("<h1>Password</h1>", 401), Unreachable, "asks for a password"),
        (html_response("<h1>Maintenance</h1>", 503), Unreachable, "failed to answer"),
        (
            Response(301, headers={"Location": "https://www.shop.example.com/wp-json/?consumer_secret=cs_1"}),
            Unreachable,
            "redirects to https://www.shop.example.com/wp-json/ (301)",
        ),
    ],
)
def test_what_is_no_store_is_said_in_words(
    db: None, site: tuple[HttpServer, Site], answer: Response, kind: type[ChannelError], words: str
) -> None:
    server, behind = site
    behind.answer = answer
    store = Store(base_url=server.url, account_ref="", credentials={"consumer_key": "ck_1", "consumer_secret": "cs_1"})

    with pytest.raises(kind) as error:
        WooCommercePlatform(store).check_connection()

    assert words in str(error.value)
    assert "cs_1" not in str(error.value)


@pytest.mark.parametrize(
    "typed",
    [
        "https://shop.example.com/store",
        "https://shop.example.com/store/",
        "https://shop.example.com/store/wp-json/wc/v3",
        "https://shop.example.com/store/index.php/wp-json/",
    ],
)
def test_an_address_is_known_however_it_was_typed(typed: str) -> None:
    assert client.site_address(typed) == "https://shop.example.com/store"

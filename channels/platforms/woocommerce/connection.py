"""The connection test: what answers at the address, how it takes the key, and what the key may do.

https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication (wc/v3)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.contract import (
    BadCredentials,
    BadPayload,
    ChannelError,
    ConnectionReport,
    NotListed,
    Rejected,
    StoreMoved,
    StoreRefused,
    Unreachable,
)
from channels.platforms.woocommerce.answers import BAD_KEY, Answer, KeyRefused, NoRights, decoded, error_for
from channels.platforms.woocommerce.auth import Way, ways_for
from channels.platforms.woocommerce.client import REST_PATHS, WooClient, site_address
from channels.platforms.woocommerce.refs import text
from channels.platforms.woocommerce.webhooks import store_ref

WAY_SENTENCES = {
    Way.QUERY: (
        "This server drops the Authorization header, so the key travels in the address, which servers write into their"
        " logs. Ask the host to let the header through."
    ),
    Way.SIGNED_AS_HTTP: (
        "The site is not told that it is called by https, so calls are signed instead. Ask the host to pass"
        " X-Forwarded-Proto on to PHP."
    ),
}
NO_HTTPS = "The store is called by http: calls are signed, but anyone on the way can read orders."
STOCK_IS_OFF = (
    "Stock management is switched off for the whole store, so every product looks uncounted. In WooCommerce, open"
    " Settings → Products → Inventory and enable it."
)
READ_ONLY = (
    "The key may only read. In WooCommerce, open Settings → Advanced → REST API, edit the key and set its permissions"
    " to Read/Write."
)
WRITE_ONLY = "The key may only write. Edit it in WooCommerce and set its permissions to Read/Write."
PLAIN_PERMALINKS = (
    "The site uses plain permalinks, where WooCommerce looks at no API key. In WordPress, open Settings → Permalinks,"
    " choose anything but “Plain”, save and connect again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a site says of itself. ``home`` is its own address, ``rest_path`` where its API stands."""

    name: str
    home: str
    rest_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A store that lets us in: its report, and what was found out about how to call it."""

    report: ConnectionReport
    way: Way
    site: Site

    def into(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Return the credentials with what every later call needs to know."""
        found = {"way": str(self.way), "home": self.site.home, "rest_path": self.site.rest_path}
        return {**credentials, **found}


def check_connection(*, base_url: str, account_ref: str, credentials: Mapping[str, str]) -> Found:
    """Find out how a store is called and whether it lets us do our work. Raises ChannelError with what to do.

    Raises Rejected for another store than ``account_ref``.
    """
    site = find_site(base_url, credentials)
    own_ref = store_ref(site.home)
    if account_ref and own_ref != account_ref:
        raise Rejected(f"At this address there is the store {own_ref}, not {account_ref[:100]}.")
    known = {**credentials, "home": site.home, "rest_path": site.rest_path}
    client = find_way(base_url, known)
    try:
        _check_rights(client)
        version, warnings = _look_around(client)
    finally:
        client.close()
    if site_address(base_url).startswith("http://"):
        warnings.append(NO_HTTPS)
    if client.way in WAY_SENTENCES:
        warnings.append(WAY_SENTENCES[client.way])
    report = ConnectionReport(
        account_ref=own_ref,
        account_name=site.name or own_ref,
        plan=f"WooCommerce {version}" if version else "WooCommerce",
        scopes=("read", "write"),
        missing_scopes=(),
        warnings=tuple(warnings),
    )
    return Found(report=report, way=client.way, site=site)


def find_site(base_url: str, credentials: Mapping[str, str]) -> Site:
    """Ask the site's index, which needs no key. Raises ChannelError with what is wrong and what to do."""
    client = WooClient(base_url=base_url, credentials=credentials)
    try:
        answers = []
        for path in REST_PATHS:
            answer = client.probe(f"{path}/")
            index = _index_of(answer)
            if index is not None:
                return _site(index, path, client.base_url)
            answers.append(answer)
        if _index_of(client.probe("/", {"rest_route": "/"})) is not None:
            raise StoreRefused(PLAIN_PERMALINKS)
        raise _not_a_store(answers[0])
    finally:
        client.close()


def find_way(base_url: str, credentials: Mapping[str, str]) -> WooClient:
    """Return a client that calls the store in the first way it takes the key. Raises ChannelError."""
    refusals: list[KeyRefused] = []
    clock: Unreachable | None = None
    for way in ways_for(base_url):
        client = WooClient(base_url=base_url, credentials=credentials, way=way)
        try:
            client.get_page("/products", {"per_page": 1, "_fields": "id"})
        except KeyRefused as refused:
            may_write = refused.code == BAD_KEY and _may_write(client)
            client.close()
            if may_write:
                raise BadCredentials(WRITE_ONLY) from None
            if refused.code == BAD_KEY and way is Way.BASIC:
                raise  # the store knows the key: the secret is wrong, whichever way it travels
            refusals.append(refused)
            continue
        except Unreachable as error:
            client.close()
            if not refusals and way is ways_for(base_url)[0] and not _is_about_the_clock(error):
                raise
            clock = clock or error
            continue
        except ChannelError:
            client.close()
            raise
        return client
    if clock is not None:
        raise clock
    # The words about a signature say more than those for a stranger.
    telling = [refused for refused in refusals if refused.code == BAD_KEY] or refusals
    raise telling[0]


def _is_about_the_clock(error: Unreachable) -> bool:
    return "clock" in str(error)


def _may_write(client: WooClient) -> bool:
    try:
        client.post("/products/batch", {})
    except ChannelError:
        return False
    return True


def _check_rights(client: WooClient) -> None:
    """See that the key may read orders and change products, by a read and by a batch of nothing."""
    client.get_page("/orders", {"per_page": 1, "_fields": "id"})
    try:
        client.post("/products/batch", {})
    except KeyRefused as refused:
        raise BadCredentials(READ_ONLY) from refused


def _look_around(client: WooClient) -> tuple[str, list[str]]:
    """Return WooCommerce's version, where it is told, and sentences about how the store is set up."""
    version, warnings = "", []
    try:
        environment = client.get("/system_status", {"_fields": "environment"}).get("environment")
        version = text(environment.get("version"))[:20] if isinstance(environment, dict) else ""
        setting = client.get("/settings/products/woocommerce_manage_stock")
        if setting.get("value") == "no":
            warnings.append(STOCK_IS_OFF)
    except (NoRights, NotListed, Rejected, BadPayload, StoreRefused):
        # A key that sees products and orders will do.
        warnings.append("The key's user may not see the store's settings, so they were not checked.")
    return version, warnings


def _index_of(answer: Answer) -> dict[str, Any] | None:
    """Return a WordPress site's index; None for anything else."""
    index = decoded(answer.body) if answer.status == 200 else None
    return index if isinstance(index, dict) and isinstance(index.get("namespaces"), list) else None


def _site(index: Mapping[str, Any], rest_path: str, base_url: str) -> Site:
    if "wc/v3" not in index["namespaces"]:
        raise StoreRefused("WordPress answers here, but without WooCommerce: is the WooCommerce plugin active?")
    home = text(index.get("home")) or text(index.get("url"))
    return Site(
        name=text(index.get("name"))[:100],
        home=home if home.startswith(("https://", "http://")) and len(home) <= 300 else base_url,
        rest_path=rest_path,
    )


def _not_a_store(answer: Answer) -> ChannelError:
    """Return the error that the site's own answer stands for, said about the address that was typed."""
    if 300 <= answer.status < 400 or answer.status in {401, 403, 408, 429} or answer.status >= 500:
        return error_for(answer)
    if 200 <= answer.status < 300:
        what = "a web page" if answer.is_html else "something else"
        return Unreachable(f"{what.capitalize()} answered where WordPress's API was expected: check the address.")
    return StoreMoved(
        f"There is no WordPress API at this address ({answer.status}): enter the address of the shop's front page."
    )

"""The connection test: who the shop is, and what the app may do there.

https://shopify.dev/docs/api/admin-graphql/latest/objects/AppInstallation (2026-10)
"""

from __future__ import annotations

from urllib.parse import urlsplit

from channels.contract import BadCredentials, BadPayload, ConnectionReport, Rejected, Store
from channels.platforms.shopify.auth import REQUIRED_SCOPES, shop_address
from channels.platforms.shopify.catalog_scan import locations
from channels.platforms.shopify.client import API_VERSION, ShopifyClient
from channels.platforms.shopify.documents import SHOP
from channels.platforms.shopify.values import inner, text


def check_connection(client: ShopifyClient, store: Store) -> ConnectionReport:
    """Ask the shop who it is and what we may do. Raises Rejected for another shop than expected, ChannelError."""
    if not store.credentials.get("client_secret"):
        raise BadCredentials("The client secret is missing: webhooks are checked with it.")
    found = client.run(SHOP)
    shop = inner(found.get("shop"))
    domain = text(shop.get("myshopifyDomain")).lower()
    if not domain:
        raise BadPayload("Shopify does not tell the shop's domain.")
    host = urlsplit(shop_address(store.base_url)).hostname or ""
    expected = store.account_ref or (host if host.endswith(".myshopify.com") else "")
    if expected and expected != domain:
        raise Rejected(f"The token belongs to the shop {domain}, not to {expected}.")
    handles = inner(found.get("currentAppInstallation")).get("accessScopes")
    scopes = tuple(sorted(text(inner(each).get("handle")) for each in (handles if isinstance(handles, list) else [])))
    missing = tuple(scope for scope in REQUIRED_SCOPES if not _is_granted(scope, scopes))
    return ConnectionReport(
        account_ref=domain,
        account_name=text(shop.get("name")) or domain,
        plan=text(inner(shop.get("plan")).get("publicDisplayName")) or "unknown",
        scopes=scopes,
        missing_scopes=missing,
        warnings=tuple(_warnings(client, scopes, missing)),
    )


def _is_granted(scope: str, scopes: tuple[str, ...]) -> bool:
    return scope in scopes or (scope.startswith("read_") and scope.replace("read_", "write_", 1) in scopes)


def _warnings(client: ShopifyClient, scopes: tuple[str, ...], missing: tuple[str, ...]) -> list[str]:
    found = []
    if client.falls_forward:
        found.append(
            f"Shopify answers with version {client.served_version} of its API, because {API_VERSION} has been retired."
        )
    if missing:
        return found  # what a scope is missing for can't be asked
    if not any(place.is_usable for place in locations(client).values()):
        found.append("The shop has no location that fulfils online orders: nothing can be sold from it.")
    if not _is_granted("read_all_orders", scopes):
        found.append("Orders older than 60 days can't be read: the app lacks read_all_orders.")
    return found

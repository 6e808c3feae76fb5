"""The connection test and the health of webhooks.

https://docs.ecwid.com/api-reference/rest-api/store-profile/get-store-profile (REST API v3)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.contract import BadPayload, ConnectionReport, Rejected, Store, StoreRefused, SubscriptionReport
from channels.platforms.ecwid.answers import MissingScope
from channels.platforms.ecwid.client import EcwidClient
from channels.platforms.ecwid.oauth import REQUIRED_SCOPES
from channels.platforms.ecwid.refs import identity, text

PROFILE_FIELDS = "generalInfo(storeId),account(accountName,suspended,availableFeatures),settings(storeName)"
QUIET = timedelta(hours=24)

FEATURES = {
    "API": "The store's plan lists no API access: calls may be refused.",
    "COMBINATIONS": "The store's plan has no product variations.",
    "INVENTORY_TRACKING": "The store's plan lists no inventory tracking: quantities may not be kept.",
}
_PROBES = {"read_catalog": "/products", "read_orders": "/orders"}


def check_connection(client: EcwidClient, store: Store) -> ConnectionReport:
    """Ask the store who it is and what we may do. Raises Rejected for another store than expected, ChannelError."""
    profile = client.get("/profile", {"responseFields": PROFILE_FIELDS})
    general, account, settings = (_section(profile, name) for name in ("generalInfo", "account", "settings"))
    store_id = identity(general.get("storeId"))
    if store_id is None:
        raise BadPayload("Ecwid's store profile names no store.")
    expected = store.account_ref or store.credentials.get("store_id", "")
    if expected and expected != str(store_id):
        raise Rejected(f"The token belongs to store {store_id}, not to store {expected[:40]}.")
    if account.get("suspended") is True:
        raise StoreRefused(f"Ecwid has suspended store {store_id}.")
    features = account.get("availableFeatures")
    known_features = features if isinstance(features, list) else list(FEATURES)
    warnings = [sentence for feature, sentence in FEATURES.items() if feature not in known_features]
    scopes, missing = _scopes(client, store.credentials.get("scope", ""), warnings)
    return ConnectionReport(
        account_ref=str(store_id),
        account_name=text(settings.get("storeName")) or text(account.get("accountName")) or f"Store {store_id}",
        # Ecwid names no plan; variations tell the larger ones (Business and up) from the rest.
        plan="with variations" if "COMBINATIONS" in known_features else "without variations",
        scopes=scopes,
        missing_scopes=missing,
        warnings=tuple(warnings),
    )


def _scopes(client: EcwidClient, told: str, warnings: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (scopes, missing scopes): as OAuth told them, else as far as harmless reads can tell."""
    if told.strip():
        granted = tuple(told.replace(",", " ").split())
        # Always granted, and not always listed.
        missing = tuple(s for s in REQUIRED_SCOPES if s not in granted and s != "read_store_profile")
        return granted, missing
    lacking = []
    for scope, path in _PROBES.items():
        try:
            client.get(path, {"limit": 1, "offset": 0, "responseFields": "total,count"})
        except MissingScope:
            lacking.append(scope)
    warnings.append("Whether the token may change stock (update_catalog) shows only with the first change.")
    return (), tuple(lacking)


def _section(profile: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = profile.get(name)
    return found if isinstance(found, dict) else {}


def check_subscriptions(*, webhook_url: str, last_event_at: datetime | None, now: datetime) -> SubscriptionReport:
    """Judge by the events that came: Ecwid has no call that lists or makes webhooks.

    The address and the list of events are settings of the app, changed by Ecwid on request.
    """
    if last_event_at is not None and now - last_event_at <= QUIET:
        return SubscriptionReport(is_healthy=True, sentences=("Webhooks arrive.",))
    ask = (
        f"Ask Ecwid (ec.apps@lightspeedhq.com) to send this app's order.* and product.* webhooks and"
        f" application.uninstalled to {webhook_url}"
    )
    if last_event_at is None:
        return SubscriptionReport(
            is_healthy=False,
            sentences=("No webhook has ever arrived from this store.", f"{ask}; until then orders are polled."),
        )
    last = last_event_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return SubscriptionReport(
        is_healthy=False,
        sentences=(
            f"No webhook has arrived since {last}: either the store was quiet or webhooks are switched off.",
            f"If there were orders since then: {ask[0].lower()}{ask[1:]}.",
        ),
    )

"""Tokens and what they may do: https://shopify.dev/docs/apps/build/authentication-authorization."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

from sandbox.shopify.errors import TopError
from sandbox.shopify.options import Options

FULFILMENT_ORDERS = (
    "read_assigned_fulfillment_orders",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
)
# Any one of them will do.
OF_TYPES: dict[str, tuple[str, ...]] = {
    "InventoryItem": ("read_inventory", "read_products"),
    "InventoryLevel": ("read_inventory",),
    "Location": ("read_locations", "read_inventory"),
    "Product": ("read_products",),
    "ProductVariant": ("read_products",),
    "Order": ("read_orders",),
    "LineItem": ("read_orders",),
    "Refund": ("read_orders",),
    "Fulfillment": ("read_orders", *FULFILMENT_ORDERS),
    "FulfillmentOrder": FULFILMENT_ORDERS,
}
OF_FIELDS: dict[str, tuple[str, ...]] = {
    "Location.fulfillsOnlineOrders": ("read_locations",),
    "Location.inventoryLevels": ("read_locations",),
    "Location.inventoryLevel": ("read_locations",),
    "QueryRoot.productVariantsCount": ("read_products",),
    "QueryRoot.productsCount": ("read_products",),
    "QueryRoot.ordersCount": ("read_orders",),
    **{
        f"Mutation.{name}": ("write_inventory",)
        for name in (
            "inventoryActivate",
            "inventoryAdjustQuantities",
            "inventoryDeactivate",
            "inventoryItemUpdate",
            "inventoryMoveQuantities",
            "inventorySetOnHandQuantities",
            "inventorySetQuantities",
        )
    },
}
_ORDERS = ("read_orders",)
_STOCK = ("read_inventory",)
OF_TOPICS: dict[str, tuple[str, ...]] = {
    "ORDERS": _ORDERS,
    "REFUNDS": _ORDERS,
    "FULFILLMENTS": ("read_fulfillments",),
    "FULFILLMENT_ORDERS": FULFILMENT_ORDERS,
    "INVENTORY_LEVELS": _STOCK,
    "INVENTORY_ITEMS": (*_STOCK, "read_products"),
    "PRODUCTS": ("read_products",),
    "LOCATIONS": ("read_locations",),
}


def scopes_of_topic(topic: str) -> tuple[str, ...]:
    """Return the scopes of which one lets an app subscribe to a topic; none where no scope is asked for."""
    # The longest name first: FULFILLMENT_ORDERS_MOVED is none of FULFILLMENTS.
    return next((OF_TOPICS[name] for name in sorted(OF_TOPICS, key=len, reverse=True) if topic.startswith(name)), ())


def need(place: str, scopes: tuple[str, ...], held: frozenset[str]) -> None:
    """Raise TopError ACCESS_DENIED unless one of ``scopes`` is held; ``write_x`` includes ``read_x``."""
    if scopes and not any(each in held or each.replace("read_", "write_", 1) in held for each in scopes):
        wanted = " or ".join(f"`{each}` access scope" for each in scopes)
        raise TopError("ACCESS_DENIED", f"Access denied for {place} field. Required access: {wanted}.")


@dataclass(slots=True, kw_only=True)
class Token:
    """``expires_at`` None: it does not expire."""

    scopes: tuple[str, ...]
    expires_at: float | None = None


@dataclass(slots=True, kw_only=True)
class Code:
    redirect_uri: str
    scopes: tuple[str, ...]
    issued_at: float


class Access:
    """The tokens of one app in one shop. Safe to use from any thread."""

    def __init__(self, token: str, options: Options) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._first = token
        self.is_installed = True
        self._tokens: dict[str, Token] = {token: Token(scopes=options.scopes)}
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, tuple[float, str]] = {}

    @property
    def token(self) -> str:
        """The newest token, or the first one when there is none."""
        with self._lock:
            return next(reversed(self._tokens), self._first)

    def scopes_of(self, token: str) -> frozenset[str] | None:
        """Return what a token may do; None for one that is unknown, dead or expired."""
        with self._lock:
            found = self._tokens.get(token)
            if found is None or (found.expires_at is not None and found.expires_at <= self._options.clock()):
                return None
            return frozenset(found.scopes)

    def issue(self, *, seconds: float | None, scopes: tuple[str, ...] | None = None) -> str:
        token = f"shpat_{secrets.token_hex(16)}"
        expires_at = None if seconds is None else self._options.clock() + seconds
        with self._lock:
            self._tokens[token] = Token(
                scopes=self._options.scopes if scopes is None else scopes, expires_at=expires_at
            )
        return token

    def issue_refresh(self) -> str:
        token = f"shprt_{secrets.token_hex(16)}"
        with self._lock:
            self._refresh[token] = self._options.clock() + self._options.refresh_seconds, ""
        return token

    def use_refresh(self, token: str) -> str | None:
        """Return the refresh token that follows ``token``, the same one when it is tried again; None when it is dead.

        The one before can be tried again until the new one is used.
        """
        with self._lock:
            ends_at, successor = self._refresh.get(token, (0.0, ""))
            if ends_at <= self._options.clock() or (successor and self._refresh.get(successor, (0.0, ""))[1]):
                return None
            if not successor:
                successor = f"shprt_{secrets.token_hex(16)}"
                self._refresh[token] = ends_at, successor
                self._refresh[successor] = self._options.clock() + self._options.refresh_seconds, ""
            return successor

    def grant(self, redirect_uri: str, scopes: tuple[str, ...]) -> str:
        code = secrets.token_hex(16)
        with self._lock:
            self._codes[code] = Code(redirect_uri=redirect_uri, scopes=scopes, issued_at=self._options.clock())
        return code

    def use_code(self, code: str) -> Code | None:
        """Return a fresh code's grant, once."""
        with self._lock:
            found = self._codes.pop(code, None)
            if found is None or self._options.clock() - found.issued_at > self._options.code_seconds:
                return None
            return found

    def expire(self) -> None:
        """Make every token invalid."""
        with self._lock:
            self._tokens.clear()

    def uninstall(self) -> None:
        self.expire()
        with self._lock:
            self._refresh.clear()
            self.is_installed = False

    def renew(self, *, same: bool = False, scopes: tuple[str, ...] | None = None) -> str:
        """Install the app again and issue a lasting token; ``same`` revives the first one."""
        self.is_installed = True
        if not same:
            return self.issue(seconds=None, scopes=scopes)
        with self._lock:
            self._tokens.pop(self._first, None)
            self._tokens[self._first] = Token(scopes=self._options.scopes if scopes is None else scopes)
        return self._first

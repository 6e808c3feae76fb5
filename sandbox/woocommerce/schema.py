"""What WordPress checks before a call reaches WooCommerce: query parameters and bodies of single addresses.

Items of a batch are not checked at all.
"""

from __future__ import annotations

import re

from sandbox.server import Json
from sandbox.woocommerce.errors import WpError, invalid_param, not_in_enum, wrong_type
from sandbox.woocommerce.records import BACKORDERS, ORDER_STATUSES, PRODUCT_STATUSES, PRODUCT_TYPES, STOCK_STATUSES
from sandbox.woocommerce.wire import Wire

ORDERS_BY = ("date", "id", "include", "title", "slug", "modified", "price", "popularity", "rating", "menu_order")
_DATES = ("after", "before", "modified_after", "modified_before")
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_BOOLEANS = (True, False, 0, 1, "0", "1", "true", "false")

LIST_ENUMS: dict[str, tuple[str, ...]] = {"order": ("asc", "desc"), "orderby": ORDERS_BY}
PRODUCT_LIST_ENUMS = LIST_ENUMS | {
    "status": ("any", *PRODUCT_STATUSES, "future", "trash"),
    "type": PRODUCT_TYPES,
    "stock_status": STOCK_STATUSES,
}
PRODUCT_ENUMS: dict[str, tuple[str, ...]] = {
    "type": PRODUCT_TYPES,
    "status": (*PRODUCT_STATUSES, "future", "auto-draft", "trash"),
    "stock_status": STOCK_STATUSES,
    "backorders": BACKORDERS,
}
VARIATION_ENUMS: dict[str, tuple[str, ...]] = {"status": PRODUCT_STATUSES, "backorders": BACKORDERS}
ORDER_ENUMS: dict[str, tuple[str, ...]] = {"status": ORDER_STATUSES}


def check_list(query: dict[str, str], enums: dict[str, tuple[str, ...]], wire: Wire) -> None:
    """Check the parameters of a list. Raises WpError 400 rest_invalid_param."""
    for name in ("page", "per_page", "offset"):
        if name in query:
            _check_page(name, query[name])
    for name, allowed in enums.items():
        for each in query.get(name, "").split(",") if name in query else []:
            if each not in allowed:
                raise not_in_enum(name, allowed)
    for position, each in enumerate(query.get("include_types", "").split(",") if "include_types" in query else []):
        if each not in PRODUCT_TYPES:
            raise not_in_enum("include_types", PRODUCT_TYPES, f"include_types[{position}]")
    for name in _DATES:
        if name in query:
            try:
                wire.moment(query[name], is_gmt=True)
            except ValueError:
                raise invalid_param(name, "rest_invalid_date", "Invalid date.") from None


def checked(body: Json, enums: dict[str, tuple[str, ...]], *, decimal: bool, knows_parent: bool = False) -> Json:
    """Return a product's or variation's body as its schema leaves it: null becomes 0. Raises WpError 400."""
    kept = dict(body)
    if "stock_quantity" in body:
        kept["stock_quantity"] = _quantity(body["stock_quantity"], decimal=decimal)
    if "manage_stock" in body:
        sent = body["manage_stock"]
        is_parent = knows_parent and sent == "parent"
        if isinstance(sent, dict | list) or (sent not in _BOOLEANS and not is_parent):
            raise wrong_type("manage_stock", "boolean")
    _check_enums(body, enums)
    return kept


def check_order(body: Json) -> None:
    """Check an order's body. Raises WpError 400."""
    _check_enums(body, ORDER_ENUMS)
    lines = body.get("line_items")
    for position, line in enumerate(lines if isinstance(lines, list) else []):
        quantity = line.get("quantity") if isinstance(line, dict) else None
        if quantity is not None and (isinstance(quantity, bool) or not isinstance(quantity, int)):
            raise wrong_type("line_items", "integer", f"line_items[{position}][quantity]")


def _check_enums(body: Json, enums: dict[str, tuple[str, ...]]) -> None:
    for name, allowed in enums.items():
        if body.get(name) is not None and body[name] not in allowed:
            raise not_in_enum(name, allowed)


def _check_page(name: str, text: str) -> None:
    if not re.fullmatch(r"-?\d+", text):
        raise wrong_type(name, "integer")
    number = int(text)
    if name == "per_page" and not 1 <= number <= 100:
        raise _out_of_bounds(name, "must be between 1 (inclusive) and 100 (inclusive)")
    if name == "page" and number < 1:
        raise _out_of_bounds(name, "must be greater than or equal to 1")


def _out_of_bounds(name: str, rule: str) -> WpError:
    return invalid_param(name, "rest_out_of_bounds", f"{name} {rule}")


def _quantity(value: object, *, decimal: bool) -> int | float:
    kind = "number" if decimal else "integer"
    if value is None:
        return 0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and not (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise wrong_type("stock_quantity", kind)
    number = float(value)  # type: ignore[arg-type]  # a number or the text of one
    if decimal:
        return number
    if number != int(number):
        raise wrong_type("stock_quantity", kind)
    return int(number)

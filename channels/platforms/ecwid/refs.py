"""How products, variations and orders of Ecwid are named towards the core, and whole numbers read safely. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

# Larger numbers are mistakes or attacks; the ledger could hold them, the shelf could not.
LARGEST_QUANTITY = 10**9
LARGEST_ID = 2**63 - 1

_POOL = re.compile(r"p(\d{1,19})(?:-c(\d{1,19}))?")


class PoolRef(NamedTuple):
    """``combination_id`` None stands for the product itself. Ecwid's ids need 64 bits."""

    product_id: int
    combination_id: int | None

    @property
    def path(self) -> str:
        """Where the pool stands in the API, without the store."""
        variation = "" if self.combination_id is None else f"/combinations/{self.combination_id}"
        return f"/products/{self.product_id}{variation}"


class OrderRef(NamedTuple):
    """An order's text id ("K8XTQ", with the store's prefix and suffix) and internal id; either may be unknown."""

    text_id: str
    internal_id: int | None


def pool_ref(product_id: int, combination_id: int | None = None) -> str:
    return f"p{product_id}" if combination_id is None else f"p{product_id}-c{combination_id}"


def read_pool_ref(ref: str) -> PoolRef:
    """Return the ids in a ref. Raises ValueError for anything that ``pool_ref`` did not make."""
    match = _POOL.fullmatch(ref)
    if match is None:
        raise ValueError(f"not a reference to an Ecwid product: {ref!r}")
    return PoolRef(int(match[1]), int(match[2]) if match[2] else None)


def order_ref(text_id: str, internal_id: int | None = None) -> str:
    """Return "K8XTQ", "K8XTQ#516483487" or "#516483487"; a "#" of the store's own prefix is escaped."""
    text = text_id.replace("%", "%25").replace("#", "%23")
    return text if internal_id is None else f"{text}#{internal_id}"


def read_order_ref(ref: str) -> OrderRef:
    text, _, number = ref.partition("#")
    internal_id = int(number) if number.isascii() and number.isdigit() and len(number) <= 19 else None
    return OrderRef(text.replace("%23", "#").replace("%25", "%"), internal_id)


def whole(value: object) -> int | None:
    """Return a quantity, or None unless it is a whole number of sane size. A boolean is none, nor is 5.0."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_QUANTITY:
        return None
    return value


def identity(value: object) -> int | None:
    """Return an id, or None unless it is a whole number from 1 to 2**63 − 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_ID:
        return None
    return value


def text(value: object) -> str:
    """Return a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""

"""How products, variations and orders of WooCommerce are named towards the core, and its values read safely. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

# Larger numbers are mistakes or attacks; the ledger could hold them, the shelf could not.
LARGEST_QUANTITY = 10**9
LARGEST_ID = 2**63 - 1

_POOL = re.compile(r"p(\d{1,19})(?:-v(\d{1,19}))?")


class PoolRef(NamedTuple):
    """``variation_id`` None stands for the product itself."""

    product_id: int
    variation_id: int | None

    @property
    def own_id(self) -> int:
        """The id of whatever holds the stock."""
        return self.product_id if self.variation_id is None else self.variation_id

    @property
    def path(self) -> str:
        """Where the pool stands in the API."""
        variation = "" if self.variation_id is None else f"/variations/{self.variation_id}"
        return f"/products/{self.product_id}{variation}"


def pool_ref(product_id: int, variation_id: int | None = None) -> str:
    return f"p{product_id}" if variation_id is None else f"p{product_id}-v{variation_id}"


def read_pool_ref(ref: str) -> PoolRef:
    """Return the ids in a ref. Raises ValueError for anything that ``pool_ref`` did not make."""
    match = _POOL.fullmatch(ref)
    if match is None:
        raise ValueError(f"not a reference to a WooCommerce product: {ref!r}")
    return PoolRef(int(match[1]), int(match[2]) if match[2] else None)


def identity(value: object) -> int | None:
    """Return an id, or None unless it is a whole number from 1 to 2**63 − 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_ID:
        return None
    return value


def identity_of(ref: str) -> int | None:
    """Return the id that a ref of digits stands for; None for any other text."""
    return identity(int(ref)) if ref.isascii() and ref.isdigit() and len(ref) <= 19 else None


def whole(value: object) -> int | None:
    """Return a quantity, or None unless it is a whole number of sane size.

    A plugin that counts in fractions makes every quantity a float; 3.0 is whole all the same, 2.5 is not.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_QUANTITY:
        return None
    return value


def whole_of_text(value: object) -> int | None:
    """Return the quantity that a text of WooCommerce's meta data stands for, as ``whole`` does."""
    if not isinstance(value, str):
        return whole(value)
    try:
        return whole(float(value)) if len(value) <= 20 else None
    except ValueError:
        return None


def text(value: object) -> str:
    """Return a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""

"""How items, places, variants and orders of Shopify are named towards the core. Pure.

A pool is one inventory item at one location: "53469430055218@70100000001", and what is sold from it "…@…" by variant.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_GID = re.compile(r"gid://shopify/(\w+)/([0-9]{1,19})(?:\?.*)?")
_NUMBER = re.compile(r"[0-9]{1,19}")
_POOL = re.compile(r"([0-9]{1,19})@([0-9]{1,19})")


class PoolRef(NamedTuple):
    """Ids as text: they need 64 bits and are only ever passed on."""

    item: str
    location: str

    @property
    def item_gid(self) -> str:
        return gid("InventoryItem", self.item)

    @property
    def location_gid(self) -> str:
        return gid("Location", self.location)

    def __str__(self) -> str:
        return f"{self.item}@{self.location}"


def gid(kind: str, number: str) -> str:
    return f"gid://shopify/{kind}/{number}"


def number_of(value: object, kind: str) -> str:
    """Return the number in a global id of this kind, or "" for anything else."""
    match = _GID.fullmatch(value) if isinstance(value, str) else None
    return match[2] if match is not None and match[1] == kind else ""


def plain_number(value: object) -> str:
    """Return an id as webhooks write it, a whole number; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value) if _NUMBER.fullmatch(str(value)) else ""


def read_pool_ref(ref: str) -> PoolRef:
    """Return the ids in a ref. Raises ValueError for anything that ``str(PoolRef)`` did not make."""
    match = _POOL.fullmatch(ref)
    if match is None:
        raise ValueError(f"not a reference to a Shopify item at a location: {ref!r}")
    return PoolRef(match[1], match[2])


def at(number: str, location: str) -> str:
    """Return the ref of a variant or an order line at a location; without one, the number alone."""
    return f"{number}@{location}" if location else number

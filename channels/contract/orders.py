"""Orders as a platform tells them, in our words."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOrder:
    """An order as the platform told it, without the buyer's data."""

    ref: str
    changed_at: datetime | None
    payload: Mapping[str, Any]  # JSON; only the fields that ``snapshot`` reads


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLine:
    """What is booked of an order line so far: some platforms' stock can only be told from its history."""

    ref: str
    ordered: int
    sold: int
    taken: int
    is_held: bool = False  # as the last snapshot said it


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineSnapshot:
    """One line of an order as it stands now."""

    ref: str
    variant_ref: str  # what was sold; a ReportedVariant.ref, or unknown to the catalogue
    product_ref: str
    sku: str
    title: str
    ordered: int  # units asked for now; 0 for a line that was removed
    sold: int  # units the ledger must hold for it, those shipped included
    fulfilled: int  # units of them that have left the warehouse
    taken: int  # units the platform has taken off its own quantity
    returned: int = 0  # units back on sale here that had left from elsewhere
    is_held: bool = False  # the platform keeps units aside for it now; a change of it moves ``taken``
    problem: str = ""  # a sentence: the line can't be booked; its numbers are then all 0


class OrderState(enum.StrEnum):
    OPEN = "open"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """An order as it stands now. Lines that it once had and lacks now are there with ``ordered=0``."""

    ref: str
    number: str
    state: OrderState
    status: str  # the platform's own words
    placed_at: datetime | None
    changed_at: datetime | None
    lines: tuple[OrderLineSnapshot, ...]

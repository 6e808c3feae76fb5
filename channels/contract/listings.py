"""What a platform shows of its catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedVariant:
    """Something a buyer can choose that sells from the pool of the listing it stands in."""

    ref: str
    number: int | None = None  # the platform's row number of a variation; never an address
    sku: str = ""
    options: str = ""  # for people: "Size: M, Colour: Black"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedListing:
    """One stock pool as the platform shows it now."""

    ref: str
    product_ref: str
    title: str
    sku: str
    barcode: str = ""
    tracked: bool | None  # False: unlimited; None: the answer did not tell
    quantity: int | None  # None exactly when not tracked or not told; may be negative
    unwritable_reason: str = ""  # why its quantity must never be written; empty: it may
    enabled: bool = True
    price: Decimal | None = None
    url: str = ""
    variants: tuple[ReportedVariant, ...] = ()
    location_ref: str = ""  # where the platform keeps this quantity, if it has locations
    item_ref: str = ""  # shared by the pools of one item at several locations; empty: the pool stands alone
    sells_below_zero: bool = False  # the store goes on selling at 0: an oversale is its wish


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPage:
    """One page of the catalogue: whole products, each folded into its pools."""

    listings: tuple[ReportedListing, ...]
    products: int  # how many products the page held
    total: int | None  # products in the store, where the platform tells
    next_cursor: str  # empty: this was the last page
    problems: tuple[str, ...] = ()  # sentences on products that could not be read
    wait_seconds: float = 0  # the platform is still preparing what ``next_cursor`` reads: ask again after that long


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLocation:
    """A place where the platform keeps quantities."""

    ref: str
    name: str
    is_usable: bool = True
    unusable_reason: str = ""  # a sentence: why nothing sells from it


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldStock:
    """Units of one of the merchant's SKUs that the platform holds in its own warehouses and may sell."""

    external_sku: str
    units: int

"""The listings of one seller and what becomes of submitted changes. Call with the store's lock held."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.options import Options
from sandbox.amazon.records import MERCHANT, Held, Item, Record
from sandbox.amazon.schedule import Schedule
from sandbox.amazon.submissions import Patch, submit
from sandbox.faults import Faults
from sandbox.refusals import Refusal
from sandbox.server import Json

Tell = Callable[[str, Json], object]
"""Sends one notification: its type, its payload."""

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
DECOY_SKU = "SHIFTED-PAGE"


class NotSold(Refusal):
    """The seller has no such SKU."""

    status = 404


class Items:
    """Listings by SKU, in the order in which they were added."""

    def __init__(self, options: Options, faults: Faults, schedule: Schedule, tell: Tell, seller_id: str) -> None:
        self._options = options
        self._faults = faults
        self._schedule = schedule
        self._tell = tell
        self._seller_id = seller_id
        self._items: dict[str, Item] = {}
        self._numbers = itertools.count(1)

    def all(self) -> list[Item]:
        return list(self._items.values())

    def get(self, sku: str) -> Item | None:
        return self._items.get(sku)

    def find(self, sku: str) -> Item:
        """Raises NotSold."""
        item = self._items.get(sku)
        if item is None:
            raise NotSold(f"The seller has no SKU {sku}")
        return item

    def add(
        self,
        sku: str,
        *,
        title: str = "",
        quantity: int | None = 0,
        held: int | None = None,
        lead_days: int | None = None,
        marketplaces: Sequence[str] = (),
        product_type: str = "OUTDOOR_LIVING",
        **details: object,
    ) -> Item:
        """List a SKU: shipped by the merchant from ``quantity``, or from ``held`` units in Amazon's warehouses.

        ``quantity`` None without ``held``: a parent of variations, which nothing can be bought of.
        """
        number = next(self._numbers)
        now = self._options.clock()
        item = Item(
            sku=sku,
            asin=f"B0{_code(number * 7_919_351, 8)}",
            fnsku=f"X00{_code(number * 6_700_417, 7)}",
            listing_id=f"{(number * 48_271) % 10_000:04d}Z{_code(number * 999_983, 6)}",
            title=title or sku,
            product_type=product_type,
            marketplaces=tuple(marketplaces) or self._options.marketplaces,
            created_at=now,
            updated_at=now,
            **details,  # type: ignore[arg-type]
        )
        if held is not None:
            code = MARKETPLACES[item.marketplaces[0]].fba_channel
            item.records[code] = Record(code=code)
            item.held = Held(fulfillable=held, updated_at=now)
        elif quantity is not None:
            item.records[MERCHANT] = Record(code=MERCHANT, quantity=quantity, lead_time_to_ship_max_days=lead_days)
        for marketplace in item.marketplaces:
            item.submitted[marketplace] = [record.attribute() for record in item.records.values()]
        self._items[sku] = item
        return item

    def delete(self, sku: str) -> None:
        """Raises NotSold."""
        item = self.find(sku)
        del self._items[sku]
        self._tell_status(item, ["DELETED"])

    def shift(self) -> None:
        """Make the pages of a search move: list something before all others, or take it away again."""
        if DECOY_SKU in self._items:
            del self._items[DECOY_SKU]
            return
        others = self._items
        self._items = {}
        self.add(DECOY_SKU, title="Listed while you were reading", quantity=1)
        self._items.update(others)

    # Submitted changes ------------------------------------------------------------------------------------------

    def accept(self, item: Item, marketplace: str, patches: Sequence[Patch]) -> None:
        """Take changes that were found good; they go live after a while, in the order in which they were taken."""
        records = [record for patch in patches for record in submit(item, marketplace, patch)]
        if not records or self._faults.take("never_applied"):
            return
        late = self._faults.take("slow_acceptance")
        wait = self._options.accept_seconds + (late.seconds if late else 0)
        sold_then = item.sold
        self._schedule.after(wait, lambda: self._go_live(item, records, sold_then))

    def _go_live(self, item: Item, records: Sequence[Record], sold_then: int) -> None:
        if self._items.get(item.sku) is not item:
            return
        shown = item.quantity
        for record in records:
            if record.code == MERCHANT and record.quantity is not None:
                if self._options.sales_while_processing == "kept":
                    record.quantity = max(0, record.quantity - (item.sold - sold_then))
                if item.is_held_by_amazon and self._options.quantity_on_fba == "flip":
                    item.records.clear()
            if record.code == MERCHANT and record.quantity is None:
                item.records.pop(MERCHANT, None)
            elif record.code != MERCHANT:
                item.records[record.code] = Record(code=record.code)
            else:
                item.records[MERCHANT] = record
        item.updated_at = self._options.clock()
        if item.quantity != shown and self._options.echoes_pushes:
            self.tell_quantity(item)

    # What happens by itself or by hand --------------------------------------------------------------------------

    def set_by_hand(self, sku: str, quantity: int) -> None:
        """Set the quantity in Seller Central: live at once. Raises NotSold, ValueError below zero."""
        item = self.find(sku)
        if quantity < 0:
            raise ValueError("A quantity must be 0 or more.")
        record = item.records.setdefault(MERCHANT, Record(code=MERCHANT))
        record.quantity = quantity
        item.updated_at = self._options.clock()
        self.tell_quantity(item)

    def move(self, item: Item, units: int) -> None:
        """Add to the merchant's quantity what an order takes (below zero) or gives back; never under 0."""
        record = item.merchant
        if record is None or record.quantity is None:
            return
        record.quantity = max(0, record.quantity + units)
        item.sold -= units
        item.updated_at = self._options.clock()
        self.tell_quantity(item)

    def move_held(self, item: Item, *, fulfillable: int = 0, reserved: int = 0) -> None:
        """Move units within Amazon's warehouses and tell of it."""
        item.held.fulfillable += fulfillable
        item.held.reserved += reserved
        item.held.updated_at = self._options.clock()
        self._tell("FBA_INVENTORY_AVAILABILITY_CHANGES", self._held_payload(item))

    def convert(self, sku: str, *, to_amazon: bool, units: int = 0) -> None:
        """Hand a listing over to Amazon's warehouses, or take it back, as in Seller Central. Raises NotSold."""
        item = self.find(sku)
        code = MARKETPLACES[item.marketplaces[0]].fba_channel if to_amazon else MERCHANT
        item.records = {code: Record(code=code, quantity=None if to_amazon else units)}
        item.held = Held(fulfillable=units if to_amazon else 0, updated_at=self._options.clock())
        item.updated_at = self._options.clock()
        self._tell_status(item, ["BUYABLE", "DISCOVERABLE"])

    # Notifications ----------------------------------------------------------------------------------------------

    def tell_quantity(self, item: Item) -> None:
        if item.quantity is None:
            return
        payload = {
            "SellerId": self._seller_id,
            "FulfillmentChannelCode": MERCHANT,
            "Sku": item.sku,
            "Quantity": item.quantity,
        }
        self._tell("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", payload)

    def _tell_status(self, item: Item, status: list[str]) -> None:
        for marketplace in item.marketplaces:
            payload = {
                "SellerId": self._seller_id,
                "MarketplaceId": marketplace,
                "Asin": item.asin,
                "Sku": item.sku,
                "Status": status,
            }
            self._tell("LISTINGS_ITEM_STATUS_CHANGE", payload)

    def _held_payload(self, item: Item) -> Json:
        """Return the same physical stock once for every marketplace, as Amazon does."""
        inventory = {
            "InboundQuantityBreakdown": {"Working": 0, "Shipped": item.held.inbound, "Receiving": 0},
            "Fulfillable": item.held.fulfillable,
            "Unfulfillable": item.held.unfulfillable,
            "Researching": 0,
            "ReservedQuantityBreakdown": {
                "WarehouseProcessing": 0,
                "WarehouseTransfer": 0,
                "PendingCustomerOrder": item.held.reserved,
            },
            "FutureSupplyBuyable": 0,
            "PendingCustomerOrderInTransit": 0,
        }
        return {
            "SellerId": self._seller_id,
            "FNSKU": item.fnsku,
            "ASIN": item.asin,
            "SKU": item.sku,
            "FulfillmentInventoryByMarketplace": [
                {"MarketplaceId": each, "ItemName": item.title, "FulfillmentInventory": inventory}
                for each in item.marketplaces
            ],
        }


def _code(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        text += _ALPHABET[digit]
    return text

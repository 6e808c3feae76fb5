"""The records in Amazon's JSON.

Listings Items 2021-08-01, Orders 2026-01-01 and FBA Inventory v1 of https://github.com/amzn/selling-partner-api-models
"""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.options import Options
from sandbox.amazon.records import Item, Order, OrderItem
from sandbox.server import Json


def iso(seconds: float) -> str:
    """Return ``2026-11-21T09:00:00.250Z``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(text: str) -> float:
    """Read an ISO 8601 time. Raises ValueError, also for one without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment.timestamp()


def item_json(item: Item, marketplace: str, included: frozenset[str]) -> Json:
    """Return a listings item as one marketplace shows it; only the data sets that were asked for."""
    place = MARKETPLACES[marketplace]
    listed = marketplace in item.marketplaces
    found: Json = {"sku": item.sku}
    if "summaries" in included:
        found["summaries"] = [_summary(item, marketplace)] if listed else []
    if "attributes" in included:
        submitted = item.submitted.get(marketplace, [])
        found["attributes"] = {
            "item_name": [{"value": item.title, "language_tag": place.language, "marketplace_id": marketplace}],
            "fulfillment_availability": [{**each, "marketplace_id": marketplace} for each in submitted],
        }
        if item.barcode:
            code = {"type": "ean", "value": item.barcode, "marketplace_id": marketplace}
            found["attributes"]["externally_assigned_product_identifier"] = [code]
    if "issues" in included:
        found["issues"] = []
    if "offers" in included:
        price = {"currencyCode": place.currency, "amount": f"{item.price:.2f}"}
        found["offers"] = [{"marketplaceId": marketplace, "offerType": "B2C", "price": price}] if listed else []
    if "fulfillmentAvailability" in included:
        found["fulfillmentAvailability"] = [
            {"fulfillmentChannelCode": record.code} | ({} if record.quantity is None else {"quantity": record.quantity})
            for record in item.records.values()
        ]
    if "relationships" in included:
        found["relationships"] = []
    if "productTypes" in included:
        found["productTypes"] = [{"marketplaceId": marketplace, "productType": item.product_type}] if listed else []
    return found


def _summary(item: Item, marketplace: str) -> Json:
    status = ["BUYABLE"] if item.is_buyable(marketplace) else []
    return {
        "marketplaceId": marketplace,
        "asin": item.asin,
        "productType": item.product_type,
        "conditionType": "new_new",
        "status": [*status, "DISCOVERABLE"] if item.enabled else [],
        **({"fnSku": item.fnsku} if item.is_held_by_amazon else {}),
        "itemName": item.title,
        "createdDate": iso(item.created_at),
        "lastUpdatedDate": iso(item.updated_at),
    }


def order_json(order: Order, included: frozenset[str], options: Options) -> Json:
    """Return an order; status and who fulfils it only with FULFILLMENT."""
    place = MARKETPLACES[order.marketplace]
    found: Json = {
        "orderId": order.id,
        "createdTime": iso(order.created_at),
        "lastUpdatedTime": iso(order.updated_at),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": order.marketplace,
            "marketplaceName": place.name,
        },
        "orderItems": [_order_item(order, item, included, options) for item in order.items],
    }
    if "BUYER" in included:
        found["buyer"] = {"buyerName": order.buyer}
    if "RECIPIENT" in included:
        found["recipient"] = {"deliveryAddress": {"name": order.buyer, "postalCode": order.postal_code}}
    if "PROCEEDS" in included and order.status != "PENDING":
        found["proceeds"] = {"grandTotal": {"amount": f"{order.total:.2f}", "currencyCode": place.currency}}
    if "FULFILLMENT" in included:
        found["fulfillment"] = {
            "fulfillmentStatus": order.status,
            "fulfilledBy": "AMAZON" if order.by_amazon else "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
        }
    return found


def _order_item(order: Order, item: OrderItem, included: frozenset[str], options: Options) -> Json:
    ordered = item.quantity
    if options.cancelled_quantity == "zero":
        ordered -= item.cancelled
    found: Json = {
        "orderItemId": item.id,
        "quantityOrdered": ordered,
        "product": {"asin": item.asin, "title": item.title, "sellerSku": item.sku},
    }
    if "FULFILLMENT" in included:
        found["fulfillment"] = {
            "quantityFulfilled": item.shipped,
            # As the old API does it: while payment is open nothing counts as waiting for shipment.
            "quantityUnfulfilled": 0 if order.status == "PENDING" else item.unshipped,
        }
    if "CANCELLATION" in included:
        cancellation: Json = {}
        if order.cancel_requested:
            cancellation["cancellationRequest"] = {"requester": "BUYER", "cancelReason": "ORDERED_BY_MISTAKE"}
        if item.cancelled:
            cancellation["cancellationExecution"] = {"cancelledBy": "SELLER"}
        if cancellation:
            found["cancellation"] = cancellation
    return found


def held_json(item: Item, *, details: bool) -> Json:
    """Return an inventory summary of Amazon's warehouses."""
    held = item.held
    found: Json = {
        "asin": item.asin,
        "fnSku": item.fnsku,
        "sellerSku": item.sku,
        "condition": "NewItem",
        "lastUpdatedTime": iso(held.updated_at),
        "productName": item.title,
        "totalQuantity": held.total,
    }
    if details:
        found["inventoryDetails"] = {
            "fulfillableQuantity": held.fulfillable,
            "inboundWorkingQuantity": 0,
            "inboundShippedQuantity": held.inbound,
            "inboundReceivingQuantity": 0,
            "reservedQuantity": {
                "totalReservedQuantity": held.reserved,
                "pendingCustomerOrderQuantity": held.reserved,
                "pendingTransshipmentQuantity": 0,
                "fcProcessingQuantity": 0,
            },
            "researchingQuantity": {"totalResearchingQuantity": 0, "researchingQuantityBreakdown": []},
            "unfulfillableQuantity": {"totalUnfulfillableQuantity": held.unfulfillable},
        }
    return found

"""Records as Ecwid's JSON, field by field as its reference documents them."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.ecwid.records import Line, Order, Product, Variation, pool_of
from sandbox.server import Json


def date_text(seconds: float) -> str:
    """Return ``2024-09-04 07:20:12 +0000`` for UNIX seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M:%S +0000")


def product_json(product: Product) -> Json:
    """Return a product with its variations. The ``quantity`` key is absent while stock is unlimited."""
    found: Json = {"id": product.id, "sku": product.sku}
    if not product.unlimited:
        found["quantity"] = product.quantity
    found |= {
        "unlimited": product.unlimited,
        "inStock": _in_stock(product),
        "name": product.name,
        "price": product.price,
        "defaultDisplayedPrice": product.price,
        "isShippingRequired": not product.is_gift_card,
        "weight": product.weight,
        "enabled": product.enabled,
        "description": product.description,
        "warningLimit": product.warning_limit,
        "outOfStockVisibilityBehaviour": product.out_of_stock,
        "minPurchaseQuantity": product.min_purchase,
        "maxPurchaseQuantity": product.max_purchase,
        "isSampleProduct": product.is_sample,
        "isGiftCard": product.is_gift_card,
        "productClassId": 0,
        "attributes": _attributes(product.barcode),
        "created": date_text(product.created_at),
        "createTimestamp": int(product.created_at),
        "updated": date_text(product.updated_at),
        "updateTimestamp": int(product.updated_at),
        "options": [_option_json(name, values) for name, values in product.options.items()],
        "defaultCombinationId": product.variations[0].id if product.variations else 0,
        "combinations": [variation_json(product, each) for each in product.variations],
    }
    if product.external_reference:
        found["externalReferenceId"] = product.external_reference
    if product.components:
        found["compositeComponents"] = [dict(each) for each in product.components]
    return found


def variation_json(product: Product, variation: Variation) -> Json:
    """Return one variation; without a SKU of its own it mirrors the product's stock and shows no ``sku``."""
    pool = pool_of(product, variation)
    found: Json = {
        "id": variation.id,
        "combinationNumber": variation.number,
        "options": [
            {
                "name": name,
                "nameTranslated": {"en": name},
                "value": value,
                "valueTranslated": {"en": value},
            }
            for name, value in variation.options.items()
        ],
    }
    if variation.sku:
        found["sku"] = variation.sku
    if not pool.unlimited:
        found["quantity"] = pool.quantity
    price = product.price if variation.price is None else variation.price
    found |= {
        "unlimited": pool.unlimited,
        "inStock": pool.unlimited or pool.quantity > 0,
        "price": price,
        "defaultDisplayedPrice": price,
        "warningLimit": variation.warning_limit,
        "outOfStockVisibilityBehaviour": variation.out_of_stock,
        "attributes": _attributes(variation.barcode),
    }
    return found


def order_json(order: Order) -> Json:
    """Return an order with its lines."""
    refunded = round(sum(refund.amount for refund in order.refunds), 2)
    return {
        "id": order.id,
        "internalId": order.internal_id,
        "orderNumber": order.internal_id,
        "vendorOrderNumber": order.id,
        "email": order.email,
        "paymentStatus": order.payment_status,
        "fulfillmentStatus": order.fulfilment_status,
        "paymentMethod": "Simulated card",
        "subtotal": order.total,
        "total": order.total,
        "tax": 0,
        "refundedAmount": refunded,
        "refunds": [
            {
                "date": date_text(refund.at),
                "source": refund.source,
                "reason": refund.reason,
                "amount": refund.amount,
            }
            for refund in order.refunds
        ],
        "createDate": date_text(order.created_at),
        "createTimestamp": int(order.created_at),
        "updateDate": date_text(order.updated_at),
        "updateTimestamp": int(order.updated_at),
        "hidden": order.payment_status == "INCOMPLETE",
        "trackingNumber": order.tracking,
        "externalOrderId": order.external_id,
        "privateAdminNotes": order.private_notes,
        "shippingPerson": {"name": order.buyer, "countryCode": "IE", "city": "Dublin"},
        "shippingOption": {"shippingMethodName": "Standard delivery", "shippingRate": 0},
        "items": [line_json(line) for line in order.lines],
    }


def line_json(line: Line) -> Json:
    found: Json = {"id": line.id, "productId": line.product_id}
    if line.combination_id is not None:
        found["combinationId"] = line.combination_id
    found |= {
        "name": line.name,
        "sku": line.sku,
        "price": line.price,
        "productPrice": line.price,
        "quantity": line.quantity,
        "quantityInStock": line.in_stock_before,
        "trackQuantity": line.track_quantity,
        "isPreorder": line.is_preorder,
        "isShippingRequired": True,
        "digital": False,
        "selectedOptions": [
            {
                "name": name,
                "type": "CHOICE",
                "value": value,
                "valuesArray": [value],
                "selections": [{"selectionTitle": value, "selectionModifier": 0, "selectionModifierType": "ABSOLUTE"}],
            }
            for name, value in line.options.items()
        ],
    }
    return found


def _in_stock(product: Product) -> bool:
    pools = [product, *(pool_of(product, each) for each in product.variations)]
    return any(pool.unlimited or pool.quantity > 0 for pool in pools)


def _option_json(name: str, values: list[str]) -> Json:
    return {
        "type": "SELECT",
        "name": name,
        "choices": [{"text": value, "priceModifier": 0, "priceModifierType": "ABSOLUTE"} for value in values],
        "defaultChoice": 0,
        "required": True,
    }


def _attributes(barcode: str) -> list[Json]:
    return [{"id": 1, "name": "UPC", "type": "UPC", "value": barcode, "show": "DESCR"}] if barcode else []

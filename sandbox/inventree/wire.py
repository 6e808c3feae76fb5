"""Rows as InvenTree writes them, every field of them."""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.inventree.store import (
    STATUSES,
    Allocation,
    Location,
    Part,
    SalesOrder,
    Shipment,
    StockItem,
    Store,
)

Json = dict[str, Any]
_BLANK = "/static/img/blank_image.thumbnail.png"
_LABELS = {key: label for key, _name, label, _colour in STATUSES}
_COUNTS = (
    "allocated_to_build_orders",
    "allocated_to_sales_orders",
    "building",
    "scheduled_to_build",
    "in_stock",
    "ordering",
    "required_for_build_orders",
    "required_for_sales_orders",
    "stock_item_count",
    "total_in_stock",
    "external_stock",
    "unallocated_stock",
    "variant_stock",
    "revision_count",
)


def server_json(name: str, store: Store) -> Json:
    """Return what the server says of itself to everyone."""
    return {
        "server": "InvenTree",
        "id": None,
        "version": "1.5.0 dev",
        "instance": name,
        "apiVersion": 530,
        "worker_running": store.worker_running,
        "worker_count": 1 if store.worker_running else 0,
        "worker_pending_tasks": 1,
        "plugins_enabled": False,
        "plugins_install_disabled": True,
        "email_configured": False,
        "debug_mode": False,
        "docker_mode": False,
        "default_locale": "en-us",
        "customize": {
            "logo": "/static/img/inventree.png",
            "splash": "/static/img/inventree_splash.jpg",
            "login_message": None,
            "navbar_message": None,
            "disable_theme_storage": False,
        },
        "active_plugins": False,
        "system_health": None,
        "database": None,
        "platform": None,
        "installer": None,
        "target": None,
        "django_admin": None,
        "settings": {
            "sso_registration": False,
            "registration_enabled": False,
            "password_forgotten_enabled": True,
        },
    }


def barcode_hash(data: str) -> str:
    return hashlib.md5(data.encode(), usedforsecurity=False).hexdigest() if data else ""


def full_name(part: Part) -> str:
    return f"{part.ipn} | {part.name}" if part.ipn else part.name


def part_json(store: Store, part: Part, *, detail: bool = False) -> Json:
    """Return a part as its list does; ``detail``: as its own address does."""
    own = [item for item in store.items.values() if item.part == part.pk]
    variants = store.variants(part.pk)
    below = sum(item.quantity for item in store.items.values() if item.part in variants and item.in_stock)
    in_stock = sum((item.quantity for item in own if item.in_stock), 0.0)
    external = {each.pk for each in store.locations.values() if each.external}
    allocated = sum(store.allocated(item) for item in own)
    shown: Json = {
        "active": part.active,
        "assembly": False,
        "barcode_hash": barcode_hash(part.barcode),
        "category": 1,
        "category_name": "Finished goods",
        "component": False,
        "creation_date": store.stamp[:10],
        "creation_user": 1,
        "default_expiry": 0,
        "default_location": None,
        "description": part.name,
        "full_name": full_name(part),
        "image": None,
        "IPN": part.ipn,
        "is_template": part.is_template,
        "keywords": None,
        "link": None,
        "locked": False,
        "minimum_stock": part.minimum_stock,
        "maximum_stock": 0.0,
        "name": part.name,
        "pk": part.pk,
        "purchaseable": True,
        "revision": "",
        "revision_of": None,
        "revision_count": 0,
        "salable": part.salable,
        "starred": False,
        "thumbnail": _BLANK,
        "testable": False,
        "trackable": part.trackable,
        "units": part.units,
        "variant_of": part.variant_of,
        "virtual": part.virtual,
        "consumable": False,
        "pricing_min": None,
        "pricing_max": None,
        "pricing_updated": part.pricing_updated,
        "responsible": None,
        "allocated_to_build_orders": 0.0,
        "allocated_to_sales_orders": float(allocated),
        "building": 0.0,
        "scheduled_to_build": 0.0,
        "category_default_location": None,
        "in_stock": in_stock,
        "ordering": 0.0,
        "required_for_build_orders": 0,
        "required_for_sales_orders": 0,
        "stock_item_count": len(own),
        "total_in_stock": in_stock + below,
        "external_stock": float(sum(i.quantity for i in own if i.in_stock and i.location in external)),
        "unallocated_stock": in_stock + below - allocated,
        "variant_stock": float(below),
    }
    if detail:
        shown["notes"] = None
    return shown


def bare_part_json(store: Store, part: Part) -> Json:
    """Return a part as a barcode scan does: nothing is counted."""
    return {**part_json(store, part, detail=True), **dict.fromkeys(_COUNTS)}


def part_brief_json(part: Part) -> Json:
    """Return a part as it stands beside a stock row."""
    return {
        "pk": part.pk,
        "IPN": part.ipn,
        "barcode_hash": barcode_hash(part.barcode),
        "category_default_location": None,
        "default_location": None,
        "default_expiry": 0,
        "name": part.name,
        "revision": "",
        "full_name": full_name(part),
        "description": part.name,
        "image": None,
        "thumbnail": _BLANK,
        "active": part.active,
        "locked": False,
        "assembly": False,
        "component": False,
        "minimum_stock": f"{part.minimum_stock:.6f}",
        "is_template": part.is_template,
        "purchaseable": True,
        "salable": part.salable,
        "testable": False,
        "trackable": part.trackable,
        "virtual": part.virtual,
        "consumable": False,
        "units": part.units,
        "pricing_min": None,
        "pricing_max": None,
    }


def requirements_json(store: Store, part: Part) -> Json:
    shown = part_json(store, part)
    return {
        "total_stock": shown["total_in_stock"],
        "unallocated_stock": shown["unallocated_stock"],
        "can_build": 0.0,
        "ordering": 0.0,
        "building": 0.0,
        "scheduled_to_build": 0,
        "required_for_build_orders": 0.0,
        "allocated_to_build_orders": 0.0,
        "required_for_sales_orders": 0.0,
        "allocated_to_sales_orders": shown["allocated_to_sales_orders"],
    }


def location_json(store: Store, location: Location) -> Json:
    below = store.within(location.pk)
    level, parent = 0, location.parent
    while parent is not None:
        level, parent = level + 1, store.locations[parent].parent
    return {
        "pk": location.pk,
        "barcode_hash": "",
        "name": location.name,
        "level": level,
        "description": location.description,
        "parent": location.parent,
        "pathstring": store.path(location),
        "items": sum(item.location in below for item in store.items.values()),
        "sublocations": sum(each.parent == location.pk for each in store.locations.values()),
        "owner": None,
        "icon": "",
        "custom_icon": None,
        "structural": location.structural,
        "external": location.external,
        "location_type": None,
        "location_type_detail": None,
    }


def item_json(store: Store, item: StockItem, *, part_detail: bool, location_detail: bool) -> Json:
    order = store.orders.get(item.sales_order) if item.sales_order is not None else None
    shown: Json = {
        "pk": item.pk,
        "part": item.part,
        "quantity": item.quantity,
        "serial": item.serial,
        "batch": item.batch,
        "location": item.location,
        "belongs_to": None,
        "build": None,
        "consumed_by": None,
        "customer": item.customer,
        "delete_on_deplete": True,
        "expiry_date": None,
        "in_stock": item.in_stock,
        "is_building": False,
        "link": "",
        "notes": None,
        "owner": None,
        "packaging": None,
        "parent": None,
        "purchase_order": None,
        "purchase_order_reference": None,
        "sales_order": item.sales_order,
        "sales_order_reference": order.reference if order else None,
        "status": item.status,
        "status_text": _LABELS[item.status],
        "status_custom_key": item.status,
        "supplier_part": None,
        "SKU": None,
        "MPN": None,
        "barcode_hash": "",
        "creation_date": store.stamp,
        "stocktake_date": None,
        "updated": store.stamp,
        "purchase_price": None,
        "purchase_price_currency": "USD",
        "allocated": float(store.allocated(item)),
        "expired": False,
        "installed_items": 0,
        "child_items": 0,
        "stale": False,
        "tracking_items": 1,
    }
    if part_detail:
        shown["part_detail"] = part_brief_json(store.parts[item.part])
    if location_detail:
        place = store.locations.get(item.location) if item.location is not None else None
        shown["location_detail"] = (
            {"pk": place.pk, "name": place.name, "pathstring": store.path(place)} if place else None
        )
    return shown


def order_json(order: SalesOrder) -> Json:
    return {
        "pk": order.pk,
        "reference": order.reference,
        "customer": 1,
        "customer_reference": order.customer_reference,
        "line_items": len(order.lines),
        "status": 20,
        "status_text": "Shipped",
    }


def shipment_json(store: Store, shipment: Shipment, *, order_detail: bool) -> Json:
    shown: Json = {
        "pk": shipment.pk,
        "order": shipment.order,
        "allocated_items": sum(each.shipment == shipment.pk for each in store.allocations.values()),
        "shipment_date": shipment.shipment_date,
        "delivery_date": None,
        "checked_by": None,
        "reference": shipment.reference,
        "tracking_number": "",
        "invoice_number": "",
        "barcode_hash": "",
        "link": "",
        "notes": None,
    }
    if order_detail:
        shown["order_detail"] = order_json(store.orders[shipment.order])
    return shown


def allocation_json(store: Store, allocation: Allocation, *, part_detail: bool) -> Json:
    item = store.items[allocation.item]
    shown: Json = {
        "pk": allocation.pk,
        "item": item.pk,
        "quantity": allocation.quantity,
        "shipment": allocation.shipment,
        "line": allocation.line,
        "part": item.part,
        "order": store.shipments[allocation.shipment].order,
        "serial": item.serial or "",
        "location": item.location,
    }
    if part_detail:
        shown["part_detail"] = part_brief_json(store.parts[item.part])
    return shown

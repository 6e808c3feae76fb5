"""The schema with its resolvers: what ``graphql-core`` executes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    get_named_type,
)

from sandbox.server import Json
from sandbox.shopify import goods, sales
from sandbox.shopify.access import OF_FIELDS, OF_TYPES, need
from sandbox.shopify.connections import connection
from sandbox.shopify.context import context_of
from sandbox.shopify.errors import TopError, user_error
from sandbox.shopify.gids import gid, number_of, parts
from sandbox.shopify.moments import moment
from sandbox.shopify.records import (
    AdjustmentGroup,
    BulkOperation,
    Change,
    Fulfilment,
    FulfilmentOrder,
    Item,
    Level,
    Line,
    Location,
    Order,
    Product,
    Refund,
    Subscription,
    Variant,
)

Info = GraphQLResolveInfo[Any]
Resolver = Callable[..., Any]

_TYPE_NAMES: dict[type, str] = {
    AdjustmentGroup: "InventoryAdjustmentGroup",
    BulkOperation: "BulkOperation",
    Fulfilment: "Fulfillment",
    FulfilmentOrder: "FulfillmentOrder",
    Item: "InventoryItem",
    Level: "InventoryLevel",
    Line: "LineItem",
    Location: "Location",
    Order: "Order",
    Product: "Product",
    Refund: "Refund",
    Subscription: "WebhookSubscription",
    Variant: "ProductVariant",
}
_APP_ID = 41_900_001


@cache
def schema() -> GraphQLSchema:
    """Return the one schema of the process, resolvers attached."""
    built = build_schema(resources.files("sandbox.shopify").joinpath("schema.graphql").read_text(encoding="utf-8"))
    for table in (_ROOTS, _OWN, goods.RESOLVERS, sales.RESOLVERS):
        for type_name, fields in table.items():
            kind = built.type_map[type_name]
            assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - the tables name object types
            for name, resolver in fields.items():
                kind.fields[name].resolve = resolver
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                _complete(kind, name, field)
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = lambda value, info, abstract: _TYPE_NAMES[type(value)]
    return built


def _complete(kind: GraphQLObjectType, name: str, field: GraphQLField) -> None:
    """Give a field without a resolver one that reads the record, and guard those that need a scope."""
    resolver: Resolver = field.resolve or partial(_read, snake(name))
    named = get_named_type(field.type).name.removesuffix("Connection")
    scopes = OF_FIELDS.get(f"{kind.name}.{name}") or OF_TYPES.get(named, ())
    field.resolve = partial(_guarded, resolver, name, scopes) if scopes else resolver


def _guarded(resolver: Resolver, name: str, scopes: tuple[str, ...], source: Any, info: Info, **sent: Any) -> Any:
    found = resolver(source, info, **sent)
    # What is not there betrays nothing.
    if found is not None:
        need(name, scopes, context_of(info).scopes)
    return found


def _read(attribute: str, source: Any, info: Info, **_: Any) -> Any:
    if isinstance(source, dict):
        return source.get(info.field_name)
    value = getattr(source, attribute)
    return moment(value) if attribute.endswith("_at") and value is not None else value


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


# Nodes ------------------------------------------------------------------------------------------------------------


def node(_: Any, info: Info, *, id: str) -> Any:
    """Return what a global id names, or None. Raises TopError for a text that is no global id."""
    context = context_of(info)
    try:
        kind, number, _item = parts(id)
    except ValueError as error:
        raise TopError("INVALID_VARIABLE", str(error)) from None
    if kind == "InventoryLevel":
        found: Any = goods.level_of(context.shop, id)
    elif kind == "FulfillmentOrder":
        found = sales.fulfilment_order(None, info, id=id)
    elif kind == "Refund":
        found = sales.refund_of(context, number)
    elif kind == "Fulfillment":
        found = sales.fulfilment_of(context, number)
    else:
        tables: dict[str, dict[int, Any]] = {
            "BulkOperation": context.bulk.operations,
            "InventoryItem": context.shop.items,
            "InventoryAdjustmentGroup": context.shop.groups,
            "Location": context.shop.locations,
            "Order": context.shop.orders,
            "Product": context.shop.products,
            "ProductVariant": context.shop.variants,
            "WebhookSubscription": context.webhooks.subscriptions,
        }
        found = tables.get(kind, {}).get(number)
    if found is not None:
        need("node", OF_TYPES.get(kind, ()), context.scopes)
    return found


def nodes(_: Any, info: Info, *, ids: list[str]) -> list[Any]:
    """Return one entry for each id; None for what is not there."""
    if len(ids) > 250:
        message = f"The input array size of {len(ids)} is greater than the maximum allowed of 250."
        raise TopError("MAX_INPUT_SIZE_EXCEEDED", message)
    return [node(None, info, id=each) for each in ids]


# The shop and the app ---------------------------------------------------------------------------------------------


def _shop(_: Any, info: Info) -> Json:
    context = context_of(info)
    return {
        "id": gid("Shop", 61_000_000_001),
        "name": context.name,
        "myshopifyDomain": context.domain,
        "email": f"owner@{context.domain}",
        "currencyCode": context.shop.options.currency,
        "ianaTimezone": "Europe/Dublin",
        "plan": {
            "publicDisplayName": context.shop.options.plan,
            "shopifyPlus": context.shop.options.plan == "Plus",
            "partnerDevelopment": False,
        },
        "primaryDomain": {
            "id": gid("Domain", 62_000_000_001),
            "host": context.domain,
            "url": f"https://{context.domain}",
            "sslEnabled": True,
        },
        "url": f"https://{context.domain}",
        "createdAt": "2024-03-01T09:00:00Z",
    }


def _app() -> Json:
    return {"id": gid("App", _APP_ID), "title": "A custom app", "handle": "a-custom-app"}


def _installation(_: Any, info: Info, **__: Any) -> Json:
    scopes = sorted(context_of(info).scopes)
    handles = [{"handle": each, "description": each.replace("_", " ").capitalize()} for each in scopes]
    return {"id": gid("AppInstallation", 71_900_001), "accessScopes": handles, "app": _app()}


def _versions(_: Any, info: Info) -> list[Json]:
    options = context_of(info).shop.options
    stable = [{"handle": each, "displayName": each, "supported": True} for each in options.versions]
    return [*stable, *({"handle": each, "displayName": each, "supported": False} for each in options.unreleased)]


# Subscriptions and bulk operations --------------------------------------------------------------------------------


def _subscriptions(_: Any, info: Info, **sent: Any) -> Json:
    found = sorted(context_of(info).webhooks.subscriptions.values(), key=lambda each: each.id)
    topics, uri = sent.get("topics"), sent.get("uri") or sent.get("callbackUrl")
    found = [each for each in found if (not topics or each.topic in topics) and (not uri or each.uri == uri)]
    return connection(found, sent, key=lambda each: each.id)


def _subscription(_: Any, info: Info, *, id: str) -> Subscription | None:
    return context_of(info).webhooks.subscriptions.get(number_of(id, "WebhookSubscription") or 0)


def _create_subscription(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    number = context.shop.next_id("WebhookSubscription")
    return context.webhooks.create(sent["topic"], sent["webhookSubscription"], scopes=context.scopes, number=number)


def _bulk_operations(_: Any, info: Info, **sent: Any) -> Json:
    found = sorted(context_of(info).bulk.operations.values(), key=lambda each: each.id)
    return connection(found, sent, key=lambda each: each.id)


def _bulk_operation(_: Any, info: Info, *, id: str) -> BulkOperation | None:
    return context_of(info).bulk.operations.get(number_of(id, "BulkOperation") or 0)


def _current_bulk_operation(_: Any, info: Info, **__: Any) -> BulkOperation | None:
    return next(reversed(context_of(info).bulk.operations.values()), None)


def _bulk_url(found: BulkOperation, info: Info) -> str | None:
    if found.status != "COMPLETED" or not found.objects:
        return None
    return f"{context_of(info).base_url}/bulk/{found.id}.jsonl?signature={found.secret}"


# Mutations --------------------------------------------------------------------------------------------------------


def _run_bulk(_: Any, info: Info, *, query: str, groupObjects: bool) -> Json:
    context = context_of(info)

    def carry_out(document: DocumentNode, scopes: frozenset[str]) -> Json:
        return context.api.data_of(document, replace(context, scopes=scopes, is_bulk=True, warnings=[]))

    number = context.shop.next_id("BulkOperation")
    return context.bulk.run(query, schema=info.schema, number=number, execute=carry_out, scopes=context.scopes)


def _changes(group: AdjustmentGroup, info: Info, **sent: Any) -> list[Change]:
    names, items, places = sent.get("quantityNames"), sent.get("inventoryItemIds"), sent.get("locationIds")
    return [
        change
        for change in group.changes
        if (names is None or change.name in names)
        and (items is None or gid("InventoryItem", change.item_id) in items)
        and (places is None or gid("Location", change.location_id) in places)
    ]


def _set(_: Any, info: Info, *, input: Json) -> Json:
    context = context_of(info)
    return context.keys.once(info, input, "inventoryAdjustmentGroup", lambda: context.quantities.set(input))


def _set_on_hand(_: Any, info: Info, *, input: Json) -> Json:
    context = context_of(info)
    act = partial(context.quantities.set, input, entries="setQuantities")
    return context.keys.once(info, input, "inventoryAdjustmentGroup", act)


def _adjust(_: Any, info: Info, *, input: Json) -> Json:
    context = context_of(info)
    return context.keys.once(info, input, "inventoryAdjustmentGroup", lambda: context.quantities.adjust(input))


def _move(_: Any, info: Info, *, input: Json) -> Json:
    context = context_of(info)
    return context.keys.once(info, input, "inventoryAdjustmentGroup", lambda: context.quantities.move(input))


def _activate(_: Any, info: Info, **sent: Any) -> Json:
    context = context_of(info)
    return context.keys.once(info, sent, "inventoryLevel", lambda: context.quantities.activate(sent))


def _deactivate(_: Any, info: Info, **sent: Any) -> Json:
    return context_of(info).quantities.deactivate(sent["inventoryLevelId"])


def _update_item(_: Any, info: Info, *, id: str, input: Json) -> Json:
    shop = context_of(info).shop
    item = shop.items.get(number_of(id, "InventoryItem") or 0)
    if item is None:
        gone = [user_error("The inventory item could not be found.", ["id"])]
        return {"inventoryItem": None, "userErrors": gone}
    for variant in shop.variants_of(item):
        variant.sku = input.get("sku", variant.sku) or ""
    item.requires_shipping = input.get("requiresShipping", item.requires_shipping)
    shop.set_tracked(item.id, tracked=input.get("tracked", item.tracked))
    return {"inventoryItem": item, "userErrors": []}


_ROOTS: dict[str, dict[str, Resolver]] = {
    "QueryRoot": {
        "app": lambda _, info, **sent: _app(),
        "appInstallation": _installation,
        "bulkOperation": _bulk_operation,
        "bulkOperations": _bulk_operations,
        "currentAppInstallation": _installation,
        "currentBulkOperation": _current_bulk_operation,
        "fulfillmentOrder": sales.fulfilment_order,
        "inventoryItem": goods.inventory_item,
        "inventoryItems": goods.inventory_items,
        "inventoryLevel": goods.inventory_level,
        "inventoryProperties": lambda _, info: {},
        "location": goods.location,
        "locations": goods.locations,
        "node": node,
        "nodes": nodes,
        "order": sales.order,
        "orders": sales.orders,
        "ordersCount": lambda _, info, **sent: goods.count(info, len(context_of(info).shop.orders), sent),
        "product": goods.product,
        "productVariant": goods.product_variant,
        "productVariants": goods.product_variants,
        "productVariantsCount": lambda _, info, **sent: goods.count(info, len(context_of(info).shop.variants), sent),
        "products": goods.products,
        "productsCount": lambda _, info, **sent: goods.count(info, len(context_of(info).shop.products), sent),
        "publicApiVersions": _versions,
        "shop": _shop,
        "webhookSubscription": _subscription,
        "webhookSubscriptions": _subscriptions,
        "webhookSubscriptionsCount": lambda _, info, **sent: goods.count(
            info, len(context_of(info).webhooks.subscriptions), sent
        ),
    },
    "Mutation": {
        "bulkOperationCancel": lambda _, info, *, id: context_of(info).bulk.cancel(number_of(id, "BulkOperation") or 0),
        "bulkOperationRunQuery": _run_bulk,
        "inventoryActivate": _activate,
        "inventoryAdjustQuantities": _adjust,
        "inventoryDeactivate": _deactivate,
        "inventoryItemUpdate": _update_item,
        "inventoryMoveQuantities": _move,
        "inventorySetOnHandQuantities": _set_on_hand,
        "inventorySetQuantities": _set,
        "webhookSubscriptionCreate": _create_subscription,
        "webhookSubscriptionDelete": lambda _, info, *, id: context_of(info).webhooks.delete(id),
        "webhookSubscriptionUpdate": lambda _, info, *, id, webhookSubscription: context_of(info).webhooks.update(
            id, webhookSubscription
        ),
    },
}
_OWN: dict[str, dict[str, Resolver]] = {
    "InventoryProperties": {"quantityNames": goods.quantity_names},
    "InventoryAdjustmentGroup": {
        "id": lambda group, info: gid("InventoryAdjustmentGroup", group.id),
        "referenceDocumentUri": lambda group, info: group.document,
        "app": lambda group, info: _app(),
        "changes": _changes,
    },
    "InventoryChange": {
        "ledgerDocumentUri": lambda change, info: change.document,
        # Null for set and adjust: read the level to know.
        "quantityAfterChange": lambda change, info: None,
        "item": lambda change, info: context_of(info).shop.items.get(change.item_id),
        "location": lambda change, info: context_of(info).shop.locations.get(change.location_id),
    },
    "WebhookSubscription": {
        "id": lambda each, info: gid("WebhookSubscription", each.id),
        "legacyResourceId": lambda each, info: each.id,
        "callbackUrl": lambda each, info: each.uri,
        "format": lambda each, info: "JSON",
        "apiVersion": lambda each, info: {
            "handle": context_of(info).webhooks.version,
            "displayName": context_of(info).webhooks.version,
            "supported": True,
        },
    },
    "BulkOperation": {
        "id": lambda each, info: gid("BulkOperation", each.id),
        "objectCount": lambda each, info: str(each.objects),
        "rootObjectCount": lambda each, info: str(each.roots),
        "fileSize": lambda each, info: str(len(each.rows)) if each.rows else None,
        "url": _bulk_url,
        "partialDataUrl": lambda each, info: None,
        "type": lambda each, info: "QUERY",
    },
}

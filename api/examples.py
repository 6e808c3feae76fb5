"""An example of each body, put together from one value per name: a name means the same wherever it stands.

Nobody writes an example by hand, so none can be forgotten or grow old; tests check each against its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.webhooks.kinds import KINDS

_MOMENT: Final = "2026-11-21T09:30:00Z"
_UUID: Final = "5f3c1f0e-8a55-4a8f-9d3c-2f1f6f0f7a11"
_SKU, _MAIN = "TEE-BLK-M", "MAIN"

# By the name of the field; "Component.name" where one component means something of its own by it.
VALUES: Final[Mapping[str, Any]] = {
    "account_name": "North Street Shop",
    "account_ref": "1003",
    "accounted": 8,
    "accounted_before": 9,
    "action": "channel.mode",
    "actor": "user:ana",
    "after": {"mode": "live"},
    "answer": "ok",
    "asked": 9,
    "attempts": 1,
    "available": 8,
    "available_after": 8,
    "barcode": "4006381333931",
    "base_url": "https://app.ecwid.com/api/v3",
    "before": {"mode": "observe"},
    "body": '{"eventType": "order.created"}',
    "breaker_percent": 50,
    "breaker_zeros": 50,
    "calls": 12,
    "changes": 3,
    "channel": 2,
    "choices": [],
    "code": _SKU,
    "confidence": 100,
    "content": "sku,location,on_hand\nTEE-BLK-M,MAIN,12\n",
    "counted": 7,
    "cron": "30 2 * * *",
    "credentials": {"store_id": "1003", "token": "secret_…", "client_secret": "…"},
    "days_left": 5,
    "data": dict(KINDS["stock.available_changed"].sample),
    "default_base_url": "https://app.ecwid.com/api/v3",
    "delivery_id": "a1b2c3",
    "delta": -1,
    "destination": "SHOP",
    "due": 40,
    "event": "stock.available_changed",
    "expected": 8,
    "external_sku": _SKU,
    "field": "lines[0].units",
    "fulfilled": 0,
    "id": 41,
    "installation": "https://stock.example.com",
    "is_required": True,
    "key": "damage-12",
    "kept_by": "",
    "kind": "receipt",
    "kinds": ["stock.available_changed", "order.reserved"],
    "known": 40,
    "label": "Store id",
    "last_status": 200,
    "line_id": "1",
    "listing": 17,
    "listings_read": 40,
    "location": "SHOP",
    "low_at": 5,
    "lowered": 2,
    "mapping": "mapped",
    "mapping_reason": "The codes are equal.",
    "message": "Send a whole number, not text.",
    "milliseconds": 84,
    "mode": "observe",
    "name": "Black tee, M",
    "number": "#7042",
    "on_hand": 12,
    "on_hand_after": 12,
    "on_hand_delta": 40,
    "options": {},
    "order": "#7042",
    "ordered": 2,
    "parked_at": None,
    "plan": "Business",
    "platform": "ecwid",
    "poll_seconds": 300,
    "prefix": "evk_1a2b3c4d",
    "price": "19.9000",
    "priority": 1,
    "problem": "",
    "product_ref": "5001",
    "products_read": 38,
    "quantity": 2,
    "raised": 1,
    "reading": None,
    "reason": "Water damage",
    "receipt": "200",
    "ref": "7042",
    "reference": "Quote 1042",
    "reporter": "api:ana/Warehouse app",
    "reserved": 4,
    "reserved_after": 4,
    "sale_id": "T1-88",
    "scopes": ["stock:read"],
    "secret": "whsec_…",
    "sellable": True,
    "shipment_id": "SHP-88",
    "shown": 8,
    "sku": _SKU,
    "sold": 2,
    "source": _UUID,
    "subject": "sku:41:warehouse:1",
    "tag": "own",
    "tags": "own",
    "target": 8,
    "target_url": "https://hooks.zapier.com/hooks/standard/1/abc/",
    "till": "T1",
    "title": "Black tee, M",
    "token_name": "Shop",
    "topic": "order.created",
    "total": 40,
    "tracked": True,
    "type": "stock.available_changed",
    "units": 4,
    "url": "https://shop.example.com/tee",
    "username": "ana",
    "version": 90217,
    "warehouse": _MAIN,
    "webhook_url": f"https://stock.example.com/webhooks/ecwid/{_UUID}/",
    # What means something of its own
    "AskedField.name": "store_id",
    "AskedField.help": "It stands at the foot of the control panel.",
    "ConnectSourceRequest.base_url": "https://wms.example.com/evenkeel",
    "ConnectSourceRequest.credentials": {"token": "…"},
    "ConnectSourceRequest.kind": "wms",
    "ConnectSourceRequest.name": "Quay warehouse",
    "Kind.kind": "wms",
    "Kind.name": "Warehouse system",
    "LocationItem.ref": "Q1",
    "PullProblem.kind": "unknown-sku",
    "Source.kind": "wms",
    "Source.name": "Quay warehouse",
    "Source.warehouses": ["MAIN"],
    "SourceChange.name": "Quay warehouse",
    "SourceLocation.ref": "Q1",
    "SourceLocation.name": "Quay 1",
    "TrySourceRequest.base_url": "https://wms.example.com/evenkeel",
    "TrySourceRequest.credentials": {"token": "…"},
    "TrySourceRequest.kind": "wms",
    "FileRequest.name": "stock.csv",
    "CountChange.after": 7,
    "CountChange.before": 8,
    "CountBatch.kind": "file",
    "CountFileRequest.content": "sku,warehouse,on_hand\nTEE-BLK-M,MAIN,7\n",
    "CountFileRequest.name": "counts.csv",
    "BackorderRequest.lines": [41],
    "CountTask.reason": "Not seen for a year",
    "CountTaskRequest.reason": "Not seen for a year",
    "FetchRequest.orders": [41],
    "GoLiveRequest.listings": [17],
    "ReplayRequest.events": [41],
    "RetryRequest.listings": [17],
    "Schedule.nightly": [2],
    "ScheduleChange.nightly": [2],
    "Sandbox.obstacles": [],
    "MappingFileRequest.content": "channel,listing,sku\nNorth,5001,TEE-BLK-M\n",
    "MappingFileRequest.name": "mappings.csv",
    "MappingRun.kind": "file",
    "MergePreview.into": "TEE-BLACK-M",
    "MergePreview.levels": [{"warehouse": _MAIN, "on_hand": 12, "reserved": 4, "unsellable": 0, "available": 8}],
    "MergePreview.obstacles": [],
    "MergeRequest.into": "TEE-BLACK-M",
    "MergedPart.bundle": "GIFT-BOX",
    "MergedQuantity.after": 8,
    "MergedQuantity.before": 4,
    "SoldTwice.listings": [17, 18],
    "Change.subject": "channel:2",
    "Channel.name": "North",
    "Channel.options": {"taken_at": "paid"},
    "ChannelBrief.name": "North",
    "ChannelBrief.id": 2,
    "ChannelChange.name": "North",
    "ConnectRequest.name": "North",
    "Endpoint.name": "Shop system",
    "Endpoint.url": "https://shop.example.com/hooks/stock",
    "EndpointRequest.name": "Shop system",
    "EndpointRequest.url": "https://shop.example.com/hooks/stock",
    "Event.id": "evt_90217",
    "Hook.id": _UUID,
    "MirrorRequest.code": "FBA",
    "NewEndpoint.name": "Shop system",
    "NewEndpoint.url": "https://shop.example.com/hooks/stock",
    "Me.label": "ana at stock.example.com",
    "OrderLine.ref": "1",
    "Platform.name": "Ecwid",
    "Push.key": _UUID,
    "SaleLine.kind": "sale",
    "Term.label": "On hand in MAIN",
    "Token.name": "Shop",
    "TransferRequest.source": _MAIN,
    "Warehouse.code": _MAIN,
    "Warehouse.name": "Main warehouse",
}
_FORMATS: Final = {"date-time": _MOMENT, "uuid": _UUID, "uri": "https://stock.example.com/", "decimal": "19.9000"}
_PLAIN: Final[Mapping[str, Any]] = {"string": "", "integer": 0, "number": 0, "boolean": False, "object": {}}
_PROBLEMS: Final[Mapping[str, tuple[str, str]]] = {
    "400": ("invalid-input", "lines[0].units: Send a whole number, not text."),
    "401": ("unauthorized", "The token is not valid, or was revoked."),
    "403": ("missing-scope", "This token lacks the scope stock:write."),
    "404": ("not-found", "Not found."),
    "409": ("insufficient-stock", "Not enough stock: TEE-BLK-M in MAIN: asked 9, available 8."),
    "413": ("body-too-large", "The body is larger than 1048576 bytes. Send it in parts."),
    "415": ("unsupported-media-type", "Unsupported media type “text/plain” in request."),
    "422": ("idempotency-key-reused", "This Idempotency-Key was used before with another body."),
    "429": ("too-many-requests", "Request was throttled. Expected available in 12 seconds."),
    "502": ("other-side-away", "The store did not answer within 15 seconds."),
    "503": ("other-side-busy", "The store asks us to wait 20 seconds."),
}


def example_of(schema: Mapping[str, Any], components: Mapping[str, Any], *, status: str = "") -> Any:
    """Return what a body of ``schema`` may look like: what is sent, or what is answered with ``status``."""
    if status in _PROBLEMS:
        name, detail = _PROBLEMS[status]
        errors = [{"field": "lines[0].units", "message": VALUES["message"]}] if status == "400" else []
        body = {
            "type": f"urn:evenkeel:problem:{name}",
            "title": name.replace("-", " ").capitalize(),
            "status": int(status),
            "detail": detail,
            "errors": errors,
        }
        short = {"sku": _SKU, "warehouse": _MAIN, "asked": 9, "available": 8}
        return {**body, "shortages": [short]} if status == "409" else body
    return _value("", "", schema, components, is_sent=not status)


def _value(
    component: str, name: str, schema: Mapping[str, Any], components: Mapping[str, Any], *, is_sent: bool
) -> Any:
    kinds = schema.get("type")
    kind = next((each for each in kinds if each != "null"), "null") if isinstance(kinds, list) else kinds
    is_null = isinstance(kinds, list) and "null" in kinds
    inner = next((each for key in ("allOf", "oneOf", "anyOf") for each in schema.get(key, ())), None)
    if inner is not None and "$ref" in inner:
        return _value(component, name, inner, components, is_sent=is_sent)
    if "$ref" in schema:
        target = schema["$ref"].rpartition("/")[2]
        told = target if "properties" in components[target] else component
        return _value(told, name, components[target], components, is_sent=is_sent)
    if "properties" in schema:
        return {
            key: _value(component, key, part, components, is_sent=is_sent)
            for key, part in schema["properties"].items()
            if not part.get("readOnly" if is_sent else "writeOnly")
        }
    for said in (f"{component.removeprefix('Patched')}.{name}", name):
        if said in VALUES and _fits(VALUES[said], schema, kind, is_null=is_null):
            return VALUES[said]
    if schema.get("enum"):
        return schema["enum"][0]
    if kind == "array":
        return [_value(component, name, schema["items"], components, is_sent=is_sent)]
    if is_null or kind is None:
        return None
    plain = _FORMATS.get(schema.get("format", ""), _PLAIN.get(kind))
    return max(plain, schema.get("minimum", plain)) if isinstance(plain, int) else plain


def _fits(value: Any, schema: Mapping[str, Any], kind: str | None, *, is_null: bool) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    if value is None:
        return is_null
    if "$ref" in schema.get("items", {}):
        return False  # its items are put together from their own names
    if schema.get("format") in {"date-time", "uuid"}:
        return isinstance(value, str) and (schema["format"] != "uuid" or value == _UUID)
    types = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "number": int}
    return kind is None or (
        isinstance(value, types.get(kind, object)) and isinstance(value, bool) == (kind == "boolean")
    )

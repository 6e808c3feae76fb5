"""The mutations that write quantities: set, adjust, move, activate, deactivate. Call with the shop's lock held."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sandbox.faults import Faults
from sandbox.server import Json
from sandbox.shopify.errors import TopError, user_error
from sandbox.shopify.gids import number_of, parts
from sandbox.shopify.records import AdjustmentGroup, Change
from sandbox.shopify.shop import LIMIT, Shop

MOST = 250
REASONS = frozenset(
    [
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    ]
)
ADJUSTED = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+")
_GROUP = "inventoryAdjustmentGroup"


class Quantities:
    """Writes to levels. A refusal changes nothing."""

    def __init__(self, shop: Shop, faults: Faults) -> None:
        self._shop = shop
        self._faults = faults

    def set(self, sent: Json, *, entries: str = "quantities") -> Json:
        """``inventorySetQuantities``: each entry is compared with what it changes from, then all are written."""
        given: list[Json] = sent[entries]
        kind = "InventoryQuantityInput" if entries == "quantities" else "InventorySetQuantityInput"
        self._refuse_shape(given, entries, kind)
        name = sent.get("name", "on_hand")
        errors = self._head_errors(sent, name, ("available", "on_hand"), "INVALID_NAME")
        errors += self._repeated(given, entries)
        for index, entry in enumerate(given):
            errors += self._place_errors(entry, ("input", entries, str(index)))
            errors += _bounds(entry["quantity"], name, ("input", entries, str(index), "quantity"))
        if errors:
            return {_GROUP: None, "userErrors": errors}
        stale = self._stale(given, entries, name)
        if stale and self._shop.options.stale_refuses == "call":
            return {_GROUP: None, "userErrors": list(stale.values())}
        action = self._shop.action()
        changes: list[Change] = []
        for index, entry in enumerate(given):
            if index not in stale:
                item_id, location_id = _place(entry)
                delta = entry["quantity"] - self._present(entry, name)
                changes += self._write(item_id, location_id, name, delta, action)
        return self._group(sent, changes, list(stale.values()))

    def adjust(self, sent: Json) -> Json:
        """``inventoryAdjustQuantities``: each entry moves a quantity by its delta."""
        given: list[Json] = sent["changes"]
        self._refuse_shape(given, "changes", "InventoryChangeInput")
        name = sent["name"]
        errors = self._head_errors(sent, name, ADJUSTED, None)
        for index, entry in enumerate(given):
            errors += self._place_errors(entry, ("input", "changes", str(index)))
            errors += _document_errors(entry.get("ledgerDocumentUri"), name, ("input", "changes", str(index)))
        if errors:
            return {_GROUP: None, "userErrors": errors}
        stale = self._stale(given, "changes", name)
        if stale:
            return {_GROUP: None, "userErrors": list(stale.values())}
        action = self._shop.action()
        changes: list[Change] = []
        for entry in given:
            changes += self._write(*_place(entry), name, entry["delta"], action, entry.get("ledgerDocumentUri"))
        return self._group(sent, changes, [])

    def move(self, sent: Json) -> Json:
        """``inventoryMoveQuantities``: units change their name at one location."""
        errors = self._head_errors(sent, "available", ("available",), None)
        for index, change in enumerate(sent["changes"]):
            where = ("input", "changes", str(index))
            if change["from"]["locationId"] != change["to"]["locationId"]:
                errors.append(user_error("The locations must be the same.", where, "DIFFERENT_LOCATIONS"))
            if change["from"]["name"] == change["to"]["name"]:
                errors.append(user_error("The quantity names can't be the same.", where, "SAME_QUANTITY_NAME"))
            for end in ("from", "to"):
                self._refuse_shape([change[end]], "changes", "InventoryMoveQuantityTerminalInput")
                if change[end]["name"] not in ADJUSTED:
                    errors.append(user_error("The quantity name is invalid.", (*where, end), "INVALID_QUANTITY_NAME"))
                place = {"inventoryItemId": change["inventoryItemId"], "locationId": change[end]["locationId"]}
                errors += self._place_errors(place, where)
        if errors:
            return {_GROUP: None, "userErrors": errors}
        action = self._shop.action()
        changes: list[Change] = []
        for change in sent["changes"]:
            for end, sign in (("from", -1), ("to", 1)):
                place = {"inventoryItemId": change["inventoryItemId"], "locationId": change[end]["locationId"]}
                changes += self._write(*_place(place), change[end]["name"], sign * change["quantity"], action)
        return self._group(sent, changes, [])

    def activate(self, sent: Json) -> Json:
        """``inventoryActivate``: stock an item at a location; its errors have no code."""
        item_id = number_of(sent["inventoryItemId"], "InventoryItem")
        location_id = number_of(sent["locationId"], "Location")
        place = self._shop.locations.get(location_id or 0)
        if item_id not in self._shop.items:
            return _not_activated("The product couldn't be stocked because it wasn't found.", "inventoryItemId")
        if place is None or not place.is_active:
            return _not_activated("The product couldn't be stocked because the location wasn't found.", "locationId")
        if sent.get("available") is not None and sent.get("onHand") is not None:
            return _not_activated("Only one of available and onHand can be set.", "available")
        level = self._shop.levels.get((item_id, place.id))
        first = level is None or not level.is_active
        if not first and sent.get("available") is not None:
            message = "Not allowed to set available quantity when the item is already active at the location."
            return {"inventoryLevel": level, "userErrors": [user_error(message, ["available"])]}
        level = self._shop.stock(item_id, place.id)
        if first:
            self._shop.set_active(item_id, place.id, active=True)
            wanted = sent.get("available") if sent.get("available") is not None else sent.get("onHand")
            if wanted is not None:
                self._shop.shift(item_id, place.id, self._shop.action(), available=wanted - level.available)
        return {"inventoryLevel": level, "userErrors": []}

    def deactivate(self, level_id: str) -> Json:
        """``inventoryDeactivate``: its numbers stay; the last location can't go."""
        try:
            _, number, item_id = parts(level_id)
        except ValueError:
            number, item_id = 0, None
        place = next((each for each in self._shop.locations.values() if each.level_number == number), None)
        level = self._shop.levels.get((item_id or 0, place.id if place else 0))
        if level is None:
            return {"userErrors": [user_error("The inventory level wasn't found.", ["inventoryLevelId"])]}
        if len(self._shop.levels_of(level.item_id, include_inactive=False)) == 1 and level.is_active:
            message = "The product couldn't be unstocked because an item must be stocked at one location at least."
            return {"userErrors": [user_error(message, None)]}
        self._shop.set_active(level.item_id, level.location_id, active=False)
        return {"userErrors": []}

    # Checks

    def _refuse_shape(self, given: Sequence[Json], entries: str, kind: str) -> None:
        if len(given) > MOST:
            message = f"The input array size of {len(given)} is greater than the maximum allowed of {MOST}."
            raise TopError("MAX_INPUT_SIZE_EXCEEDED", message)
        if any("changeFromQuantity" not in entry for entry in given):
            message = f"{kind} must include the following argument: changeFromQuantity."
            raise TopError("INVALID_FIELD_ARGUMENTS", message)

    def _head_errors(self, sent: Json, name: str, names: Sequence[str], code: str | None) -> list[Json]:
        errors = []
        if name not in names:
            message = f"The specified quantity name is invalid. Valid values are: {', '.join(names)}."
            errors.append(user_error(message, ["input", "name"], code))
        if sent["reason"] not in REASONS:
            message = f"The specified reason is invalid. Valid values are: {', '.join(sorted(REASONS))}."
            errors.append(user_error(message, ["input", "reason"], "INVALID_REASON"))
        document = sent.get("referenceDocumentUri")
        if document is not None and not _URI.fullmatch(document):
            message = "The specified reference document is invalid."
            errors.append(user_error(message, ["input", "referenceDocumentUri"], "INVALID_REFERENCE_DOCUMENT"))
        return errors

    def _repeated(self, given: Sequence[Json], entries: str) -> list[Json]:
        counted = Counter(_place(entry) for entry in given)
        return [
            user_error(
                "The combination of inventoryItemId and locationId must be unique.",
                ["input", entries, str(index), "locationId"],
                "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
            )
            for index, entry in enumerate(given)
            if counted[_place(entry)] > 1
        ]

    def _place_errors(self, entry: Json, where: Sequence[str]) -> list[Json]:
        item_id, location_id = _place(entry)
        item, place = self._shop.items.get(item_id), self._shop.locations.get(location_id)
        if item is None:
            message = "The specified inventory item could not be found."
            return [user_error(message, (*where, "inventoryItemId"), "INVALID_INVENTORY_ITEM")]
        if item.is_bundle:
            message = "The specified inventory item is not allowed to be adjusted."
            return [user_error(message, (*where, "inventoryItemId"), "NON_MUTABLE_INVENTORY_ITEM")]
        never = (item_id, location_id) not in self._shop.levels
        refuses = never and self._shop.options.set_where_never_stocked == "refuse"
        if place is None or not place.is_active or refuses:
            message = "The specified location could not be found."
            return [user_error(message, (*where, "locationId"), "INVALID_LOCATION")]
        return []

    def _stale(self, given: Sequence[Json], entries: str, name: str) -> dict[int, Json]:
        found = {}
        is_forced = bool(given) and self._faults.take("stale") is not None
        for index, entry in enumerate(given):
            expected = entry["changeFromQuantity"]
            if (expected is not None and expected != self._present(entry, name)) or (is_forced and index == 0):
                found[index] = user_error(
                    "The changeFromQuantity argument no longer matches the persisted quantity.",
                    ["input", entries, str(index), "changeFromQuantity"],
                    "CHANGE_FROM_QUANTITY_STALE",
                )
        return found

    # Writing

    def _present(self, entry: Json, name: str) -> int:
        level = self._shop.levels.get(_place(entry))
        return level.of(name) if level is not None else 0

    def _write(
        self, item_id: int, location_id: int, name: str, delta: int, action: str, document: str | None = None
    ) -> list[Change]:
        if (item_id, location_id) not in self._shop.levels:
            # It succeeds and sells nothing: the item is not stocked there.
            self._shop.stock(item_id, location_id).is_active = False
        if not delta:
            return []
        named = "available" if name == "on_hand" else name
        self._shop.shift(item_id, location_id, action, **{named: delta})
        names = {name, "on_hand"} | ({named} if name == "on_hand" else set())
        if name == "incoming":
            names = {name}
        return [
            Change(name=each, delta=delta, item_id=item_id, location_id=location_id, document=document)
            for each in sorted(names)
        ]

    def _group(self, sent: Json, changes: list[Change], errors: list[Json]) -> Json:
        if not changes:
            # A change of nothing: neither a group nor an error.
            return {_GROUP: None, "userErrors": errors}
        group = AdjustmentGroup(
            id=self._shop.next_id("InventoryAdjustmentGroup"),
            reason=sent["reason"],
            document=sent.get("referenceDocumentUri"),
            changes=changes,
            created_at=self._shop.now(),
        )
        self._shop.groups[group.id] = group
        return {_GROUP: group, "userErrors": errors}


def _place(entry: Json) -> tuple[int, int]:
    """Return (item, location); 0 for an id that is none."""
    item_id = number_of(entry["inventoryItemId"], "InventoryItem")
    return item_id or 0, number_of(entry["locationId"], "Location") or 0


def _bounds(quantity: int, name: str, where: Sequence[str]) -> list[Json]:
    if name == "on_hand" and quantity < 0:
        return [user_error("The quantity can't be negative.", where, "INVALID_QUANTITY_NEGATIVE")]
    if quantity > LIMIT:
        return [user_error("The quantity can't be higher than 1,000,000,000.", where, "INVALID_QUANTITY_TOO_HIGH")]
    if quantity < -LIMIT:
        return [user_error("The quantity can't be lower than -1,000,000,000.", where, "INVALID_QUANTITY_TOO_LOW")]
    return []


def _document_errors(document: str | None, name: str, where: Sequence[str]) -> list[Json]:
    at = (*where, "ledgerDocumentUri")
    if name == "available" and document is not None:
        return [user_error("A ledger document URI is not allowed for available.", at, "INVALID_AVAILABLE_DOCUMENT")]
    if name != "available" and document is None:
        return [user_error("A ledger document URI is required.", at, "INVALID_QUANTITY_DOCUMENT")]
    if document is not None and document.startswith("gid://shopify/"):
        return [user_error("Internal (gid://shopify/) documents are not allowed.", at, "INTERNAL_LEDGER_DOCUMENT")]
    return []


def _not_activated(message: str, field: str) -> Json:
    return {"inventoryLevel": None, "userErrors": [user_error(message, [field])]}

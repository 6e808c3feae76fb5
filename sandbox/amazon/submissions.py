"""What the seller submits about a listing: checking it, and what it becomes.

https://developer-docs.amazon.com/sp-api/docs/merge-a-listing ; Listings Items API 2021-08-01
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.amazon.records import MERCHANT, Item, Record
from sandbox.server import Json

ATTRIBUTE = "fulfillment_availability"
ANY_PRODUCT = "PRODUCT"
LONGEST_LEAD = 30  # days


@dataclass(frozen=True, slots=True)
class Issue:
    """Why a submission is refused. An ERROR refuses it."""

    code: str
    message: str
    attribute: str = ""
    category: str = "INVALID_ATTRIBUTE"

    def as_json(self) -> Json:
        """Return the issue as the synchronous API tells it; a feed's result names ``attributeName`` instead."""
        found: Json = {"code": self.code, "message": self.message, "severity": "ERROR", "categories": [self.category]}
        if self.attribute:
            found["attributeNames"] = [self.attribute]
        return found


@dataclass(frozen=True, slots=True)
class Patch:
    """One operation on one top-level attribute, in the words of the API."""

    op: str
    path: str
    value: tuple[Json, ...]

    @property
    def attribute(self) -> str:
        return self.path.removeprefix("/attributes/")


def issues_of(item: Item, product_type: str, patches: Sequence[Patch]) -> list[Issue]:
    """Return what is wrong with a submission; nothing of it is kept if anything is."""
    found = []
    if product_type not in (ANY_PRODUCT, item.product_type):
        found.append(Issue("4000003", f"The product type '{product_type}' is not valid for this SKU.", category=""))
    for patch in patches:
        found += _issues(patch)
    return found


def _issues(patch: Patch) -> list[Issue]:
    name = patch.attribute
    if not patch.path.startswith("/attributes/") or not name.islower() or "/" in name:
        return [Issue("90000900", "The attributes are invalid.", name)]
    if name != ATTRIBUTE or patch.op == "delete":
        return []
    found = [issue for value in patch.value for issue in _record_issues(value)]
    return found if patch.value else [Issue("90220", f"'{ATTRIBUTE}' is required but not supplied.", ATTRIBUTE)]


def _record_issues(value: Json) -> list[Issue]:
    code, quantity = value.get("fulfillment_channel_code"), value.get("quantity")
    if not isinstance(code, str) or not code:
        message = (
            f"The field '\"fulfillment_channel_code\"' for the attribute '{ATTRIBUTE}' does not have enough values."
            " The required minimum is '1' value(s)."
        )
        return [Issue("99022", message, f"{ATTRIBUTE}.fulfillment_channel_code")]
    if quantity is not None and (isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0):
        message = f"'{quantity}' is an invalid value for 'quantity': it must be a whole number, 0 or more."
        return [Issue("90248", message, f"{ATTRIBUTE}.quantity")]
    if code == MERCHANT and quantity is None:
        return [Issue("90220", "'quantity' is required but not supplied.", f"{ATTRIBUTE}.quantity")]
    days = value.get("lead_time_to_ship_max_days")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= LONGEST_LEAD):
        return [Issue("90248", f"'{days}' is not a number of days from 0 to 30.", ATTRIBUTE)]
    return []


def submit(item: Item, marketplace: str, patch: Patch) -> list[Record]:
    """Keep what was submitted in ``marketplace`` and return the records that are to go live.

    ``merge`` changes only the fields given. ``add`` and ``replace`` swap the record of that channel, so a handling
    time or a restock date that is not given falls back to its default. ``delete`` takes the named records away, which
    a record without a quantity stands for.
    """
    if patch.attribute != ATTRIBUTE:
        return []
    attributes = item.submitted.setdefault(marketplace, [])
    made = []
    for value in patch.value:
        code = str(value.get("fulfillment_channel_code", ""))
        before = next((each for each in attributes if each.get("fulfillment_channel_code") == code), None)
        live = item.records.get(code)
        if patch.op == "merge":
            fields = {**(live.attribute() if live else {}), **(before or {}), **value}
        else:
            fields = dict(value)
        fields.pop("marketplace_id", None)
        attributes[:] = [each for each in attributes if each.get("fulfillment_channel_code") != code]
        if patch.op != "delete":
            attributes.append(fields)
        made.append(record_of(fields) if patch.op != "delete" else Record(code=code))
    return made


def record_of(fields: Json) -> Record:
    """Return the record that an attribute's value describes."""
    return Record(
        code=str(fields["fulfillment_channel_code"]),
        quantity=fields.get("quantity"),
        lead_time_to_ship_max_days=fields.get("lead_time_to_ship_max_days"),
        restock_date=str(fields.get("restock_date", "")),
    )

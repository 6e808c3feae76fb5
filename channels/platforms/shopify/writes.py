"""Quantities by compare-and-set, and what became of each.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/inventorySetQuantities (2026-10). What is written is the
available quantity, never the one on hand. A write says what it changes from; where that is not true any more Shopify
refuses, and the difference is applied to what is there now. Every write has a key under which it is carried out once,
so one whose answer got lost is repeated.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from channels.contract import (
    BadCredentials,
    BadPayload,
    ChannelError,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    Rejected,
    StoreRefused,
    Unreachable,
)
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.document import Document
from channels.platforms.shopify.documents import ACTIVATE, LEVELS_AT, SET_QUANTITIES
from channels.platforms.shopify.mapping import SWITCHED_OFF, UnreadableItem, available_of
from channels.platforms.shopify.refs import PoolRef, number_of, read_pool_ref
from channels.platforms.shopify.values import LARGEST_QUANTITY, Json, inner, text

MAX_BATCH = 250  # entries that Shopify takes in one mutation
READ_AT_ONCE = 50  # levels read in one call
ROUNDS = 5  # tries of a quantity that keeps changing under us
ALONE_FROM = 3  # from this round on an entry is sent alone: one that is stale refuses the whole call
WAVE_SECONDS = 45.0  # after which no further call of a wave is made
REPEATS = 2  # of a call whose answer got lost, under the same key
REPEAT_AFTER = 0.3  # seconds
REASON = "correction"

NOT_SENT = "Not sent: an earlier change of the same wave could not be made."
UNTRACKED = "Shopify does not count this stock: its number would mean nothing."
KEPT_CHANGING = "It kept changing on Shopify while it was written; it is tried again."

_NAMESPACE = uuid.UUID("6d2f5a0e-58a7-5bb1-9c55-1c0c3a7b4c88")
_STALE = {"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"}
# The call as such found someone else at work, or a key that is spent: a fresh look decides.
_LOOK_AGAIN = {"IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}
_GONE = {"INVALID_INVENTORY_ITEM"}
# Perhaps only not stocked at the location, which is mended; the second time it is what it says.
_UNSTOCKED = {"INVALID_LOCATION", "ITEM_NOT_STOCKED_AT_LOCATION"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One quantity on its way: ``delta`` is to be applied to ``shown``, what the level is taken to have."""

    change: QuantityChange
    pool: PoolRef
    shown: int

    @property
    def quantity(self) -> int:
        return self.shown + self.change.delta

    def outcome(self, kind: OutcomeKind, receipt: str) -> Outcome:
        return Outcome(ref=self.change.ref, kind=kind, receipt=receipt[:500])


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes waves of changes. ``sleep`` takes seconds."""

    client: ShopifyClient
    sleep: Callable[[float], None] = time.sleep
    seconds: float = WAVE_SECONDS

    def write(self, changes: Sequence[QuantityChange]) -> list[Outcome]:
        """Return one outcome per change, in order.

        Raises RateLimited, BadCredentials, StoreRefused and Unreachable(may_have_applied=False) only when nothing was
        applied; what such an error leaves open later on is not sent.
        """
        wave = _Wave(client=self.client, sleep=self.sleep, ends_at=time.monotonic() + self.seconds)
        waiting: list[Entry] = []
        for change in changes:
            found = prepared(change)
            if isinstance(found, Outcome):
                wave.done[change.ref] = found
            else:
                waiting.append(found)
        try:
            wave.run(waiting)
        except (RateLimited, BadCredentials, StoreRefused, Unreachable) as error:
            if not any(entry.change.ref in wave.done for entry in waiting):
                raise
            wave.end(waiting, f"{NOT_SENT} {error}")
        return [wave.done[change.ref] for change in changes]


@dataclass(slots=True, kw_only=True)
class _Wave:
    """One wave on its way. ``done`` holds what is certain or unknown for good; the two lists are for the next round."""

    client: ShopifyClient
    sleep: Callable[[float], None]
    ends_at: float
    done: dict[str, Outcome] = field(default_factory=dict)
    as_before: list[Entry] = field(default_factory=list)  # refused only because of others in the same call
    to_read: list[Entry] = field(default_factory=list)  # what they change from is not, or not surely, what is shown

    def run(self, entries: Sequence[Entry]) -> None:
        """Bring every entry to an outcome."""
        # From 0 upwards: it may never have been stocked at the location, which only a look can tell.
        self.to_read = [entry for entry in entries if entry.shown == 0]
        self.as_before = [entry for entry in entries if entry.shown != 0]
        for number in range(ROUNDS):
            if not self.to_read and not self.as_before:
                return
            to_read, as_before = self.to_read, self.as_before
            self.to_read, self.as_before = [], []
            # Those that were stale go by themselves: a hot one among them must not hold the others up again.
            size = 1 if number >= ALONE_FROM else MAX_BATCH
            calls = [*_calls(as_before, size), *_calls(self._look(to_read), size)]
            for at, call in enumerate(calls):
                if time.monotonic() > self.ends_at or not self._set(call, number):
                    self.end([*self.to_read, *self.as_before, *(e for rest in calls[at:] for e in rest)], NOT_SENT)
                    return
        self.end([*self.to_read, *self.as_before], KEPT_CHANGING)

    def end(self, entries: Sequence[Entry], words: str) -> None:
        """Give entries that have no outcome yet the one of not having been made."""
        for entry in entries:
            self.done.setdefault(entry.change.ref, entry.outcome(OutcomeKind.NOT_APPLIED, words))

    def _settle(self, entry: Entry, kind: OutcomeKind, words: str) -> None:
        self.done[entry.change.ref] = entry.outcome(kind, words)

    # Setting ------------------------------------------------------------------------------------------------------

    def _set(self, entries: Sequence[Entry], number: int) -> bool:
        """Send entries of one location in one call and judge each; return false when its outcome is unknown."""
        location = entries[0].pool.location_gid
        quantities = [
            {
                "inventoryItemId": entry.pool.item_gid,
                "locationId": location,
                "quantity": entry.quantity,
                "changeFromQuantity": entry.shown,
            }
            for entry in entries
        ]
        sent = {"name": "available", "reason": REASON, "quantities": quantities}
        variables = {"input": sent, "location": location, "key": key_of(entries, number)}
        try:
            reply = self._once(SET_QUANTITIES, variables)
        except Rejected as error:
            # The call as such was refused: with more than one entry each gets its own verdict.
            if len(entries) > 1:
                return all(self._set([entry], number) for entry in entries)
            self._settle(entries[0], OutcomeKind.REJECTED, str(error))
            return True
        except (Unreachable, BadPayload) as error:
            if isinstance(error, Unreachable) and not error.may_have_applied:
                raise
            for entry in entries:
                self._settle(entry, OutcomeKind.UNKNOWN, str(error))
            return False
        self._judge(entries, inner(reply.get("inventorySetQuantities")), is_first=number == 0)
        return True

    def _once(self, document: Document, variables: Mapping[str, Any]) -> Json:
        """Carry out a write once, whatever becomes of the answers: the key makes a repeat harmless."""
        unknown: ChannelError | None = None
        for attempt in range(1 + REPEATS):
            if attempt:
                self.sleep(REPEAT_AFTER * attempt)
            try:
                reply = self.client.run(document, variables)
                if not reply or not all(isinstance(payload, dict) for payload in reply.values()):
                    raise BadPayload("Shopify answered with null where the result of a change was due.")
            except (Unreachable, BadPayload) as error:
                if unknown is None and isinstance(error, Unreachable) and not error.may_have_applied:
                    raise
                unknown = unknown or error
                continue
            except ChannelError as error:
                # After an unknown answer a refusal of the repeat says nothing about the first try.
                if unknown is not None:
                    raise unknown from error
                raise
            codes = {text(each.get("code")) for payload in reply.values() for each in user_errors(payload)}
            if "IDEMPOTENCY_CONCURRENT_REQUEST" not in codes:
                return reply
            unknown = Unreachable("Shopify is still at work on the same change.")
        assert unknown is not None  # noqa: S101 - the loop ran at least once
        raise unknown

    def _judge(self, entries: Sequence[Entry], payload: Json, *, is_first: bool) -> None:
        """Tell what became of each entry: it was written, is stale, is refused, or went down with the call."""
        errors, group = user_errors(payload), payload.get("inventoryAdjustmentGroup")
        by_entry = {index: error for error in errors if (index := index_of(error)) is not None}
        general = [error for error in errors if index_of(error) is None]
        written = _written(inner(group))
        for index, entry in enumerate(entries):
            if index in by_entry:
                self._judge_refused(entry, by_entry[index], is_first=is_first)
            elif general and any(text(error.get("code")) in _LOOK_AGAIN for error in general):
                self.to_read.append(entry)
            elif general:
                self._settle(entry, OutcomeKind.REJECTED, "; ".join(_said(error) for error in general))
            elif errors and not group:
                self.as_before.append(entry)
            elif errors and entry.pool.item not in written:
                self._settle(entry, OutcomeKind.UNKNOWN, "Shopify refused others and did not name this one.")
            else:
                self._settle(entry, *_worth(entry, written.get(entry.pool.item, {}), inner(group)))

    def _judge_refused(self, entry: Entry, error: Json, *, is_first: bool) -> None:
        code = text(error.get("code"))
        if code in _STALE or (code in _UNSTOCKED and is_first):
            self.to_read.append(entry)
        else:
            self._settle(entry, OutcomeKind.GONE if code in _GONE else OutcomeKind.REJECTED, _said(error))

    # Looking ------------------------------------------------------------------------------------------------------

    def _look(self, entries: Sequence[Entry]) -> list[Entry]:
        """Read what the levels show now and return the entries on that footing; some get their outcome here."""
        ready: list[Entry] = []
        for call in _calls(entries, READ_AT_ONCE):
            variables = {"ids": [entry.pool.item_gid for entry in call], "location": call[0].pool.location_gid}
            try:
                found = self.client.run(LEVELS_AT, variables).get("nodes")
            except (Rejected, BadPayload) as error:
                self.end(call, str(error))
                continue
            items = [inner(each) for each in found] if isinstance(found, list) else []
            by_item = {number_of(item.get("id"), "InventoryItem"): item for item in items}
            for entry in call:
                again = self._on_footing(entry, by_item.get(entry.pool.item, {}))
                if again is not None:
                    ready.append(again)
        return ready

    def _on_footing(self, entry: Entry, item: Json) -> Entry | None:
        level = item.get("inventoryLevel")
        if not item:
            self._settle(entry, OutcomeKind.GONE, "Shopify has no such inventory item (any more).")
        elif item.get("tracked") is not True:
            self._settle(entry, OutcomeKind.REJECTED, UNTRACKED)
        elif level is None:
            return self._activate(entry)
        elif inner(level).get("isActive") is not True:
            self._settle(entry, OutcomeKind.REJECTED, SWITCHED_OFF)
        else:
            return self._from(entry, inner(level))
        return None

    def _from(self, entry: Entry, level: Json) -> Entry | None:
        try:
            return replace(entry, shown=available_of(entry.pool.item, level))
        except UnreadableItem as error:
            self._settle(entry, OutcomeKind.NOT_APPLIED, str(error))
            return None

    def _activate(self, entry: Entry) -> Entry | None:
        """Stock an item where it never was, with the quantity it is to have: it showed 0 there."""
        wanted = max(0, entry.change.delta)
        variables = {
            "item": entry.pool.item_gid,
            "location": entry.pool.location_gid,
            "available": wanted,
            "key": str(uuid.uuid5(_NAMESPACE, f"activate {entry.change.key} {wanted}")),
        }
        try:
            payload = inner(self._once(ACTIVATE, variables).get("inventoryActivate"))
        except (Rejected, Unreachable, BadPayload) as error:
            if isinstance(error, Unreachable) and not error.may_have_applied:
                raise
            is_certain = isinstance(error, Rejected)
            self._settle(entry, OutcomeKind.REJECTED if is_certain else OutcomeKind.UNKNOWN, str(error))
            return None
        level, errors = inner(payload.get("inventoryLevel")), user_errors(payload)
        if level.get("isActive") is not True:
            words = " ".join(_said(error) for error in errors) or "Shopify did not say why."
            self._settle(entry, OutcomeKind.REJECTED, f"It can't be stocked at this location. {words}")
            return None
        if errors:
            # Someone has stocked it there a moment ago: its number is theirs.
            return self._from(entry, level)
        self._settle(entry, OutcomeKind.APPLIED, f"Stocked at this location with {wanted}.")
        return None


def prepared(change: QuantityChange) -> Entry | Outcome:
    """Return what to send, or the outcome of a change that need not, or can't, be sent."""
    if change.delta == 0:
        return Outcome(ref=change.ref, kind=OutcomeKind.APPLIED, receipt="Nothing to change.")
    if abs(change.target) > LARGEST_QUANTITY or abs(change.accounted) > LARGEST_QUANTITY:
        receipt = f"{change.target} units are beyond what Shopify can hold."
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=receipt)
    try:
        pool = read_pool_ref(change.ref)
    except ValueError:
        return Outcome(ref=change.ref, kind=OutcomeKind.GONE, receipt="Not an inventory item of Shopify.")
    return Entry(change=change, pool=pool, shown=change.accounted)


def key_of(entries: Sequence[Entry], number: int) -> str:
    """Return the idempotency key of a call: the same for the same quantities of the same changes in the same round."""
    parts = [f"{entry.change.key} {entry.shown} {entry.quantity}" for entry in entries]
    return str(uuid.uuid5(_NAMESPACE, "\n".join([str(number), *parts])))


def user_errors(payload: object) -> list[Json]:
    found = inner(payload).get("userErrors")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def index_of(error: Json) -> int | None:
    """Return which entry an error is about: ``["input", "quantities", "3", …]``, with the index as a text."""
    path = error.get("field")
    for part in path if isinstance(path, list) else []:
        if isinstance(part, str) and part.isdecimal() and len(part) <= 4:
            return int(part)
    return None


def _calls(entries: Sequence[Entry], size: int) -> list[list[Entry]]:
    """Group entries by location, each group no larger than ``size``."""
    by_location: dict[str, list[Entry]] = {}
    for entry in entries:
        by_location.setdefault(entry.pool.location, []).append(entry)
    return [group[at : at + size] for group in by_location.values() for at in range(0, len(group), size)]


def _written(group: Json) -> dict[str, Json]:
    """Return what a group says of each item that it changed."""
    found = group.get("changes")
    items = [inner(inner(change).get("item")) for change in found] if isinstance(found, list) else []
    return {number: item for item in items if (number := number_of(item.get("id"), "InventoryItem"))}


def _worth(entry: Entry, item: Json, group: Json) -> tuple[OutcomeKind, str]:
    """Say what a write that succeeded is worth: Shopify also takes one that sells nothing."""
    if item.get("tracked") is False:
        return OutcomeKind.REJECTED, UNTRACKED
    if inner(item.get("inventoryLevel")).get("isActive") is False:
        return OutcomeKind.APPLIED, f"Written, but nothing sells from it. {SWITCHED_OFF}"
    if not group:
        # Neither a change nor an error: the quantity was this one already.
        return OutcomeKind.APPLIED, f"Shopify showed {entry.quantity} already."
    number = number_of(group.get("id"), "InventoryAdjustmentGroup")
    return OutcomeKind.APPLIED, f"Set to {entry.quantity}; Shopify's change {number or 'has no number'}."


def _said(error: object) -> str:
    found = inner(error)
    code = text(found.get("code"))
    words = text(found.get("message"))[:300].rstrip(".") or "no words"
    return f"Shopify refused: {words}{f' ({code})' if code else ''}."

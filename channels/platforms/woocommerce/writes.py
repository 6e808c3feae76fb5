"""Stock writes: guarded sets in small waves, and what became of each.

https://woocommerce.github.io/woocommerce-rest-api-docs/#batch-update-products (wc/v3). WooCommerce has no
compare-and-set and no documented way to add: a quantity is written as a number, the last one wins, and a sale in
between is erased. So each wave reads its listings, works the numbers out from that and writes at once; how long that
took is told with every outcome.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.contract import (
    BadCredentials,
    BadPayload,
    NotListed,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    Rejected,
    ReportedListing,
    StoreRefused,
    Unreachable,
)
from channels.platforms.woocommerce.answers import GONE, error_of, status_of
from channels.platforms.woocommerce.catalog_scan import read_products
from channels.platforms.woocommerce.client import PAGE, WooClient, id_of
from channels.platforms.woocommerce.mapping import UnreadableProduct, stock_of
from channels.platforms.woocommerce.refs import LARGEST_QUANTITY, PoolRef, read_pool_ref, whole

# WooCommerce takes 100. It works some 15 ms on each, and longer on small hosts: a quarter of that keeps the time short
# in which a sale could be erased, and costs a few more calls.
WAVE = 25

STOCK_FIELDS = "id,status,manage_stock,stock_quantity"
NOT_SENT = "Not sent: an earlier change of the same wave could not be made."
NOT_COUNTED = "WooCommerce does not count this stock any more."
SHARED = "This variation sells from its product's stock now."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A change, where it belongs, and its place among all of them."""

    at: int
    change: QuantityChange
    ref: PoolRef


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    """What is written for a change: ``units`` after ``before`` was read."""

    wanted: _Wanted
    before: int
    units: int


def change_quantities(client: WooClient, changes: Sequence[QuantityChange]) -> list[Outcome]:
    """Write the changes in waves: products together, variations by their product. Return one outcome per change.

    Raises RateLimited, BadCredentials, StoreRefused and Unreachable(may_have_applied=False) only when nothing at all
    was written. After a wave that could not be seen through, the rest is not sent.
    """
    settled: dict[int, Outcome] = {}
    groups: dict[int, list[_Wanted]] = {}
    for at, change in enumerate(changes):
        outcome = _without_sending(change)
        if outcome is not None:
            settled[at] = outcome
            continue
        ref = read_pool_ref(change.ref)
        parent = 0 if ref.variation_id is None else ref.product_id
        groups.setdefault(parent, []).append(_Wanted(at=at, change=change, ref=ref))
    waves = [(parent, group[n : n + WAVE]) for parent, group in groups.items() for n in range(0, len(group), WAVE)]
    is_first = True
    for parent, wave in waves:
        try:
            done = _Wave(client, parent).run(wave)
        except (RateLimited, BadCredentials, StoreRefused, Unreachable) as error:
            if is_first:
                raise
            done = {each.at: _outcome(each, OutcomeKind.NOT_APPLIED, str(error)) for each in wave}
        except (BadPayload, Rejected) as error:
            # What is there could not be read, so nothing was sent.
            done = {each.at: _outcome(each, OutcomeKind.NOT_APPLIED, str(error)) for each in wave}
        settled |= done
        is_first = False
        if done and all(each.kind in {OutcomeKind.UNKNOWN, OutcomeKind.NOT_APPLIED} for each in done.values()):
            break
    return [
        settled.get(at) or Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=NOT_SENT)
        for at, change in enumerate(changes)
    ]


class _Wave:
    """One reading and one batch of writes below /products (parent 0) or below the variations of a product."""

    def __init__(self, client: WooClient, parent: int) -> None:
        self._client = client
        self._path = f"/products/{parent}/variations" if parent else "/products"

    def run(self, wave: Sequence[_Wanted]) -> dict[int, Outcome]:
        """Return the outcomes by place. Raises ChannelError only while nothing was written."""
        started = time.monotonic()
        current = self._read([each.ref.own_id for each in wave])
        settled: dict[int, Outcome] = {}
        writes: list[_Write] = []
        for each in wave:
            found = _decide(each, current.get(each.ref.own_id))
            if isinstance(found, _Write):
                writes.append(found)
            else:
                settled[each.at] = found
        if not writes:
            return settled
        try:
            items = [{"id": each.wanted.ref.own_id, "stock_quantity": each.units} for each in writes]
            answers = self._client.post(f"{self._path}/batch", {"update": items}).get("update")
        except (BadPayload, Unreachable) as error:
            if isinstance(error, Unreachable) and not error.may_have_applied:
                raise
            return settled | {each.wanted.at: _outcome(each.wanted, OutcomeKind.UNKNOWN, str(error)) for each in writes}
        except Rejected as error:
            return settled | {
                each.wanted.at: _outcome(each.wanted, OutcomeKind.REJECTED, str(error)) for each in writes
            }
        window = time.monotonic() - started
        in_order = answers if isinstance(answers, list) and len(answers) == len(writes) else [None] * len(writes)
        for write, answer in zip(writes, in_order, strict=True):
            settled[write.wanted.at] = _outcome_of(write, answer, window)
        return settled

    def _read(self, ids: Sequence[int]) -> dict[int, Any]:
        """Return what is there now, by id; what a list leaves out is asked for alone."""
        include = ",".join(str(number) for number in ids)
        params: dict[str, str | int] = {"include": include, "per_page": PAGE, "_fields": STOCK_FIELDS}
        try:
            items = self._client.get_page(self._path, params).items
        except NotListed:
            items = []
        found = {number: item for item in items if (number := id_of(item)) is not None}
        for number in ids:
            if number not in found:
                try:
                    found[number] = self._client.get(f"{self._path}/{number}", {"_fields": STOCK_FIELDS})
                except NotListed:
                    continue
        return found


def _decide(wanted: _Wanted, shown: Mapping[str, Any] | None) -> _Write | Outcome:
    """Return what to write for a change, or its outcome where nothing has to or may be written."""
    if shown is None or shown.get("status") == "trash":
        return _outcome(wanted, OutcomeKind.GONE, "WooCommerce does not have it any more.")
    if shown.get("manage_stock") == "parent":
        return _outcome(wanted, OutcomeKind.GONE, SHARED)
    try:
        _, quantity, reason = stock_of(shown)
    except UnreadableProduct as error:
        return _outcome(wanted, OutcomeKind.REJECTED, f"Not written: {error}.")
    if quantity is None:
        return _outcome(wanted, OutcomeKind.REJECTED, reason or NOT_COUNTED)
    units = max(0, quantity + wanted.change.delta)
    if units > LARGEST_QUANTITY:
        return _outcome(wanted, OutcomeKind.REJECTED, f"{units} units are beyond what is sane to write.")
    if units == quantity:
        receipt = f"It shows {quantity} already."
        return _applied(wanted, before=quantity, units=units, receipt=receipt, window=None)
    return _Write(wanted=wanted, before=quantity, units=units)


def _outcome_of(write: _Write, answer: object, window: float) -> Outcome:
    """Read one entry of a batch's answer: 200 alone proves nothing, the numbers in it do."""
    wanted = write.wanted
    if not isinstance(answer, dict) or answer.get("id") != wanted.ref.own_id:
        return _outcome(wanted, OutcomeKind.UNKNOWN, "WooCommerce did not say what became of it.")
    if "error" in answer:
        words, code = error_of(answer["error"])
        said = f"{words or 'no words'} ({code or 'no code'})"
        if code in GONE:
            return _outcome(wanted, OutcomeKind.GONE, f"WooCommerce does not have it: {said}.")
        is_known = 400 <= status_of(answer["error"]) < 500
        kind = OutcomeKind.REJECTED if is_known else OutcomeKind.UNKNOWN
        return _outcome(wanted, kind, f"WooCommerce refused: {said}.")
    if answer.get("manage_stock") is not True:
        return _outcome(wanted, OutcomeKind.REJECTED, NOT_COUNTED)
    shown = whole(answer.get("stock_quantity"))
    if shown != write.units:
        return _outcome(wanted, OutcomeKind.UNKNOWN, f"WooCommerce shows {shown} after {write.units} was written.")
    receipt = f"{write.before} → {write.units}"
    return _applied(wanted, before=write.before, units=write.units, receipt=receipt, window=window)


def _applied(wanted: _Wanted, *, before: int, units: int, receipt: str, window: float | None) -> Outcome:
    applied = units - before
    return Outcome(
        ref=wanted.change.ref,
        kind=OutcomeKind.APPLIED,
        receipt=receipt,
        applied=None if applied == wanted.change.delta else applied,
        window_seconds=window,
    )


def _outcome(wanted: _Wanted, kind: OutcomeKind, receipt: str) -> Outcome:
    return Outcome(ref=wanted.change.ref, kind=kind, receipt=receipt)


def _without_sending(change: QuantityChange) -> Outcome | None:
    """Return the outcome of a change that need not, or can't, be sent."""
    if change.delta == 0:
        return Outcome(ref=change.ref, kind=OutcomeKind.APPLIED, receipt="Nothing to change.")
    if abs(change.delta) > LARGEST_QUANTITY:
        receipt = f"A change by {change.delta} units is beyond what is sane to write."
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=receipt)
    try:
        read_pool_ref(change.ref)
    except ValueError:
        return Outcome(ref=change.ref, kind=OutcomeKind.GONE, receipt="Not a product of WooCommerce.")
    return None


def start_tracking(client: WooClient, ref: str, quantity: int) -> ReportedListing:
    """Give an untracked pool a counted stock of ``quantity`` >= 0 units and return what WooCommerce shows afterwards.

    For a pool that counts nothing, so no sale can be erased. The reading decides, whatever became of the call. Raises
    Rejected for a pool that must not be written or that is tracked already, and any ChannelError of the reading.
    """
    if not 0 <= quantity <= LARGEST_QUANTITY:
        raise Rejected("The quantity to start with must be a whole number from 0 to 1 000 000 000.")
    pool = _pool(client, ref)
    if pool.unwritable_reason:
        raise Rejected(pool.unwritable_reason)
    if pool.tracked is not False:
        raise Rejected("WooCommerce counts this stock already, or did not tell; an absolute number is not written.")
    try:
        client.post(read_pool_ref(ref).path, {"manage_stock": True, "stock_quantity": quantity})
    except (Unreachable, BadPayload) as error:
        if isinstance(error, Unreachable) and not error.may_have_applied:
            raise
    return _pool(client, ref)


def _pool(client: WooClient, ref: str) -> ReportedListing:
    try:
        product_ref = str(read_pool_ref(ref).product_id)
    except ValueError as error:
        raise NotListed("Not a product of WooCommerce.") from error
    pools = [pool for _, found in read_products(client, [product_ref]) for pool in found]
    match = next((pool for pool in pools if pool.ref == ref), None)
    if match is None:
        raise NotListed("The product has no such variation with a stock of its own.")
    return match

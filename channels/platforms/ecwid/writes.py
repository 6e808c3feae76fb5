"""Stock writes, one call each, and what became of them.

https://docs.ecwid.com/api-reference/rest-api/products/adjust-product-stock (REST API v3)
"""

from __future__ import annotations

from collections.abc import Sequence
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
from channels.platforms.ecwid.client import EcwidClient
from channels.platforms.ecwid.mapping import PRODUCT_FIELDS, UnreadableProduct, pools_of
from channels.platforms.ecwid.refs import LARGEST_QUANTITY, PoolRef, read_pool_ref

NOT_SENT = "Not sent: an earlier change of the same wave could not be made."


def change_one_by_one(client: EcwidClient, changes: Sequence[QuantityChange]) -> list[Outcome]:
    """Send each change in a call of its own; return one outcome per change, in order.

    Raises RateLimited, BadCredentials, StoreRefused and Unreachable(may_have_applied=False) of the first call only.
    After a later one, and after two unknown outcomes in a row, the rest is not sent.
    """
    outcomes: list[Outcome] = []
    unknown_in_a_row = 0
    for position, change in enumerate(changes):
        try:
            outcome = change_one(client, change)
        except (RateLimited, BadCredentials, StoreRefused, Unreachable) as error:
            if position == 0:
                raise
            outcomes.append(Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=str(error)))
            return outcomes + not_sent(changes[position + 1 :])
        outcomes.append(outcome)
        unknown_in_a_row = unknown_in_a_row + 1 if outcome.kind is OutcomeKind.UNKNOWN else 0
        if unknown_in_a_row == 2:
            return outcomes + not_sent(changes[position + 1 :])
    return outcomes


def change_one(client: EcwidClient, change: QuantityChange) -> Outcome:
    """Send one delta. Raises only errors after which it is certain that nothing was applied."""
    refused = refused_before_sending(change)
    if refused is not None:
        return refused
    try:
        reply = client.put(inventory_path(change), {"quantityDelta": change.delta})
    except NotListed as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.GONE, receipt=str(error))
    except Rejected as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=str(error))
    except Unreachable as error:
        if not error.may_have_applied:
            raise
        return Outcome(ref=change.ref, kind=OutcomeKind.UNKNOWN, receipt=str(error))
    except BadPayload as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.UNKNOWN, receipt=str(error))
    return outcome_of_reply(change.ref, reply)


def outcome_of_reply(ref: str, reply: object) -> Outcome:
    """Read the body of a write that was answered with 2xx.

    ``updateCount`` 0 is a failure in spite of the status; ``warning`` tells of an oversell and goes into the receipt.
    """
    fields: dict[str, Any] = reply if isinstance(reply, dict) else {}
    count, warning = fields.get("updateCount"), fields.get("warning")
    said = warning if isinstance(warning, str) else ""
    if isinstance(count, bool) or not isinstance(count, int):
        return Outcome(ref=ref, kind=OutcomeKind.UNKNOWN, receipt="Ecwid did not say whether it changed the stock.")
    if count == 0:
        words = "Ecwid left the stock unchanged (updateCount 0): is it set to unlimited?"
        return Outcome(ref=ref, kind=OutcomeKind.REJECTED, receipt=f"{words} {said}".strip())
    return Outcome(ref=ref, kind=OutcomeKind.APPLIED, receipt=said or f"updateCount {count}")


def refused_before_sending(change: QuantityChange) -> Outcome | None:
    """Return the outcome of a change that need not, or can't, be sent."""
    if change.delta == 0:
        return Outcome(ref=change.ref, kind=OutcomeKind.APPLIED, receipt="Nothing to change.")
    if abs(change.delta) > LARGEST_QUANTITY:
        receipt = f"A change by {change.delta} units is beyond what Ecwid can hold."
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=receipt)
    try:
        read_pool_ref(change.ref)
    except ValueError:
        return Outcome(ref=change.ref, kind=OutcomeKind.GONE, receipt="Not a product of Ecwid.")
    return None


def inventory_path(change: QuantityChange) -> str:
    return f"{read_pool_ref(change.ref).path}/inventory"


def not_sent(changes: Sequence[QuantityChange]) -> list[Outcome]:
    return [Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=NOT_SENT) for change in changes]


def start_tracking(client: EcwidClient, ref: str, quantity: int) -> ReportedListing:
    """Give an untracked pool a counted stock of ``quantity`` >= 0 units and return what Ecwid shows afterwards.

    The only absolute write: it would erase a sale we have not heard of, so it is for a pool that counts none. The
    reading decides, whatever became of the call. Raises Rejected for a pool that must not be written or that is
    tracked already, and any ChannelError of the reading.
    """
    if not 0 <= quantity <= LARGEST_QUANTITY:
        raise Rejected("The quantity to start with must be a whole number from 0 to 1 000 000 000.")
    pool = _read_pool(client, ref)
    if pool.unwritable_reason:
        raise Rejected(pool.unwritable_reason)
    if pool.tracked is not False:
        raise Rejected("Ecwid counts this stock already, or did not tell; an absolute number is not written to it.")
    try:
        # Without "unlimited" beside it Ecwid keeps selling without limit.
        client.put(read_pool_ref(ref).path, {"quantity": quantity, "unlimited": False})
    except (Unreachable, BadPayload) as error:
        if isinstance(error, Unreachable) and not error.may_have_applied:
            raise
    return _read_pool(client, ref)


def read_product(client: EcwidClient, product_id: int | str) -> tuple[ReportedListing, ...]:
    """Return a product's pools, read directly: search lags. Raises NotListed, UnreadableProduct, ChannelError."""
    return pools_of(client.get(f"/products/{product_id}", {"responseFields": PRODUCT_FIELDS}))


def _read_pool(client: EcwidClient, ref: str) -> ReportedListing:
    try:
        wanted: PoolRef = read_pool_ref(ref)
        pools = read_product(client, wanted.product_id)
    except ValueError as error:
        raise NotListed("Not a product of Ecwid.") from error
    except UnreadableProduct as error:
        raise BadPayload(str(error)) from error
    found = next((pool for pool in pools if pool.ref == ref), None)
    if found is None:
        raise NotListed("The product has no such variation with a stock of its own.")
    return found

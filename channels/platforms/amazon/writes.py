"""Writing quantities: read what is live, then merge what it should be into it.

https://developer-docs.amazon.com/sp-api/docs/merge-a-listing . Only ``merge``: ``replace`` would reset the handling
time and the restock date. Amazon has no deltas, no versions and no idempotency keys; what is processed last wins, and
it is processed after it was accepted. So a change is worked out from what was read a moment before, and is done only
once a reading shows it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from channels.contract import (
    BadCredentials,
    BadPayload,
    NotListed,
    Outcome,
    OutcomeKind,
    QuantityChange,
    RateLimited,
    Rejected,
    StoreRefused,
    Unreachable,
)
from channels.platforms.amazon import operations
from channels.platforms.amazon.answers import LONGEST_WORDS
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.items import read_item
from channels.platforms.amazon.mapping import MERCHANT, STOCK_ONLY, UnreadableItem, stock_of
from channels.platforms.amazon.values import LARGEST_QUANTITY, Json, entries, text

PATH = "/attributes/fulfillment_availability"
# Offer data fit any product; a specific type can be refused although the catalogue reports it.
ANY_PRODUCT = "PRODUCT"
BUDGET_SECONDS = 40.0  # of one call: what is not sent by then is sent by the next
REPEATS = 2  # of a change whose outcome was unknown and which a new reading does not show
NOT_SENT = "Not sent: an earlier change of the same wave could not be made."
NO_TIME = "Not sent yet: the wave was longer than one call may take."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A change worked out: where the SKU is listed, what it showed, what is to be set. ``read_at``: seconds."""

    change: QuantityChange
    place: str
    shown: int
    quantity: int
    read_at: float

    @property
    def applied(self) -> int | None:
        """Units that setting it does, where that is not all of the change: nothing goes below 0."""
        return None if self.quantity - self.shown == self.change.delta else self.quantity - self.shown

    @property
    def window(self) -> float:
        """Seconds from the reading until now: a sale in between is written over."""
        return round(time.monotonic() - self.read_at, 3)


def patch_of(quantity: int) -> Json:
    """Return the operation that sets a merchant's quantity and nothing else; also what a feed's message holds."""
    return {"op": "merge", "path": PATH, "value": [{"fulfillment_channel_code": MERCHANT, "quantity": quantity}]}


def change_one_by_one(client: AmazonClient, changes: Sequence[QuantityChange]) -> list[Outcome]:
    """Make each change by calls of its own; return one outcome per change, in order.

    Raises RateLimited, BadCredentials, StoreRefused and Unreachable(may_have_applied=False) of the first change only.
    After a later one, after two unknown outcomes in a row and once the time is up, the rest is not sent.
    """
    outcomes: list[Outcome] = []
    unknown_in_a_row = 0
    ends_at = time.monotonic() + BUDGET_SECONDS
    for position, change in enumerate(changes):
        if time.monotonic() > ends_at:
            return outcomes + not_sent(changes[position:], NO_TIME)
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


def change_one(client: AmazonClient, change: QuantityChange) -> Outcome:
    """Make one change. Raises only errors after which it is certain that nothing was applied."""
    wanted = work_out(client, change)
    if isinstance(wanted, Outcome):
        return wanted
    for attempt in range(1 + REPEATS):
        outcome = _submit(client, wanted)
        if outcome.kind is not OutcomeKind.UNKNOWN or attempt == REPEATS:
            return outcome
        # Not blind: what is live decides, and the same number set twice is set once.
        seen = _after_unknown(client, wanted, outcome)
        if seen is not None:
            return seen
    raise AssertionError  # unreachable: the last attempt returns


def work_out(client: AmazonClient, change: QuantityChange) -> Wanted | Outcome:
    """Read what is live and work out what to set; an outcome where there is nothing to write, or nothing may be.

    Who fulfils it is looked at anew, every time: sellers convert listings. Raises ChannelError; nothing was written.
    """
    if change.delta == 0:
        return Outcome(ref=change.ref, kind=OutcomeKind.APPLIED, receipt="Nothing to change.")
    read_at = time.monotonic()
    try:
        place, item = read_item(client, change.ref, STOCK_ONLY)
    except NotListed as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.GONE, receipt=str(error))
    except Rejected as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=str(error))
    except BadPayload as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=str(error))
    except Unreachable as error:
        raise Unreachable(str(error), may_have_applied=False) from None  # it was only a reading
    return weigh(change, place, item, read_at=read_at)


def weigh(change: QuantityChange, place: str, item: Json, *, read_at: float) -> Wanted | Outcome:
    """Work out from what was read what to set. Never written: what Amazon ships, or what nobody says who ships."""
    try:
        stock = stock_of(item)
    except UnreadableItem as error:
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=f"SKU {change.ref}: {error}.")
    if stock.unwritable_reason or stock.quantity is None:
        reason = stock.unwritable_reason or "Amazon does not tell its quantity."
        return Outcome(ref=change.ref, kind=OutcomeKind.REJECTED, receipt=reason)
    quantity = max(0, min(stock.quantity + change.delta, LARGEST_QUANTITY))
    if quantity == stock.quantity:
        # Sold out by sales that we have not heard of: there is nothing left to take off.
        return Outcome(
            ref=change.ref,
            kind=OutcomeKind.APPLIED,
            applied=0,
            receipt=f"Shows {quantity} already.",
            window_seconds=0.0,
        )
    return Wanted(change=change, place=place, shown=stock.quantity, quantity=quantity, read_at=read_at)


def _submit(client: AmazonClient, wanted: Wanted) -> Outcome:
    ref = wanted.change.ref
    body = {"productType": ANY_PRODUCT, "patches": [patch_of(wanted.quantity)]}
    params = {"marketplaceIds": wanted.place, "issueLocale": "en_US", "includedData": "issues"}
    try:
        answer = client.call(operations.PATCH_ITEM, sku=ref, params=params, body=body)
    except NotListed as error:
        return Outcome(ref=ref, kind=OutcomeKind.GONE, receipt=str(error))
    except Rejected as error:
        return Outcome(ref=ref, kind=OutcomeKind.REJECTED, receipt=str(error))
    except Unreachable as error:
        if not error.may_have_applied:
            raise
        return Outcome(ref=ref, kind=OutcomeKind.UNKNOWN, receipt=str(error))
    except BadPayload as error:
        return Outcome(ref=ref, kind=OutcomeKind.UNKNOWN, receipt=str(error))
    return _outcome_of(answer, wanted)


def _outcome_of(answer: Json, wanted: Wanted) -> Outcome:
    """Read the body of a 200: ACCEPTED means queued, and a refusal comes with 200, too."""
    ref, status, submission = wanted.change.ref, text(answer.get("status")), text(answer.get("submissionId"))
    if status == "ACCEPTED":
        receipt = f"Accepted as {submission[:60]}: {wanted.shown} becomes {wanted.quantity}."
        return Outcome(
            ref=ref,
            kind=OutcomeKind.ACCEPTED,
            expected=wanted.quantity,
            applied=wanted.applied,
            receipt=receipt,
            window_seconds=wanted.window,
        )
    if status == "INVALID":
        return Outcome(ref=ref, kind=OutcomeKind.REJECTED, receipt=f"Amazon refused: {issues_in_words(answer)}")
    words = f"Amazon answered with the status {status[:40]!r}, which is none that it has."
    return Outcome(ref=ref, kind=OutcomeKind.UNKNOWN, receipt=words)


def issues_in_words(answer: Json) -> str:
    """Return what Amazon says is wrong: its errors, or whatever else it said."""
    issues = entries(answer.get("issues"))
    errors = [issue for issue in issues if issue.get("severity") == "ERROR"] or issues
    said = "; ".join(f"{text(issue.get('message'))} ({text(issue.get('code')) or 'no code'})" for issue in errors)
    return said[:LONGEST_WORDS] or "it did not say why"


def _after_unknown(client: AmazonClient, wanted: Wanted, unknown: Outcome) -> Outcome | None:
    """Look again after a write that nobody answered for; return what became of it, or None: send it once more.

    Shown as before: the number may be sent again, for the first one, if it is waiting to be processed, sets the same.
    Shown as wanted: done. Anything else is a sale or a hand in between, and only later readings can tell.
    """
    try:
        _, item = read_item(client, wanted.change.ref, STOCK_ONLY)
        stock = stock_of(item)
    except (RateLimited, BadCredentials, StoreRefused, Unreachable, Rejected, BadPayload, UnreadableItem):
        return unknown
    if stock.unwritable_reason:
        return unknown
    if stock.quantity == wanted.quantity:
        return Outcome(
            ref=wanted.change.ref,
            kind=OutcomeKind.ACCEPTED,
            expected=wanted.quantity,
            applied=wanted.applied,
            receipt=f"Nobody answered, but {wanted.quantity} is shown.",
            window_seconds=wanted.window,
        )
    return None if stock.quantity == wanted.shown else unknown


def not_sent(changes: Sequence[QuantityChange], why: str = NOT_SENT) -> list[Outcome]:
    return [Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=why) for change in changes]

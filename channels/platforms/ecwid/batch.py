"""Waves of stock writes through Ecwid's batch endpoint.

https://docs.ecwid.com/api-reference/rest-api/batch-requests (REST API v3). Up to 500 entries, run in order, behind
all earlier batches of the store.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from channels.platforms.ecwid.answers import decode, error_of
from channels.platforms.ecwid.client import EcwidClient
from channels.platforms.ecwid.writes import (
    change_one_by_one,
    inventory_path,
    not_sent,
    outcome_of_reply,
    refused_before_sending,
)

LARGEST_BATCH = 500  # entries that Ecwid takes
CHUNK = 100  # entries we send at once, so that one batch ends well within the deadline
ROUNDS = 5  # batches for one chunk: a refused entry stops those behind it
REPEATS = 2  # of the hand-over, under the same deduplication key
FIRST_WAIT = 0.5  # seconds; each wait is this much longer than the one before
DEADLINE = 60.0  # seconds of waiting for one batch

_NAMESPACE = uuid.UUID("3a8f5f2c-6c1f-5a57-9d0b-0f8f4f2f7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRunner:
    """Hands batches over and waits for them. ``sleep`` takes seconds."""

    client: EcwidClient
    sleep: Callable[[float], None] = time.sleep
    chunk: int = CHUNK

    def run(self, changes: Sequence[QuantityChange]) -> list[Outcome]:
        """Return one outcome per change, in order.

        Raises RateLimited, BadCredentials, StoreRefused and Unreachable(may_have_applied=False) of the first
        hand-over only. Once a batch could not be seen through, the later ones are not sent.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(changes), self.chunk):
            chunk = changes[start : start + self.chunk]
            try:
                done = self._chunk(chunk)
            except (RateLimited, BadCredentials, StoreRefused, Unreachable):
                if start == 0:
                    raise
                return outcomes + not_sent(changes[start:])
            outcomes += done
            if any(outcome.kind in {OutcomeKind.UNKNOWN, OutcomeKind.NOT_APPLIED} for outcome in done):
                return outcomes + not_sent(changes[start + self.chunk :])
        return outcomes

    def _chunk(self, chunk: Sequence[QuantityChange]) -> list[Outcome]:
        settled = {at: outcome for at, change in enumerate(chunk) if (outcome := refused_before_sending(change))}
        sent = {str(at): change for at, change in enumerate(chunk) if at not in settled}
        if sent:
            results = self._send(sent)
            settled |= {int(at): outcome for at, outcome in results.items()}
        return [settled[at] for at in range(len(chunk))]

    def _send(self, sent: Mapping[str, QuantityChange]) -> dict[str, Outcome]:
        """Send entries; when one is refused for certain, send those behind it again, a few times."""
        outcomes: dict[str, Outcome] = {}
        waiting = dict(sent)
        for _ in range(ROUNDS):
            try:
                done = self._send_once(waiting)
            except (RateLimited, BadCredentials, StoreRefused, Unreachable):
                if not outcomes:
                    raise
                break
            outcomes |= done
            waiting = {at: sent[at] for at, outcome in done.items() if outcome.kind is OutcomeKind.NOT_APPLIED}
            refused = {OutcomeKind.REJECTED, OutcomeKind.GONE}
            kinds = {outcome.kind for outcome in done.values()}
            if not waiting or OutcomeKind.UNKNOWN in kinds or not kinds & refused:
                break
        return outcomes

    def _send_once(self, sent: Mapping[str, QuantityChange]) -> dict[str, Outcome]:
        try:
            ticket = self._hand_over(sent)
        except Rejected:
            # The batch as such was refused, so nothing was applied: let each change have its own verdict.
            return dict(zip(sent, change_one_by_one(self.client, list(sent.values())), strict=True))
        except (Unreachable, BadPayload) as error:
            if isinstance(error, Unreachable) and not error.may_have_applied:
                raise
            return {at: _unknown(change, str(error)) for at, change in sent.items()}
        return self._wait(ticket, sent)

    def _hand_over(self, sent: Mapping[str, QuantityChange]) -> str:
        """Post the batch and return its ticket.

        Ecwid remembers a deduplication key for an hour and answers a repeat with the first ticket, so an unknown
        hand-over may be repeated. After an unknown one any further failure is unknown, too.
        """
        entries = [
            {"id": at, "path": inventory_path(change), "method": "PUT", "body": {"quantityDelta": change.delta}}
            for at, change in sent.items()
        ]
        # In-order and stop-on-failure: otherwise Ecwid itself repeats an entry after a 5xx, up to five times.
        params = {"stopOnFirstFailure": "true", "deduplicationKey": deduplication_key(list(sent.values()))}
        unknown: ChannelError | None = None
        for _ in range(1 + REPEATS):
            try:
                ticket = self.client.post("/batch", entries, params).get("ticket")
            except ChannelError as error:
                if not ((isinstance(error, Unreachable) and error.may_have_applied) or isinstance(error, BadPayload)):
                    if unknown is None:
                        raise
                    raise unknown from error
                unknown = error
                continue
            if isinstance(ticket, str) and ticket:
                return ticket
            unknown = Unreachable("Ecwid took the batch but named no ticket.")
        assert unknown is not None  # noqa: S101 - the loop ran at least once
        raise unknown

    def _wait(self, ticket: str, sent: Mapping[str, QuantityChange]) -> dict[str, Outcome]:
        waited, wait, state, problem = 0.0, FIRST_WAIT, {}, ""
        while waited < DEADLINE:
            self.sleep(wait)
            waited += wait
            wait += FIRST_WAIT
            try:
                state = dict(self.client.get("/batch", {"ticket": ticket}))
            except (BadCredentials, StoreRefused, Rejected) as error:
                problem = str(error)
                break
            except RateLimited as error:
                problem = str(error)
                wait = max(wait, error.wait_seconds)
                continue
            except ChannelError as error:
                problem = str(error)
                continue
            problem = ""
            if state.get("status") == "COMPLETED":
                break
        return results_of(state, sent, problem=problem)


def deduplication_key(changes: Sequence[QuantityChange]) -> str:
    """Return the same UUID for the same changes on every try."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(f"{change.key} {change.delta}" for change in changes)))


def results_of(
    state: Mapping[str, Any], sent: Mapping[str, QuantityChange], *, problem: str = ""
) -> dict[str, Outcome]:
    """Read a batch's state, one outcome per entry sent. That the batch is COMPLETED says nothing of its entries."""
    responses = state.get("responses")
    entries = [each for each in responses if isinstance(each, dict)] if isinstance(responses, list) else []
    by_id = {each["id"]: each for each in entries if isinstance(each.get("id"), str)}
    missing = problem or f"Ecwid has told no result yet (the batch is {state.get('status') or 'in an unknown state'})."
    return {
        at: _entry_outcome(change, by_id[at]) if at in by_id else _unknown(change, missing)
        for at, change in sent.items()
    }


def _entry_outcome(change: QuantityChange, entry: Mapping[str, Any]) -> Outcome:
    """Read one entry. Old samples name the code ``httpCode``; the body may come as an escaped string."""
    status = entry.get("httpStatusCode", entry.get("httpCode"))
    if entry.get("status") == "NOT_EXECUTED":
        words = "Not executed: an earlier entry of the batch failed."
        return Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=words)
    if entry.get("status") not in {"COMPLETED", "FAILED"} or isinstance(status, bool) or not isinstance(status, int):
        return _unknown(change, "Ecwid did not say what became of the entry.")
    body = _body_of(entry)
    if 200 <= status < 300:
        return outcome_of_reply(change.ref, body)
    message, code = error_of(body) if isinstance(body, str) else _error_fields(body)
    words = f"{message or entry.get('httpStatusLine') or 'no words'} ({status}{' ' + code if code else ''})"
    if status == 408 or not 400 <= status < 500:
        return _unknown(change, f"Ecwid failed: {words}.")
    if status in {401, 402, 403, 429} or code == "STORE_NOT_FOUND":
        # The next call meets the same refusal and raises it for the whole channel.
        return Outcome(ref=change.ref, kind=OutcomeKind.NOT_APPLIED, receipt=f"Ecwid refused: {words}.")
    kind = OutcomeKind.GONE if status == 404 else OutcomeKind.REJECTED
    return Outcome(ref=change.ref, kind=kind, receipt=f"Ecwid refused: {words}.")


def _body_of(entry: Mapping[str, Any]) -> Any:
    body = entry.get("httpBody", entry.get("escapedHttpBody"))
    if not isinstance(body, str):
        return body
    try:
        return decode(body)
    except ValueError:
        return body


def _error_fields(body: object) -> tuple[str, str]:
    fields = body if isinstance(body, dict) else {}
    message = fields.get("errorMessage", fields.get("error_message"))
    code = fields.get("errorCode")
    return message[:300] if isinstance(message, str) else "", code if isinstance(code, str) else ""


def _unknown(change: QuantityChange, words: str) -> Outcome:
    return Outcome(ref=change.ref, kind=OutcomeKind.UNKNOWN, receipt=words)


def has_batches_under_way(client: EcwidClient) -> bool:
    """Tell whether a batch of the store, ours or another app's, has yet to run to its end."""
    for status in ("QUEUED", "IN_PROGRESS"):
        reply = client.get("/batch", {"status": status, "limit": 1, "offset": 0})
        total, items = reply.get("total"), reply.get("items")
        if total is None and not isinstance(items, list):
            raise BadPayload("Ecwid's list of batches has neither a total nor items.")
        if total or items:
            return True
    return False

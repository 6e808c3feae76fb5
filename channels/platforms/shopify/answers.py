"""What Shopify's answers mean: data, or the error that one of three places tells of. Pure.

GraphQL fails with HTTP 200 in three places: ``errors`` at the top, ``userErrors`` in a payload, and a null where data
was due. https://shopify.dev/docs/api/admin-graphql#status-and-error-codes (2026-10)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels.contract import (
    BadCredentials,
    BadPayload,
    ChannelError,
    RateLimited,
    Rejected,
    StoreMoved,
    StoreRefused,
    Unreachable,
)
from channels.platforms.shopify.transport import Answer
from channels.platforms.shopify.values import Json, decode, inner, text

LONGEST_WORDS = 300  # characters of the platform's words that are kept
FALLBACK_WAIT_SECONDS = 2.0  # where a refusal for haste names no time


class DeadToken(BadCredentials):
    """401: the token is unknown, expired or revoked. One that can be made anew is, before anyone is told."""


class MissingScope(BadCredentials):
    """The token lives, but the app lacks the access scope that the field needs."""


class TooCostly(Rejected):
    """The query asks for more points than one query may; a smaller page of the same may pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a query cost. ``available`` of ``maximum`` points are left, and ``restore_rate`` come back per second."""

    requested: float
    actual: float | None
    available: float
    maximum: float
    restore_rate: float

    def wait_seconds(self) -> float:
        """Return after how many seconds the query can be asked again; at least 1."""
        return max(1.0, (self.requested - self.available) / self.restore_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The body of an answer, before its errors are looked at."""

    data: Json | None
    errors: Sequence[Json]
    cost: Cost | None
    warnings: Sequence[str]


def result_of(answer: Answer) -> Result:
    """Read an answer's body. Raises the ChannelError that its status or its lack of JSON stands for."""
    if not 200 <= answer.status < 300:
        raise error_for(answer)
    if not answer.body.strip():
        raise Unreachable("Shopify answered with an empty body.")
    try:
        body = decode(answer.body)
    except ValueError as error:
        what = "a web page" if answer.is_html else "a broken or truncated body"
        raise Unreachable(f"Shopify answered with {what} where JSON was due.") from error
    if not isinstance(body, dict):
        raise BadPayload("Shopify answered with JSON that is not an object.")
    data, extensions = body.get("data"), inner(body.get("extensions"))
    return Result(
        data=data if isinstance(data, dict) else None,
        errors=_errors(body.get("errors")),
        cost=_cost(inner(extensions.get("cost"))),
        warnings=_warnings(extensions.get("search")),
    )


def data_of(result: Result) -> Json:
    """Return the data of a result. Raises the ChannelError that its errors stand for.

    A search that warns is an error, too: an unknown filter is ignored and everything comes back.
    """
    if result.errors:
        raise error_of(result.errors[0], result.cost)
    if result.data is None:
        raise BadPayload("Shopify's answer holds neither data nor an error.")
    if result.warnings:
        raise BadPayload(f"Shopify did not understand a search: {'; '.join(result.warnings)[:LONGEST_WORDS]}")
    return result.data


def error_of(error: Json, cost: Cost | None) -> ChannelError:
    """Return what one entry of the ``errors`` at the top stands for."""
    code = text(inner(error.get("extensions")).get("code"))
    words = f"{text(error.get('message'))[:LONGEST_WORDS].rstrip('.') or 'no words'}{f' ({code})' if code else ''}"
    if code == "THROTTLED":
        wait = cost.wait_seconds() if cost is not None else FALLBACK_WAIT_SECONDS
        return RateLimited("Shopify asked us to slow down.", wait_seconds=wait)
    if code == "MAX_COST_EXCEEDED":
        return TooCostly(f"Shopify finds the query too large: {words}.")
    if code == "ACCESS_DENIED":
        return MissingScope(f"Shopify says that the app lacks an access scope: {words}. Grant it and reconnect.")
    if code == "SHOP_INACTIVE":
        return StoreRefused(f"Shopify refuses the shop: {words}.")
    if code in {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}:
        return Unreachable(f"Shopify failed to answer: {words}.")
    return Rejected(f"Shopify refused: {words}.")


def error_for(answer: Answer) -> ChannelError:
    """Return the error that an answer outside 2xx stands for."""
    status, words = answer.status, words_of(answer)
    if status == 429:
        return RateLimited("Shopify asked us to slow down.", wait_seconds=wait_of(answer.retry_after))
    if 300 <= status < 400:
        return Unreachable(
            f"Shopify answered with a redirect ({status}), which is not followed: check the shop's own domain.",
            may_have_applied=False,
        )
    if status in {403, 404} and answer.is_html:
        # A proxy's page in between must neither stop the channel nor make a product look gone.
        return Unreachable(
            f"A web page answered instead of Shopify's API ({status}): is the shop's domain right?",
            may_have_applied=False,
        )
    if status == 401:
        return DeadToken(f"Shopify does not accept the access token: {words}. Reconnect the shop.")
    if status == 403:
        return MissingScope(f"Shopify refuses the app: {words}. Grant it access and reconnect.")
    if status == 402:
        return StoreRefused(f"Shopify has frozen the shop: {words}. Check its plan and its bills.")
    if status == 404:
        return StoreMoved(f"Shopify has no shop at this address: {words}. Check the shop's domain.")
    if status == 423:
        return StoreRefused(f"Shopify has locked the shop: {words}.")
    if status in {408, 430} or status >= 500 or status < 200:
        return Unreachable(f"Shopify failed to answer: {words}.")
    return Rejected(f"Shopify refused: {words}.")


def words_of(answer: Answer) -> str:
    """Return what Shopify said, in short. ``errors`` is a text here, where GraphQL has a list; OAuth has its own."""
    try:
        said = inner(decode(answer.body))
    except ValueError:
        said = {}
    words = said.get("error_description") or said.get("errors") or said.get("error")
    shown = words if isinstance(words, str) else answer.reason or "no words"
    return f"{shown[:LONGEST_WORDS]} ({answer.status})"


def wait_of(retry_after: str) -> float:
    """Return the seconds of a ``Retry-After`` header; Shopify sends ``2.0``."""
    try:
        return max(1.0, min(float(retry_after), 86_400.0))
    except ValueError:
        return FALLBACK_WAIT_SECONDS


def _errors(found: object) -> list[Json]:
    if not found:
        return []
    if isinstance(found, list):
        return [each if isinstance(each, dict) else {"message": str(each)} for each in found]
    return [{"message": found if isinstance(found, str) else str(found)}]


def _cost(found: Json) -> Cost | None:
    status = inner(found.get("throttleStatus"))
    numbers = [status.get(name) for name in ("currentlyAvailable", "maximumAvailable", "restoreRate")]
    requested, actual = found.get("requestedQueryCost"), found.get("actualQueryCost")
    if not all(_is_number(each) for each in [requested, *numbers]) or not numbers[2] or numbers[2] <= 0:
        return None
    available, maximum, rate = (float(each or 0) for each in numbers)
    return Cost(
        requested=float(requested or 0),
        actual=float(actual or 0) if _is_number(actual) else None,
        available=available,
        maximum=maximum,
        restore_rate=rate,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _warnings(found: object) -> list[str]:
    return [
        f"{text(inner(warning).get('field'))}: {text(inner(warning).get('message'))}"
        for search in (found if isinstance(found, list) else [])
        for warning in inner(search).get("warnings") or []
    ]

"""HTTP to one seller account and nothing else: the Selling Partner API, https://developer-docs.amazon.com/sp-api."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from channels.contract import BadCredentials, BadPayload, RateLimited, Store, Unreachable
from channels.limiter import Limiter, budget_key
from channels.platforms.amazon.answers import Answer, Denied, final, rate_of, value_of
from channels.platforms.amazon.login import Tokens
from channels.platforms.amazon.operations import ALL, Operation
from channels.platforms.amazon.regions import DEFAULT_MARKETPLACE, MARKETPLACES, endpoint
from channels.platforms.amazon.transport import send, session
from channels.platforms.amazon.values import Json

TRIES = 3  # of a call that Amazon refused unseen for its quota, if the wait is short
SHORT_WAIT = 5.0  # seconds

# Rates that this process has passed on already, by budget: saves two statements a call.
_learnt: dict[str, float] = {}


class AmazonClient:
    """Calls of one seller in one region. Every method raises ChannelError and nothing else."""

    def __init__(self, store: Store) -> None:
        self.marketplace = store.credentials.get("marketplace") or DEFAULT_MARKETPLACE
        self.seller_id = store.credentials.get("seller_id", "").strip()
        self.root = endpoint(store.base_url, self.marketplace)
        self._session = session()
        self._tokens = Tokens(store, self._session)
        # The seller's authorisation is the pair of seller and app that the quotas belong to.
        self._pair = f"{self.root} {self.seller_id} {store.credentials.get('client_id', '')}"

    def close(self) -> None:
        self._session.close()

    def budget_keys(self) -> list[str]:
        """Return the keys of the limiter's budgets: one for each operation."""
        return [self._budget_key(operation) for operation in ALL]

    def _budget_key(self, operation: Operation) -> str:
        return budget_key(f"{self._pair} {operation.name}")

    def call(
        self,
        operation: Operation,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        **names: str,
    ) -> Json:
        """Return the JSON object that an operation answers with; ``names`` fill its path."""
        if not self.seller_id.isalnum() or not self.seller_id.isascii() or self.marketplace not in MARKETPLACES:
            raise BadCredentials("The seller ID or the marketplace is not one that Amazon has.")
        url = self.root + _path(operation, {"seller": self.seller_id, **names})
        if params:
            # A list's commas stay as they are; a space must be %20, for Amazon reads a plus as a plus.
            url += "?" + urlencode(params, quote_via=quote, safe=",:")
        data = None if body is None else json.dumps(body).encode()
        found = self._with_a_token(operation, url, data)
        if not isinstance(found, dict):
            raise BadPayload("Amazon answered with JSON that is not an object.")
        return found

    def upload(self, url: str, content: bytes, content_type: str) -> None:
        """Put a document where Amazon said; the address carries its own signature. Raises Unreachable."""
        answer = send(self._session, "PUT", url, data=content, headers={"Content-Type": content_type})
        if not 200 <= answer.status < 300:
            raise Unreachable(f"Amazon's storage refused a document ({answer.status}).", may_have_applied=False)

    def download(self, url: str) -> Answer:
        """Fetch a document from where Amazon said. Raises Unreachable."""
        answer = send(self._session, "GET", url, headers={})
        if not 200 <= answer.status < 300:
            raise Unreachable(f"Amazon's storage does not hand out a document ({answer.status}).")
        return answer

    def _with_a_token(self, operation: Operation, url: str, data: bytes | None) -> object:
        token = self._tokens.get(grantless=operation.is_grantless)
        try:
            return self._within_quota(operation, url, data, token)
        except Denied as error:
            # Also the answer to a token that has ended: with a new one it is known whether it means us.
            if not self._tokens.may_have_ended(error, grantless=operation.is_grantless):
                raise final(error, operation) from None
            token = self._tokens.get(grantless=operation.is_grantless, instead_of=token)
        try:
            return self._within_quota(operation, url, data, token)
        except Denied as error:
            raise final(error, operation) from None

    def _within_quota(self, operation: Operation, url: str, data: bytes | None, token: str) -> object:
        """Call within the operation's budget; once more after a refusal for quota, which applied nothing."""
        key = self._budget_key(operation)
        limiter = Limiter(key=key, calls_per_second=operation.rate, burst=operation.burst)
        for attempt in range(1, TRIES + 1):
            limiter.acquire()
            answer = send(self._session, operation.method, url, data=data, headers=_headers(token, data))
            rate = rate_of(answer)
            if rate is not None and rate != _learnt.get(key, operation.rate):
                limiter.learn(rate)
                _learnt[key] = rate
            try:
                return value_of(answer, operation)
            except RateLimited as error:
                # Every process must leave the operation alone, not this task alone.
                limiter.block(error.wait_seconds)
                if attempt == TRIES or error.wait_seconds > SHORT_WAIT:
                    raise
        raise AssertionError  # unreachable: the last attempt returns or raises


def _headers(token: str, data: bytes | None) -> dict[str, str]:
    headers = {
        "x-amz-access-token": token,
        "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
    }
    return {**headers, "Content-Type": "application/json"} if data is not None else headers


def _path(operation: Operation, names: Mapping[str, str]) -> str:
    """Fill an operation's path; each name is one segment, so that a slash in a SKU is %2F and a plus %2B."""
    return operation.path.format(**{name: quote(value, safe="") for name, value in names.items()})

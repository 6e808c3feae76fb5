"""GraphQL to one shop and nothing else: Admin API, https://shopify.dev/docs/api/admin-graphql."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.contract import RateLimited, Store
from channels.limiter import Limiter, budget_key
from channels.platforms.shopify.answers import Cost, DeadToken, Result, TooCostly, data_of, result_of
from channels.platforms.shopify.auth import Tokens, shop_address
from channels.platforms.shopify.document import Document
from channels.platforms.shopify.transport import lines, new_session, send
from channels.platforms.shopify.values import Json

API_VERSION = "2026-10"

# Points. A shop on the smallest plan gets 100 back per second; the size of its bucket is not published, 1000 is the
# smallest that was ever told. Answers tell both, and the rate is learnt from them.
POINTS_PER_SECOND = 100.0
BUCKET = 1000.0
RESERVE = 50.0  # below it every process waits: other apps of ours may use the same bucket


class ShopifyClient:
    """Calls of one app in one shop. Every method raises ChannelError and nothing else."""

    def __init__(self, store: Store) -> None:
        self._session = new_session()
        self._url = f"{shop_address(store.base_url)}/admin/api/{API_VERSION}/graphql.json"
        self._tokens = Tokens(store, self._session)
        held = store.credentials
        owner = held.get("client_id") or held.get("access_token", "")
        self._limiter = Limiter(
            key=budget_key(f"{store.base_url}:{owner}"), calls_per_second=POINTS_PER_SECOND, burst=BUCKET
        )
        self.served_version = ""
        """The version that the last answer came from; Shopify falls forward from one that it has retired."""

    @property
    def budget_key(self) -> str:
        """The limiter's key of this store's calls."""
        return self._limiter.key

    def close(self) -> None:
        self._session.close()

    @property
    def falls_forward(self) -> bool:
        return self.served_version not in {"", API_VERSION}

    def run(self, document: Document, variables: Mapping[str, Any] | None = None) -> Json:
        """Send a document and return its data; the ``userErrors`` in it are the caller's business."""
        sent = {"query": document.text, "variables": dict(variables or {}), "operationName": document.name}
        self._limiter.acquire(document.cost)
        settled: Cost | None = None
        try:
            result = self._ask(sent)
            settled = result.cost
            return data_of(result)
        except RateLimited as error:
            # The app as a whole must rest, not this task alone.
            self._limiter.block(error.wait_seconds)
            raise
        finally:
            self._settle(document.cost, settled)

    def run_paged(self, document: Document, sizes: Sequence[int], variables: Mapping[str, Any]) -> Json:
        """Send a document whose ``$first`` may be too large for what the shop allows: the next size is tried then."""
        for size in sizes[:-1]:
            try:
                return self.run(document, {**variables, "first": size})
            except TooCostly:
                continue
        return self.run(document, {**variables, "first": sizes[-1]})

    def lines(self, url: str) -> Iterator[bytes]:
        """Yield the lines of a file at a URL that Shopify gave us; no token goes with it."""
        return lines(self._session, url)

    def _ask(self, sent: Json) -> Result:
        try:
            return self._call(sent)
        except DeadToken:
            # Nothing was done: a call may be repeated with a token that was made anew.
            if not self._tokens.can_renew:
                raise
            self._tokens.renew()
            return self._call(sent)

    def _call(self, sent: Json) -> Result:
        answer = send(
            self._session, "POST", self._url, json=sent, headers={"X-Shopify-Access-Token": self._tokens.current()}
        )
        if answer.version:
            self.served_version = answer.version
        return result_of(answer)

    def _settle(self, taken: float, cost: Cost | None) -> None:
        """Charge what the call really cost, and go by the rate and the points left that Shopify tells."""
        if cost is None:
            return
        actual = cost.actual if cost.actual is not None else 0.0
        if actual < taken:
            self._limiter.refund(taken - actual)
        elif actual > taken:
            self._limiter.spend(actual - taken)
        self._limiter.learn(cost.restore_rate)
        if cost.actual is not None and cost.available < RESERVE:
            self._limiter.block((RESERVE - cost.available) / cost.restore_rate)

"""Feeds 2021-06-30: documents, feeds, results. https://developer-docs.amazon.com/sp-api/docs/feeds-api"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

from sandbox.amazon.documents import Documents
from sandbox.amazon.errors import invalid_input, not_found, quota_exceeded
from sandbox.amazon.feeds import LISTINGS, RETIRED, Feed, Processor
from sandbox.amazon.notifications import Notifications
from sandbox.amazon.parameters import body_of, listed, page_size, text_of, texts_of
from sandbox.amazon.store import Store
from sandbox.faults import Faults
from sandbox.server import Json, Request, Response, Route, json_response

ROOT = "/feeds/2021-06-30"
STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
SUBMISSIONS = 5  # of one type …
WINDOW = 300.0  # … within so many seconds, since 2025-05-06


class FeedsApi:
    def __init__(
        self,
        store: Store,
        documents: Documents,
        notifications: Notifications,
        faults: Faults,
        root: Callable[[], str],
    ) -> None:
        self._store = store
        self._documents = documents
        self._notifications = notifications
        self._root = root
        self._processor = Processor(store, documents, faults, self._tell)
        self._feeds: dict[str, Feed] = {}
        self._numbers = itertools.count(53_347_018_456)
        self._submitted: deque[float] = deque()

    def clear(self) -> None:
        self._feeds.clear()
        self._submitted.clear()

    def all(self) -> list[Feed]:
        return list(self._feeds.values())

    def routes(self) -> list[Route]:
        return [
            Route("POST", f"{ROOT}/documents", self._create_document, "createFeedDocument"),
            Route("GET", f"{ROOT}/documents/{{document_id}}", self._read_document, "getFeedDocument"),
            Route("POST", f"{ROOT}/feeds", self._create, "createFeed"),
            Route("GET", f"{ROOT}/feeds", self._list, "getFeeds"),
            Route("GET", f"{ROOT}/feeds/{{feed_id}}", self._read, "getFeed"),
        ]

    def _create_document(self, request: Request, _: dict[str, str]) -> Response:
        document = self._documents.expect(text_of(body_of(request), "contentType"))
        address = self._documents.address(document, self._root())
        return json_response({"feedDocumentId": document.id, "url": address}, 201)

    def _read_document(self, _: Request, variables: dict[str, str]) -> Response:
        document = self._documents.find(variables["document_id"])
        if document is None:
            raise not_found("There is no such document")
        found: Json = {"feedDocumentId": document.id, "url": self._documents.address(document, self._root())}
        if document.is_compressed:
            found["compressionAlgorithm"] = "GZIP"
        return json_response(found)

    def _create(self, request: Request, _: dict[str, str]) -> Response:
        body = body_of(request)
        kind, places = text_of(body, "feedType"), texts_of(body, "marketplaceIds", most=25)
        document = self._documents.find(text_of(body, "inputFeedDocumentId"))
        if kind != LISTINGS and kind not in RETIRED:
            raise invalid_input(f"The feed type {kind} is not one there is")
        if document is None or document.body is None:
            raise invalid_input("The document was not uploaded")
        if any(place not in self._store.options.marketplaces for place in places):
            raise invalid_input("The seller does not take part in all of marketplaceIds")
        self._count()
        feed = Feed(
            id=str(next(self._numbers)),
            kind=kind,
            marketplaces=places,
            document=document,
            created_at=self._store.options.clock(),
        )
        self._feeds[feed.id] = feed
        self._processor.take(feed)
        return json_response({"feedId": feed.id}, 202)

    def _count(self) -> None:
        """Raises ApiError 429 beyond five submissions in five minutes."""
        now, scale = self._store.options.clock(), self._store.options.quota_scale
        while self._submitted and self._submitted[0] <= now - WINDOW:
            self._submitted.popleft()
        if len(self._submitted) >= SUBMISSIONS * max(1.0, scale):
            raise quota_exceeded()
        self._submitted.append(now)

    def _read(self, _: Request, variables: dict[str, str]) -> Response:
        feed = self._feeds.get(variables["feed_id"])
        if feed is None:
            raise not_found("There is no such feed")
        return json_response(feed.as_json())

    def _list(self, request: Request, _: dict[str, str]) -> Response:
        kinds = listed(request, "feedTypes", most=10)
        statuses = listed(request, "processingStatuses", STATUSES)
        size = page_size(request, "pageSize", 10, 100)
        found = [
            feed.as_json()
            for feed in reversed(self._feeds.values())
            if (not kinds or feed.kind in kinds) and (not statuses or feed.status in statuses)
        ]
        return json_response({"feeds": found[:size]})

    def _tell(self, feed: Feed) -> None:
        told: Json = {
            "sellerId": self._store.seller_id,
            "accountId": f"amzn1.merchant.o.{self._store.seller_id}",
            "feedId": feed.id,
            "feedType": feed.kind,
            "processingStatus": feed.status,
        }
        if feed.result is not None:
            told["resultFeedDocumentId"] = feed.result.id
        self._notifications.tell("FEED_PROCESSING_FINISHED", {"feedProcessingFinishedNotification": told})

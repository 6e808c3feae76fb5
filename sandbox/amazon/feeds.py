"""JSON_LISTINGS_FEED: from the uploaded document to the processing report.

https://github.com/amzn/selling-partner-api-models/tree/main/schemas/feeds (listings-feed-schema-v2)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.amazon.api_listings import read_patches
from sandbox.amazon.documents import Document, Documents
from sandbox.amazon.errors import ApiError
from sandbox.amazon.records import Item
from sandbox.amazon.store import Store
from sandbox.amazon.submissions import ATTRIBUTE, Issue, Patch, issues_of
from sandbox.amazon.wire import iso, item_json
from sandbox.faults import Faults
from sandbox.server import Json

LISTINGS = "JSON_LISTINGS_FEED"
# Switched off since 2025-07-31: they are taken and end FATAL.
RETIRED = ("POST_INVENTORY_AVAILABILITY_DATA", "POST_FLAT_FILE_INVLOADER_DATA", "POST_PRODUCT_DATA")
MOST_MESSAGES = 25_000


@dataclass(slots=True, kw_only=True)
class Feed:
    """One feed. Times in UNIX seconds."""

    id: str
    kind: str
    marketplaces: list[str]
    document: Document
    created_at: float
    status: str = "IN_QUEUE"
    started_at: float | None = None
    ended_at: float | None = None
    result: Document | None = None

    def as_json(self) -> Json:
        found: Json = {
            "feedId": self.id,
            "feedType": self.kind,
            "marketplaceIds": self.marketplaces,
            "createdTime": iso(self.created_at),
            "processingStatus": self.status,
        }
        if self.started_at is not None:
            found["processingStartTime"] = iso(self.started_at)
        if self.ended_at is not None:
            found["processingEndTime"] = iso(self.ended_at)
        if self.result is not None:
            found["resultFeedDocumentId"] = self.result.id
        return found


@dataclass(slots=True)
class _Report:
    """What the processing report will say."""

    header: Json = field(default_factory=dict)
    issues: list[Json] = field(default_factory=list)
    processed: int = 0
    invalid: int = 0
    items: list[Json] | None = None

    def blame(self, issue: Issue, message_id: int | None = None, sku: str = "") -> None:
        told: Json = {"code": issue.code, "severity": "ERROR", "message": issue.message}
        if message_id is not None:
            told |= {"messageId": message_id, "sku": sku}
        if issue.attribute:
            told["attributeName"] = issue.attribute
        self.issues.append(told)

    def as_json(self) -> Json:
        summary: Json = {
            "errors": len(self.issues),
            "warnings": 0,
            "messagesProcessed": self.processed,
            "messagesAccepted": self.processed - self.invalid,
            "messagesInvalid": self.invalid,
        }
        found: Json = {"header": self.header, "issues": self.issues, "summary": summary}
        if self.items is not None:
            summary["itemSummary"] = {"items": len(self.items), "errors": 0, "warnings": 0}
            found["items"] = self.items
        return found


class Processor:
    """Works on feeds after a while. ``finished`` is told of each one that is over. Call with the store's lock held."""

    def __init__(self, store: Store, documents: Documents, faults: Faults, finished: Callable[[Feed], None]) -> None:
        self._store = store
        self._documents = documents
        self._faults = faults
        self._finished = finished

    def take(self, feed: Feed) -> None:
        """Put a feed into the queue: begun after half of the time it takes, done after all of it."""
        seconds = self._store.options.feed_seconds
        self._store.schedule.after(seconds / 2, lambda: self._begin(feed))
        self._store.schedule.after(seconds, lambda: self._end(feed))

    def _begin(self, feed: Feed) -> None:
        if feed.status == "IN_QUEUE":
            feed.status, feed.started_at = "IN_PROGRESS", self._store.options.clock()

    def _end(self, feed: Feed) -> None:
        if feed.status == "CANCELLED":
            return
        self._begin(feed)
        feed.ended_at = self._store.options.clock()
        if feed.kind != LISTINGS or feed.document.body is None or self._faults.take("feed_fatal"):
            feed.status = "FATAL"
        else:
            report = self._process(feed, feed.document.body)
            text = json.dumps(report.as_json(), ensure_ascii=False).encode()
            feed.result = self._documents.offer(text, "application/json; charset=UTF-8")
            feed.status = "DONE"
        self._finished(feed)

    def _process(self, feed: Feed, body: bytes) -> _Report:
        report = _Report(header={"sellerId": self._store.seller_id, "version": "2.0", "feedId": feed.id})
        try:
            sent = json.loads(body)
            header, messages = sent["header"], sent["messages"]
        except (ValueError, KeyError, TypeError):
            report.blame(Issue("4002001", "The feed is not a document of the listings feed schema."))
            return report
        if not isinstance(header, dict) or header.get("sellerId") != self._store.seller_id:
            report.blame(Issue("4002005", "The header names no seller, or another one than the feed is of."))
            return report
        if not isinstance(messages, list) or not 1 <= len(messages) <= MOST_MESSAGES:
            report.blame(Issue("4002001", "messages must hold 1 to 25000 messages."))
            return report
        asked = header.get("report") if isinstance(header.get("report"), dict) else None
        touched = [item for each in messages if (item := self._message(feed, each, report)) is not None]
        if asked:
            report.header["report"] = asked
            included = frozenset(asked.get("includedData", []))
            report.items = [item_json(item, feed.marketplaces[0], included) for item in touched]
        return report

    def _message(self, feed: Feed, message: object, report: _Report) -> Item | None:
        report.processed += 1
        sent = message if isinstance(message, dict) else {}
        sku, message_id = str(sent.get("sku", "")), sent.get("messageId")
        item = self._store.items.get(sku)
        number = message_id if isinstance(message_id, int) else None
        try:
            issues = self._apply(feed, item, sku, sent)
        except ApiError as error:
            issues = [Issue("4000001", error.details)]
        for issue in issues:
            report.blame(issue, number, sku)
        report.invalid += bool(issues)
        return None if issues else item

    def _apply(self, feed: Feed, item: Item | None, sku: str, sent: Json) -> list[Issue]:
        kind = sent.get("operationType")
        if self._faults.take("invalid"):
            return [Issue("90220", "'[size]' is required but not supplied.", "size")]
        if item is None:
            return [Issue("13013", f"The SKU {sku} is not in the catalogue of the seller.")]
        if kind == "DELETE":
            self._store.items.delete(sku)
            return []
        if kind == "PATCH":
            product_type, patches = read_patches(sent)
        elif kind in ("PARTIAL_UPDATE", "UPDATE"):
            # Both behave as a replacement of each attribute that they name.
            attributes = sent.get("attributes") or {}
            product_type = str(sent.get("productType", ""))
            value = tuple(attributes.get(ATTRIBUTE, ()))
            patches = [Patch("replace", f"/attributes/{ATTRIBUTE}", value)]
        else:
            return [Issue("4000001", f"The operation type '{kind}' is not one there is.")]
        issues = issues_of(item, product_type, patches)
        if not issues:
            self._store.items.accept(item, feed.marketplaces[0], patches)
        return issues

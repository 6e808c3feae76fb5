"""Reports 2021-06-30: listing reports. https://developer-docs.amazon.com/sp-api/docs/report-type-values-inventory"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.amazon.documents import Document, Documents
from sandbox.amazon.errors import invalid_input, not_found
from sandbox.amazon.notifications import Notifications
from sandbox.amazon.parameters import body_of, text_of, texts_of
from sandbox.amazon.records import MERCHANT, Item
from sandbox.amazon.store import Store
from sandbox.amazon.wire import iso
from sandbox.faults import Faults
from sandbox.server import Json, Request, Response, Route, json_response

ROOT = "/reports/2021-06-30"
ALL_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
COLUMNS = (
    *("item-name", "item-description", "listing-id", "seller-sku", "price", "quantity", "open-date", "image-url"),
    *("item-is-marketplace", "product-id-type", "zshop-shipping-fee", "item-note", "item-condition"),
    *("zshop-category1", "zshop-browse-path", "zshop-storefront-feature", "asin1", "asin2", "asin3"),
    *("will-ship-internationally", "expedited-shipping", "zshop-boldface", "product-id", "bid-for-featured-placement"),
    *("add-delete", "pending-quantity", "fulfillment-channel", "merchant-shipping-group", "status"),
)


@dataclass(slots=True, kw_only=True)
class Report:
    """One report. Times in UNIX seconds."""

    id: str
    marketplaces: list[str]
    created_at: float
    status: str = "IN_QUEUE"
    ended_at: float | None = None
    document: Document | None = None

    def as_json(self) -> Json:
        found: Json = {
            "reportId": self.id,
            "reportType": ALL_LISTINGS,
            "marketplaceIds": self.marketplaces,
            "createdTime": iso(self.created_at),
            "processingStatus": self.status,
        }
        if self.ended_at is not None:
            found |= {"processingStartTime": iso(self.created_at), "processingEndTime": iso(self.ended_at)}
        if self.document is not None:
            found["reportDocumentId"] = self.document.id
        return found


class ReportsApi:
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
        self._faults = faults
        self._root = root
        self._reports: dict[str, Report] = {}
        self._cached: dict[str, tuple[float, bytes]] = {}
        self._numbers = itertools.count(54_517_018_502)

    def clear(self) -> None:
        self._reports.clear()
        self._cached.clear()

    def routes(self) -> list[Route]:
        return [
            Route("POST", f"{ROOT}/reports", self._create, "createReport"),
            Route("GET", f"{ROOT}/reports/{{report_id}}", self._read, "getReport"),
            Route("GET", f"{ROOT}/documents/{{document_id}}", self._read_document, "getReportDocument"),
        ]

    def _create(self, request: Request, _: dict[str, str]) -> Response:
        body = body_of(request)
        places = texts_of(body, "marketplaceIds", most=25)
        if text_of(body, "reportType") != ALL_LISTINGS:
            raise invalid_input(f"Only {ALL_LISTINGS} is simulated")
        if any(place not in self._store.options.marketplaces for place in places):
            raise invalid_input("The seller does not take part in all of marketplaceIds")
        report = Report(id=str(next(self._numbers)), marketplaces=places, created_at=self._store.options.clock())
        self._reports[report.id] = report
        seconds = self._store.options.report_seconds
        self._store.schedule.after(seconds / 2, lambda: self._begin(report))
        self._store.schedule.after(seconds, lambda: self._end(report))
        return json_response({"reportId": report.id}, 202)

    def _read(self, _: Request, variables: dict[str, str]) -> Response:
        report = self._reports.get(variables["report_id"])
        if report is None:
            raise not_found("There is no such report")
        return json_response(report.as_json())

    def _read_document(self, _: Request, variables: dict[str, str]) -> Response:
        document = self._documents.find(variables["document_id"])
        if document is None:
            raise not_found("There is no such document")
        found: Json = {"reportDocumentId": document.id, "url": self._documents.address(document, self._root())}
        if document.is_compressed:
            found["compressionAlgorithm"] = "GZIP"
        return json_response(found)

    def _begin(self, report: Report) -> None:
        if report.status == "IN_QUEUE":
            report.status = "IN_PROGRESS"

    def _end(self, report: Report) -> None:
        self._begin(report)
        report.ended_at = self._store.options.clock()
        if self._faults.take("report_fatal"):
            report.status = "FATAL"
        else:
            # Only the first marketplace counts.
            text = self._content(report.marketplaces[0])
            charset = self._store.options.report_charset
            report.document = self._documents.offer(text, f"text/plain; charset={charset}")
            report.status = "DONE"
        self._tell(report)

    def _content(self, marketplace: str) -> bytes:
        """Return the table as it is now, or as an earlier report has shown it, for that is served again for hours."""
        now = self._store.options.clock()
        made_at, text = self._cached.get(marketplace, (0.0, b""))
        if not text or now - made_at >= self._store.options.report_cache_seconds:
            text = self._table(marketplace)
            self._cached[marketplace] = now, text
        return text

    def _table(self, marketplace: str) -> bytes:
        written = io.StringIO()
        table = csv.writer(written, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\r\n")
        table.writerow(COLUMNS)
        for item in self._store.items.all():
            if marketplace in item.marketplaces:
                row = _row(item, marketplace)
                table.writerow([row.get(column, "") for column in COLUMNS])
        return written.getvalue().encode(self._store.options.report_charset, "replace")

    def _tell(self, report: Report) -> None:
        told: Json = {
            "sellerId": self._store.seller_id,
            "accountId": f"amzn1.merchant.o.{self._store.seller_id}",
            "reportId": report.id,
            "reportType": ALL_LISTINGS,
            "processingStatus": report.status,
        }
        if report.document is not None:
            told["reportDocumentId"] = report.document.id
        self._notifications.tell("REPORT_PROCESSING_FINISHED", {"reportProcessingFinishedNotification": told})


def _row(item: Item, marketplace: str) -> dict[str, str]:
    channel = next((code for code in item.records if code != MERCHANT), MERCHANT)
    opened = datetime.fromtimestamp(item.created_at, UTC).strftime("%d/%m/%Y %H:%M:%S UTC")
    clean = str.maketrans("\t\r\n", "   ")
    return {
        "item-name": item.title.translate(clean),
        "item-description": item.description.translate(clean),
        "listing-id": item.listing_id,
        "seller-sku": item.sku,
        "price": f"{item.price:.2f}" if item.price else "",
        # Empty for what Amazon ships: empty is not 0.
        "quantity": "" if channel != MERCHANT or item.quantity is None else str(item.quantity),
        "open-date": opened,
        "item-is-marketplace": "y",
        "product-id-type": "1",
        "item-condition": "11",
        "asin1": item.asin,
        "product-id": item.asin,
        "pending-quantity": "" if channel != MERCHANT else "0",
        "fulfillment-channel": channel,
        "merchant-shipping-group": "Standard",
        "status": "Active" if item.is_buyable(marketplace) else "Inactive",
    }

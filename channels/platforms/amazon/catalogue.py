"""The full read of the catalogue, page by page: by search where that finds all, by report where there is more.

A search ends at 1,000 results. A listing report has everything, but may be hours old: it only says which SKUs there
are, and each page of it is read live. https://developer-docs.amazon.com/sp-api/docs/report-type-values-inventory
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from channels.contract import BadPayload, CatalogPage, NotListed, Rejected, ReportedListing, Unreachable
from channels.platforms.amazon import operations
from channels.platforms.amazon.answers import Answer
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.items import in_searches, items_of, places, read_item, search
from channels.platforms.amazon.mapping import DATA_SETS, UnreadableItem, folded, listing_of
from channels.platforms.amazon.values import section, text, whole

SEARCH_LIMIT = 1000  # results that a search gives in all
PAGE = 20
REPORT = "GET_MERCHANT_LISTINGS_ALL_DATA"
REPORT_PAGE = 200  # SKUs of a report that one page of ours reads live
ASK_AGAIN_SECONDS = 15.0
LARGEST_REPORT = 200_000_000  # bytes, unpacked

_CURSOR = re.compile(r"(search|report|rows):(\d{1,2}):(.*)", re.DOTALL)
_ROWS = re.compile(r"(\d{1,9}):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a scan stands: in which of the seller's marketplaces, and in what.

    ``kind`` search: ``token`` is Amazon's for the next page, empty for the first. report: ``token`` is the id of a
    report that is being made. rows: ``token`` is the id of its document, of which ``row`` is the next.
    """

    kind: str = "search"
    place: int = 0
    token: str = ""
    row: int = 0

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Return the cursor in a text that ``str`` made, or the first for an empty one. Raises BadPayload."""
        if not cursor:
            return cls()
        match = _CURSOR.fullmatch(cursor)
        rows = _ROWS.fullmatch(match[3]) if match and match[1] == "rows" else None
        if match is None or (match[1] == "rows") != (rows is not None):
            raise BadPayload("The catalogue's cursor can't be read.")
        if rows is not None:
            return cls(kind="rows", place=int(match[2]), row=int(rows[1]), token=rows[2])
        return cls(kind=match[1], place=int(match[2]), token=match[3])

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}:{f'{self.row}:' if self.kind == 'rows' else ''}{self.token}"


class Catalogue:
    """Scans one seller's listings. A report that was fetched is kept for the pages that follow in the same process."""

    def __init__(self, client: AmazonClient) -> None:
        self._client = client
        self._fetched: tuple[str, list[str]] = ("", [])

    def page(self, cursor: str) -> CatalogPage:
        """Return the page at ``cursor``. Raises ChannelError.

        A SKU that stands in several marketplaces comes once for each: it is the same pool, read anew.
        """
        at = Cursor.read(cursor)
        steps: dict[str, Callable[[Cursor], CatalogPage]] = {
            "search": self._searched,
            "report": self._waiting,
            "rows": self._reported,
        }
        return steps[at.kind](at)

    def _place(self, at: Cursor) -> str:
        found = places(self._client)
        if at.place >= len(found):
            raise BadPayload("The seller left a marketplace while its catalogue was read.")
        return found[at.place]

    def _next_place(self, at: Cursor) -> str:
        following = Cursor(place=at.place + 1)
        return str(following) if following.place < len(places(self._client)) else ""

    # By search --------------------------------------------------------------------------------------------------

    def _searched(self, at: Cursor) -> CatalogPage:
        place = self._place(at)
        params: dict[str, str | int] = {
            "marketplaceIds": place,
            "includedData": DATA_SETS,
            # The default order shifts with every change of a listing.
            "sortBy": "createdDate",
            "sortOrder": "ASC",
            "pageSize": PAGE,
        }
        if at.token:
            params["pageToken"] = at.token
        found = self._client.call(operations.SEARCH_ITEMS, params=params)
        total = whole(found.get("numberOfResults"))
        if not at.token and (total is None or total >= SEARCH_LIMIT):
            return self._ask_for_report(at)
        listings, problems = folded(items_of(found), place)
        token = text(section(found.get("pagination")).get("nextToken"))
        return CatalogPage(
            listings=tuple(listings),
            products=len(listings) + len(problems),
            total=total if len(places(self._client)) == 1 else None,
            next_cursor=str(replace(at, token=token)) if token else self._next_place(at),
            problems=tuple(problems),
        )

    # By report --------------------------------------------------------------------------------------------------

    def _ask_for_report(self, at: Cursor) -> CatalogPage:
        body = {
            "reportType": REPORT,
            "marketplaceIds": [self._place(at)],
            # Else the names of the columns may come in the seller's language.
            "reportOptions": {"preferredReportDocumentLocale": "en_US"},
        }
        report = text(self._client.call(operations.CREATE_REPORT, body=body).get("reportId"))
        if not report:
            raise BadPayload("Amazon named no report.")
        return _later(Cursor(kind="report", place=at.place, token=report))

    def _waiting(self, at: Cursor) -> CatalogPage:
        found = self._client.call(operations.GET_REPORT, report=at.token)
        status, document = text(found.get("processingStatus")), text(found.get("reportDocumentId"))
        if status in {"IN_QUEUE", "IN_PROGRESS"}:
            return _later(at)
        if status != "DONE" or not document:
            raise Rejected(f"Amazon could not make the listing report ({status or 'no status'}): import again later.")
        return _later(Cursor(kind="rows", place=at.place, token=document), seconds=0.0)

    def _reported(self, at: Cursor) -> CatalogPage:
        skus, place = self._skus(at.token), self._place(at)
        here = skus[at.row : at.row + REPORT_PAGE]
        listings, problems = self._live(here, place)
        rest = at.row + REPORT_PAGE
        return CatalogPage(
            listings=tuple(listings),
            products=len(here),
            total=len(skus) if len(places(self._client)) == 1 else None,
            next_cursor=str(replace(at, row=rest)) if rest < len(skus) else self._next_place(at),
            problems=tuple(problems),
        )

    def _live(self, skus: list[str], place: str) -> tuple[list[ReportedListing], list[str]]:
        """Read the SKUs of a report as they are now: what it says of quantities and channels is hours old."""
        listings: list[ReportedListing] = []
        problems: list[str] = []
        for some in in_searches(skus):
            found, unread = folded(list(search(self._client, some, DATA_SETS, place=place).values()), place)
            listings += found
            problems += unread
        for sku in (sku for sku in skus if "," in sku):
            try:
                where, item = read_item(self._client, sku, DATA_SETS)
                listings.append(listing_of(item, where))
            except NotListed:
                continue  # it was deleted since the report was made
            except (UnreadableItem, BadPayload) as error:
                problems.append(str(error))
        return listings, problems

    def _skus(self, document: str) -> list[str]:
        if self._fetched[0] != document:
            found = self._client.call(operations.GET_REPORT_DOCUMENT, document=document)
            url = text(found.get("url"))
            if not url:
                raise BadPayload("Amazon named no address for the report's document.")
            answer = self._client.download(url)
            self._fetched = document, skus_of(content_of(answer, text(found.get("compressionAlgorithm"))))
        return self._fetched[1]


def _later(at: Cursor, *, seconds: float = ASK_AGAIN_SECONDS) -> CatalogPage:
    return CatalogPage(listings=(), products=0, total=None, next_cursor=str(at), wait_seconds=seconds)


def content_of(answer: Answer, compression: str) -> str:
    """Return a document's text, in the encoding that the download tells. Raises Unreachable for a broken one."""
    body = answer.body
    if compression == "GZIP":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(LARGEST_REPORT)
        except (OSError, EOFError, zlib.error):
            raise Unreachable("Amazon's document can't be unpacked.") from None
    charset = re.search(r"charset=\"?([\w.:-]+)", answer.content_type, re.IGNORECASE)
    try:
        return body.decode(charset[1] if charset else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def skus_of(table: str) -> list[str]:
    """Return the SKUs of a listing report, exactly as it has them. Raises BadPayload without that column."""
    rows = csv.reader(io.StringIO(table, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = [name.strip().lower() for name in next(rows, [])]
    if "seller-sku" not in header:
        raise BadPayload("Amazon's listing report has no column seller-sku.")
    column = header.index("seller-sku")
    return list(dict.fromkeys(row[column] for row in rows if len(row) > column and row[column]))

"""The full read of the catalogue, page by page.

https://docs.ecwid.com/api-reference/rest-api/products/search-products (REST API v3)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from channels.contract import BadPayload, CatalogPage
from channels.platforms.ecwid.client import EcwidClient, Json
from channels.platforms.ecwid.mapping import PAGE_FIELDS, items_of, page_of
from channels.platforms.ecwid.refs import identity, whole

PAGE = 100
LARGEST_STEPS_BACK = 20  # in one scan; a catalogue that shrinks faster is read again by the next scan

_CURSOR = re.compile(r"(\d{1,9})(?::(\d{1,19}):(\d{1,3}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a scan stands: the next offset, the product expected there, and how often it went back so far.

    ``anchor`` is the last product of the page before. While the page holds it, nothing in between was missed.
    """

    offset: int = 0
    anchor: int | None = None
    steps_back: int = 0

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the cursor in a text that ``str`` made, or the first for an empty one. Raises BadPayload."""
        match = _CURSOR.fullmatch(text) if text else None
        if text and match is None:
            raise BadPayload("The catalogue's cursor can't be read.")
        if match is None:
            return cls()
        return cls(
            offset=int(match[1]),
            anchor=int(match[2]) if match[2] else None,
            steps_back=int(match[3]) if match[3] else 0,
        )

    def __str__(self) -> str:
        return str(self.offset) if self.anchor is None else f"{self.offset}:{self.anchor}:{self.steps_back}"


def catalog_page(client: EcwidClient, cursor: str) -> CatalogPage:
    """Return the page at ``cursor``. Raises ChannelError.

    Products come in the order they were added, so new ones come last; but each one that is deleted pulls those behind
    it one place forward, over the edge of a page. So a page begins with the last product of the page before, and when
    that one is not there the scan goes back by a page. Reading a product twice is harmless.
    """
    at = Cursor.read(cursor)
    payload = _read(client, at.offset)
    ids = [identity(item.get("id")) if isinstance(item, dict) else None for item in items_of(payload)]
    if at.anchor is not None and at.anchor not in ids and at.steps_back < LARGEST_STEPS_BACK:
        at = Cursor(offset=max(0, at.offset + 1 - PAGE), steps_back=at.steps_back + 1)
        payload = _read(client, at.offset)
        ids = [identity(item.get("id")) if isinstance(item, dict) else None for item in items_of(payload)]
    return page_of(payload, next_cursor=_next(at, ids, whole(payload.get("total"))), without=at.anchor)


def _next(at: Cursor, ids: list[int | None], total: int | None) -> str:
    """Return the next cursor, or "" at the end: when the total is reached or a page brings nothing new.

    The second keeps a total that is wrong, or shrinks while it is read, from holding the scan for ever.
    """
    reached = at.offset + len(ids)
    if not ids or (len(ids) == 1 and at.anchor is not None) or (total is not None and reached >= total):
        return ""
    last = ids[-1]
    # An entry without an id can't be an anchor; the scan goes on without one.
    if last is None:
        return str(Cursor(offset=reached, steps_back=at.steps_back))
    return str(Cursor(offset=reached - 1, anchor=last, steps_back=at.steps_back))


def _read(client: EcwidClient, offset: int) -> Json:
    params: dict[str, str | int] = {
        "limit": PAGE,
        "offset": offset,
        # The default order shifts with every change of a product.
        "sortBy": "ADDED_TIME_ASC",
        "responseFields": PAGE_FIELDS,
    }
    return client.get("/products", params)

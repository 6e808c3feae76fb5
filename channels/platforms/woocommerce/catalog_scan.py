"""Reading the catalogue: all of it, page by page, and single products as they are now.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-products (wc/v3)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from channels.contract import BadPayload, CatalogPage, NotListed, ReportedListing, UnreadableProducts
from channels.platforms.woocommerce.client import PAGE, Json, WooClient, id_of
from channels.platforms.woocommerce.mapping import (
    PRODUCT_FIELDS,
    VARIATION_FIELDS,
    UnreadableProduct,
    has_variations,
    pools_of,
)
from channels.platforms.woocommerce.refs import identity_of

VARIABLE_AT_ONCE = 20  # variable products in one page of ours: each costs a call for its variations
LARGEST_STEPS_BACK = 20  # in one scan; a catalogue that shrinks faster is read again by the next scan

_CURSOR = re.compile(r"(\d{1,9})(?::(\d{1,19}):(\d{1,3}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a scan stands: the next offset, the product expected there, and how often it went back so far.

    ``anchor`` is the last product of the page before. While the page begins with it, nothing in between was missed.
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


def catalog_page(client: WooClient, cursor: str) -> CatalogPage:
    """Return the page at ``cursor``, products in the order of their ids, each with its variations. Raises ChannelError.

    New products come last; one that is deleted pulls those behind it one place forward, over the edge of a page. So a
    page begins with the last product of the page before, and when that one is not there the scan goes back by a page.
    """
    at = Cursor.read(cursor)
    items, total = _read(client, at.offset)
    is_shifted = at.anchor is not None and at.anchor not in [id_of(item) for item in items]
    if is_shifted and at.steps_back < LARGEST_STEPS_BACK:
        at = Cursor(offset=max(0, at.offset + 1 - PAGE), steps_back=at.steps_back + 1)
        items, total = _read(client, at.offset)
    taken = _as_many_as_can_be_read(items)
    listings: list[ReportedListing] = []
    problems: list[str] = []
    products = [item for item in taken if at.anchor is None or id_of(item) != at.anchor]
    for product in products:
        try:
            listings += pools_of(product, _variations(client, product))
        except UnreadableProduct as error:
            problems.append(str(error))
    return CatalogPage(
        listings=tuple(listings),
        products=len(products),
        total=total,
        next_cursor=_next(at, taken, is_last=len(taken) == len(items), total=total),
        problems=tuple(problems),
    )


def read_products(client: WooClient, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
    """Yield each product's pools as they are now; none for what is deleted or in the trash.

    Raises UnreadableProducts after all that could be read.
    """
    refs = list(product_refs)
    problems: dict[str, str] = {}
    for start in range(0, len(refs), PAGE):
        chunk = refs[start : start + PAGE]
        found = by_id(client, [number for ref in chunk if (number := identity_of(ref)) is not None])
        for ref in chunk:
            try:
                product = found.get(identity_of(ref) or 0) or _alone(client, ref)
                yield ref, () if product is None else pools_of(product, _variations(client, product))
            except UnreadableProduct as error:
                problems[ref] = str(error)
    if problems:
        raise UnreadableProducts(problems)


def _alone(client: WooClient, ref: str) -> Json | None:
    """Read a product that the list left out; None where it is deleted or in the trash. Raises UnreadableProduct.

    The list alone proves nothing: some caches and plugins answer with an empty one.
    """
    number = identity_of(ref)
    if number is None:
        return None
    try:
        product = client.get(f"/products/{number}", {"_fields": PRODUCT_FIELDS})
    except NotListed:
        return None
    except BadPayload as error:
        raise UnreadableProduct(str(error)) from None
    if id_of(product) != number:
        raise UnreadableProduct(f"WooCommerce answered with something else than product {number}.")
    return None if product.get("status") == "trash" else product


def by_id(client: WooClient, product_ids: Sequence[int]) -> dict[int, Any]:
    """Return the products that there are outside the trash, by their ids; at most a page of them is asked for."""
    if not product_ids:
        return {}
    include = ",".join(str(number) for number in product_ids)
    params: dict[str, str | int] = {"include": include, "per_page": PAGE, "_fields": PRODUCT_FIELDS}
    return {number: item for item in client.get_page("/products", params).items if (number := id_of(item)) is not None}


def _variations(client: WooClient, product: object) -> list[Any]:
    if not isinstance(product, dict) or not has_variations(product):
        return []
    number = id_of(product)
    if number is None:
        return []
    try:
        pages = client.walk(f"/products/{number}/variations", {"_fields": VARIATION_FIELDS})
        by_own_id = {id_of(item) or -position: item for position, item in enumerate(_flat(pages))}
    except NotListed:
        return []  # deleted since the list was read: the next look finds the product gone
    return list(by_own_id.values())


def _flat(pages: Iterable[list[Any]]) -> Iterator[Any]:
    for page in pages:
        yield from page


def _as_many_as_can_be_read(items: list[Any]) -> list[Any]:
    """Return the beginning of a page that holds no more variable products than one call of the core can wait for."""
    variable = 0
    for position, item in enumerate(items):
        variable += isinstance(item, dict) and has_variations(item)
        if variable > VARIABLE_AT_ONCE:
            return items[:position]
    return items


def _next(at: Cursor, taken: list[Any], *, is_last: bool, total: int | None) -> str:
    """Return the next cursor, or "" at the end: when the total is reached or a page brings nothing new."""
    reached = at.offset + len(taken)
    if is_last:
        ends = len(taken) < PAGE if total is None else reached >= total
        if not taken or ends or (len(taken) == 1 and at.anchor is not None):
            return ""
    last = id_of(taken[-1])
    # An entry without an id can't be an anchor; the scan goes on without one.
    if last is None:
        return str(Cursor(offset=reached, steps_back=at.steps_back))
    return str(Cursor(offset=reached - 1, anchor=last, steps_back=at.steps_back))


def _read(client: WooClient, offset: int) -> tuple[list[Any], int | None]:
    page = client.get_page(
        "/products",
        {"orderby": "id", "order": "asc", "per_page": PAGE, "offset": offset, "_fields": PRODUCT_FIELDS},
    )
    return page.items, page.total

"""Reading listings: one directly, or twenty by a search.

https://developer-docs.amazon.com/sp-api/docs/listings-items-api
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from channels.contract import BadPayload, NotListed, ReportedListing, UnreadableProducts
from channels.platforms.amazon import operations
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.mapping import DATA_SETS, UnreadableItem, is_listed_in, listing_of, sku_of
from channels.platforms.amazon.values import Json, entries, section, text

AT_ONCE = 20  # SKUs that a search takes
KEPT_FOR = 3600.0  # seconds that a seller's marketplaces are remembered: they may be asked for once a minute only

_places: dict[str, tuple[float, tuple[str, ...]]] = {}
_lock = threading.Lock()


def participations(client: AmazonClient) -> list[Json]:
    """Return ``{marketplace, participation, storeName}`` of every marketplace of the region."""
    return entries(client.call(operations.PARTICIPATIONS).get("payload"))


def takes_part(entry: Json) -> bool:
    return section(entry.get("participation")).get("isParticipating") is True


def remember_places(client: AmazonClient, found: Sequence[Json]) -> tuple[str, ...]:
    """Keep and return the marketplaces the seller takes part in, the channel's own first."""
    ids = [text(section(each.get("marketplace")).get("id")) for each in found if takes_part(each)]
    places = (client.marketplace, *(each for each in ids if each and each != client.marketplace))
    with _lock:
        _places[_key(client)] = time.monotonic(), places
    return places


def places(client: AmazonClient) -> tuple[str, ...]:
    """Return the marketplaces the seller takes part in, the channel's own first. Raises ChannelError."""
    with _lock:
        at, known = _places.get(_key(client), (0.0, ()))
    if known and time.monotonic() - at < KEPT_FOR:
        return known
    return remember_places(client, participations(client))


def _key(client: AmazonClient) -> str:
    return f"{client.root} {client.seller_id} {client.marketplace}"


def read_item(client: AmazonClient, sku: str, data_sets: str) -> tuple[str, Json]:
    """Return (a marketplace that lists the SKU, its item), read directly. Raises NotListed when none does."""
    for place in _wherever(client):
        try:
            item = client.call(
                operations.GET_ITEM, sku=sku, params={"marketplaceIds": place, "includedData": data_sets}
            )
        except NotListed:
            continue
        if not text(item.get("sku")):
            raise BadPayload(f"Amazon answered with something else than the SKU {sku}.")
        if is_listed_in(item, place):
            return place, item
    raise NotListed(f"Amazon lists the SKU {sku} in none of the seller's marketplaces.")


def _wherever(client: AmazonClient) -> Iterator[str]:
    """Yield the channel's own marketplace, and only if that was not enough ask for the others."""
    yield client.marketplace
    yield from places(client)[1:]


def search(client: AmazonClient, skus: Sequence[str], data_sets: str, *, place: str) -> dict[str, Json]:
    """Return the items of up to AT_ONCE SKUs by SKU, as a search has them; what it does not find is left out.

    A SKU with a comma can't be asked for in a list; see ``in_searches``.
    """
    params: dict[str, str | int] = {
        "marketplaceIds": place,
        "identifiersType": "SKU",
        "identifiers": ",".join(skus),
        "includedData": data_sets,
        "pageSize": AT_ONCE,
    }
    found: dict[str, Json] = {}
    for item in items_of(client.call(operations.SEARCH_ITEMS, params=params)):
        try:
            found[sku_of(item)] = item
        except UnreadableItem:
            continue
    return found


def items_of(page: Json) -> list[Json]:
    """Return the entries of a search's page. Raises BadPayload."""
    items = page.get("items")
    if not isinstance(items, list):
        raise BadPayload("Amazon's list of listings has no items.")
    return entries(items)


def in_searches(skus: Iterable[str]) -> Iterator[list[str]]:
    """Yield lists of SKUs that a search can be asked for, a SKU with a comma being none of them."""
    plain = [sku for sku in dict.fromkeys(skus) if "," not in sku]
    for start in range(0, len(plain), AT_ONCE):
        yield plain[start : start + AT_ONCE]


def read_products(client: AmazonClient, skus: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
    """Yield each SKU's listing as it is now; none where it is gone. Raises UnreadableProducts after all others.

    A few are read directly. Many are searched for, which takes a twentieth of the calls; what the search does not
    find is read directly before it counts as gone.
    """
    wanted = list(dict.fromkeys(skus))
    problems: dict[str, str] = {}
    found: dict[str, tuple[str, Json]] = {}
    if len(wanted) > AT_ONCE:
        place = client.marketplace
        for some in in_searches(wanted):
            found.update({sku: (place, item) for sku, item in search(client, some, DATA_SETS, place=place).items()})
    for sku in wanted:
        try:
            place, item = found.get(sku) or read_item(client, sku, DATA_SETS)
            listings: tuple[ReportedListing, ...] = (_checked(listing_of(item, place), sku),)
        except NotListed:
            listings = ()
        except (UnreadableItem, BadPayload) as error:
            problems[sku] = str(error)
            continue
        yield sku, listings
    if problems:
        raise UnreadableProducts(problems)


def _checked(listing: ReportedListing, sku: str) -> ReportedListing:
    """Return the listing if it is that of ``sku``. Raises UnreadableItem: SKUs are compared to the letter."""
    if listing.ref != sku:
        raise UnreadableItem(f"SKU {sku}: Amazon answered with the SKU {listing.ref}.")
    return listing

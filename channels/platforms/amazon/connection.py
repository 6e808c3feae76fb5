"""The connection test: who the seller is, where it sells, and what the app may do."""

from __future__ import annotations

from channels.contract import (
    BadCredentials,
    BadPayload,
    ChannelError,
    ConnectionReport,
    NotListed,
    Rejected,
    Store,
    StoreRefused,
)
from channels.platforms.amazon import operations
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.items import participations, remember_places, takes_part
from channels.platforms.amazon.operations import INVENTORY, LISTING
from channels.platforms.amazon.queue import Queue
from channels.platforms.amazon.regions import MARKETPLACES
from channels.platforms.amazon.values import Json, section, text

NO_ORDER = "000-0000000-0000000"  # asking for it tells whether orders may be read, and nothing else


def check_connection(client: AmazonClient, store: Store) -> ConnectionReport:
    """Ask Amazon who this is and what we may do. Raises ChannelError.

    No operation tells a seller's id, so the one that was typed is tried: its listings are asked for.
    """
    if not client.seller_id:
        raise Rejected("The seller ID must be given: Amazon does not tell it.")
    if store.account_ref and store.account_ref != client.seller_id:
        raise Rejected(f"This channel is of the seller {store.account_ref}, not of {client.seller_id[:40]}.")
    found = participations(client)
    selling = [entry for entry in found if takes_part(entry)]
    names = [_name(entry) for entry in selling]
    if not any(_id(entry) == client.marketplace for entry in selling):
        where = ", ".join(names) or "no marketplace at all"
        place = MARKETPLACES[client.marketplace].domain.removeprefix("www.")
        raise StoreRefused(f"The seller does not sell at {place}, but at {where}: choose the marketplace anew.")
    remember_places(client, found)
    missing = _missing_roles(client)
    title = next((text(entry.get("storeName")) for entry in selling if _id(entry) == client.marketplace), "")
    return ConnectionReport(
        account_ref=client.seller_id,
        account_name=title or client.seller_id,
        plan=", ".join(names),
        scopes=(),
        missing_scopes=missing,
        warnings=(*_suspended(selling), *_queue_warnings(store)),
        api_address=client.root,
    )


def _missing_roles(client: AmazonClient) -> tuple[str, ...]:
    """Return the roles that harmless reads find missing. Raises Rejected for another seller's id."""
    lists_orders, lists_items, words = True, True, ""
    try:
        client.call(operations.GET_ORDER, order=NO_ORDER)
    except BadCredentials:
        lists_orders = False
    except Rejected:
        pass  # there is no such order, and we may be told so
    try:
        params: dict[str, str | int] = {"marketplaceIds": client.marketplace, "pageSize": 1}
        client.call(operations.SEARCH_ITEMS, params=params)
    except BadCredentials as error:
        lists_items, words = False, str(error)
    except NotListed as error:
        raise Rejected(f"Amazon knows no seller {client.seller_id[:40]} at this marketplace: {error}") from None
    if lists_orders and not lists_items:
        # One 403 for two faults: the wrong seller, or the role. Both ways forward are told.
        raise Rejected(
            f"Amazon denies the listings of the seller {client.seller_id[:40]}: either this is not the seller who"
            f" authorised the app, or the app lacks the role “{LISTING}”. {words}"
        )
    return tuple(role for role, may in ((INVENTORY, lists_orders), (LISTING, lists_items)) if not may)


def _suspended(selling: list[Json]) -> list[str]:
    hit = [_name(entry) for entry in selling if section(entry.get("participation")).get("hasSuspendedListings") is True]
    return [f"Amazon has suspended listings of the seller at {', '.join(hit)}."] if hit else []


def _queue_warnings(store: Store) -> list[str]:
    """Return what is wrong with the queue; it stops nothing, for the order poll finds every sale, too."""
    if not store.credentials.get("queue_url"):
        return ["No queue is given: sales are found by the order poll only, minutes later."]
    try:
        Queue(store.credentials).attributes()
    except ChannelError as error:
        return [f"{error} Until it works, sales are found by the order poll only, minutes later."]
    return []


def _id(entry: Json) -> str:
    return text(section(entry.get("marketplace")).get("id"))


def _name(entry: Json) -> str:
    found = MARKETPLACES.get(_id(entry))
    if found is None and not _id(entry):
        raise BadPayload("Amazon's list of marketplaces has one without an id.")
    return found.domain.removeprefix("www.") if found else _id(entry)

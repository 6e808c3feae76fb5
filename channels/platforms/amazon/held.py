"""Stock in Amazon's warehouses. FBA Inventory v1, https://developer-docs.amazon.com/sp-api/docs/fba-inventory-api"""

from __future__ import annotations

from channels.contract import BadPayload, HeldStock
from channels.platforms.amazon import operations
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.items import places
from channels.platforms.amazon.values import Json, entries, section, text, whole


def held_stock(client: AmazonClient) -> list[HeldStock]:
    """Return what can be sold of every SKU that Amazon holds. Raises ChannelError rather than tell a part.

    The same units may show up in several marketplaces, so they are not added up: of each SKU the largest number counts.
    """
    units: dict[str, int] = {}
    for place in places(client):
        for summary in _summaries(client, place):
            sku, sellable = text(summary.get("sellerSku")), _sellable(summary)
            if sku:
                units[sku] = max(units.get(sku, 0), sellable)
    return [HeldStock(external_sku=sku, units=each) for sku, each in sorted(units.items())]


def _summaries(client: AmazonClient, place: str) -> list[Json]:
    """Return all pages of a marketplace at once: the token of the next one dies after 30 seconds."""
    params = {
        "granularityType": "Marketplace",
        "granularityId": place,
        "marketplaceIds": place,
        "details": "true",
    }
    found: list[Json] = []
    token = ""
    while True:
        answer = client.call(operations.FBA_SUMMARIES, params={**params, **({"nextToken": token} if token else {})})
        summaries = section(answer.get("payload")).get("inventorySummaries")
        if not isinstance(summaries, list):
            raise BadPayload("Amazon's answer has no summaries of the stock it holds.")
        found += entries(summaries)
        following = text(section(answer.get("pagination")).get("nextToken"))
        if not following or following == token:
            return found
        token = following


def _sellable(summary: Json) -> int:
    """Return the units that can be sold now; what is on its way, reserved or damaged is none. Raises BadPayload."""
    sellable = whole(section(summary.get("inventoryDetails")).get("fulfillableQuantity"))
    if sellable is None:
        raise BadPayload(f"Amazon does not tell how many units of {text(summary.get('sellerSku'))[:40]} can be sold.")
    return sellable

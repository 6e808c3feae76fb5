"""Every operation that is simulated: its default limits, the roles that allow it, whose token it takes.

The limits stand in the usage plans of the models; the roles at
https://developer-docs.amazon.com/sp-api/docs/role-mappings ; any one of them is enough.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.amazon.options import INVENTORY, LISTING


@dataclass(frozen=True, slots=True)
class Operation:
    """``rate`` calls a second, ``burst`` at once; ``is_grantless``: takes the app's token, not a seller's."""

    rate: float
    burst: int
    roles: tuple[str, ...] = ()
    is_grantless: bool = False


_BOTH = (LISTING, INVENTORY)
_NOTIFY = 1.0, 5

OPERATIONS = {
    "getMarketplaceParticipations": Operation(0.016, 15),
    "getListingsItem": Operation(5, 10, (LISTING,)),
    "patchListingsItem": Operation(5, 5, (LISTING,)),
    "searchListingsItems": Operation(5, 5, (LISTING,)),
    "createFeedDocument": Operation(0.5, 15, _BOTH),
    "createFeed": Operation(0.0083, 15, _BOTH),
    "getFeed": Operation(2, 15, _BOTH),
    "getFeeds": Operation(0.0222, 10, _BOTH),
    "getFeedDocument": Operation(0.0222, 10, _BOTH),
    "createReport": Operation(0.0167, 15, _BOTH),
    "getReport": Operation(2, 15, _BOTH),
    "getReportDocument": Operation(0.0167, 15, _BOTH),
    "searchOrders": Operation(0.0056, 20, (INVENTORY,)),
    "getOrder": Operation(0.5, 30, (INVENTORY,)),
    "getInventorySummaries": Operation(2, 2, ("Amazon Fulfillment", LISTING)),
    "createDestination": Operation(*_NOTIFY, is_grantless=True),
    "getDestinations": Operation(*_NOTIFY, is_grantless=True),
    "getDestination": Operation(*_NOTIFY, is_grantless=True),
    "deleteDestination": Operation(*_NOTIFY, is_grantless=True),
    "createSubscription": Operation(*_NOTIFY),
    "getSubscription": Operation(*_NOTIFY),
    "getSubscriptions": Operation(*_NOTIFY),
    "getSubscriptionById": Operation(*_NOTIFY, is_grantless=True),
    "deleteSubscriptionById": Operation(*_NOTIFY, is_grantless=True),
}

"""The operations that we call: where they are, and what they may be called. Data only.

The limits are the defaults of the usage plans in https://github.com/amzn/selling-partner-api-models ; each is a budget
of its own. What an answer's ``x-amzn-RateLimit-Limit`` says goes before them.
"""

from __future__ import annotations

from typing import NamedTuple

LISTING = "Product Listing"
INVENTORY = "Inventory and Order Tracking"


class Operation(NamedTuple):
    """``rate`` calls a second, ``burst`` at once. ``role``: what the app needs for it, empty for nothing special.

    ``is_needed``: without the role the channel can't work. ``is_grantless``: takes the app's own token.
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    role: str = ""
    is_needed: bool = False
    is_grantless: bool = False


_ITEMS = "/listings/2021-08-01/items/{seller}"
_FEEDS = "/feeds/2021-06-30"
_REPORTS = "/reports/2021-06-30"
_ORDERS = "/orders/2026-01-01/orders"
_NOTIFY = "/notifications/v1"

PARTICIPATIONS = Operation(
    "getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", 0.016, 15, is_needed=True
)
GET_ITEM = Operation("getListingsItem", "GET", f"{_ITEMS}/{{sku}}", 5, 10, LISTING, True)
SEARCH_ITEMS = Operation("searchListingsItems", "GET", _ITEMS, 5, 5, LISTING, True)
PATCH_ITEM = Operation("patchListingsItem", "PATCH", f"{_ITEMS}/{{sku}}", 5, 5, LISTING, True)
CREATE_FEED_DOCUMENT = Operation("createFeedDocument", "POST", f"{_FEEDS}/documents", 0.5, 15, LISTING, True)
# Five submissions of this type in five minutes, whatever the usage plan says.
CREATE_FEED = Operation("createFeed", "POST", f"{_FEEDS}/feeds", 0.0083, 5, LISTING, True)
GET_FEED = Operation("getFeed", "GET", f"{_FEEDS}/feeds/{{feed}}", 2, 15, LISTING, True)
GET_FEEDS = Operation("getFeeds", "GET", f"{_FEEDS}/feeds", 0.0222, 10, LISTING, True)
GET_FEED_DOCUMENT = Operation("getFeedDocument", "GET", f"{_FEEDS}/documents/{{document}}", 0.0222, 10, LISTING, True)
CREATE_REPORT = Operation("createReport", "POST", f"{_REPORTS}/reports", 0.0167, 15, LISTING, True)
GET_REPORT = Operation("getReport", "GET", f"{_REPORTS}/reports/{{report}}", 2, 15, LISTING, True)
GET_REPORT_DOCUMENT = Operation(
    "getReportDocument", "GET", f"{_REPORTS}/documents/{{document}}", 0.0167, 15, LISTING, True
)
SEARCH_ORDERS = Operation("searchOrders", "GET", _ORDERS, 0.0056, 20, INVENTORY, True)
GET_ORDER = Operation("getOrder", "GET", f"{_ORDERS}/{{order}}", 0.5, 30, INVENTORY, True)
FBA_SUMMARIES = Operation("getInventorySummaries", "GET", "/fba/inventory/v1/summaries", 2, 2, LISTING)
GET_DESTINATIONS = Operation("getDestinations", "GET", f"{_NOTIFY}/destinations", 1, 5, is_grantless=True)
CREATE_DESTINATION = Operation("createDestination", "POST", f"{_NOTIFY}/destinations", 1, 5, is_grantless=True)
GET_SUBSCRIPTION = Operation("getSubscription", "GET", f"{_NOTIFY}/subscriptions/{{type}}", 1, 5)
CREATE_SUBSCRIPTION = Operation("createSubscription", "POST", f"{_NOTIFY}/subscriptions/{{type}}", 1, 5)
DELETE_SUBSCRIPTION = Operation(
    "deleteSubscriptionById", "DELETE", f"{_NOTIFY}/subscriptions/{{type}}/{{id}}", 1, 5, is_grantless=True
)

ALL = tuple(found for found in list(globals().values()) if isinstance(found, Operation))

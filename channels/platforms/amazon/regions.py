"""Amazon's regions and marketplaces, and which address serves which. Pure.

https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints ; …/marketplace-ids
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

LOGIN = "https://api.amazon.com/auth/o2/token"
LOGIN_PATH = "/auth/o2/token"


class Marketplace(NamedTuple):
    """One national store. ``region`` is na, eu or fe."""

    id: str
    country: str
    region: str
    domain: str


MARKETPLACES = {
    place.id: place
    for place in (
        Marketplace("ATVPDKIKX0DER", "United States", "na", "www.amazon.com"),
        Marketplace("A2EUQ1WTGCTBG2", "Canada", "na", "www.amazon.ca"),
        Marketplace("A1AM78C64UM0Y8", "Mexico", "na", "www.amazon.com.mx"),
        Marketplace("A2Q3Y263D00KWC", "Brazil", "na", "www.amazon.com.br"),
        Marketplace("A1F83G8C2ARO7P", "United Kingdom", "eu", "www.amazon.co.uk"),
        Marketplace("A1PA6795UKMFR9", "Germany", "eu", "www.amazon.de"),
        Marketplace("A13V1IB3VIYZZH", "France", "eu", "www.amazon.fr"),
        Marketplace("APJ6JRA9NG5V4", "Italy", "eu", "www.amazon.it"),
        Marketplace("A1RKKUPIHCS9HS", "Spain", "eu", "www.amazon.es"),
        Marketplace("A1805IZSGTT6HS", "Netherlands", "eu", "www.amazon.nl"),
        Marketplace("A2NODRKZP88ZB9", "Sweden", "eu", "www.amazon.se"),
        Marketplace("A1C3SOZRARQ6R3", "Poland", "eu", "www.amazon.pl"),
        Marketplace("AMEN7PMS3EDWL", "Belgium", "eu", "www.amazon.com.be"),
        Marketplace("A28R8C7NBKEWEA", "Ireland", "eu", "www.amazon.ie"),
        Marketplace("A33AVAJ2PDY3EV", "Türkiye", "eu", "www.amazon.com.tr"),
        Marketplace("A2VIGQ35RCS4UG", "United Arab Emirates", "eu", "www.amazon.ae"),
        Marketplace("A17E79C6D8DWNP", "Saudi Arabia", "eu", "www.amazon.sa"),
        Marketplace("ARBP9OOSHTCHU", "Egypt", "eu", "www.amazon.eg"),
        Marketplace("A21TJRUUN4KGV", "India", "eu", "www.amazon.in"),
        Marketplace("AE08WJ6YKNBMC", "South Africa", "eu", "www.amazon.co.za"),
        Marketplace("A1VC38T7YXB528", "Japan", "fe", "www.amazon.co.jp"),
        Marketplace("A39IBJ37TRP1C6", "Australia", "fe", "www.amazon.com.au"),
        Marketplace("A19VAU5U5O7RUS", "Singapore", "fe", "www.amazon.sg"),
    )
}
DEFAULT_MARKETPLACE = "A1PA6795UKMFR9"
CHOICES = tuple(
    (place.id, f"{place.country} ({place.domain.removeprefix('www.')})")
    for place in sorted(MARKETPLACES.values(), key=lambda place: place.country)
)

_ENDPOINTS = {region: f"https://sellingpartnerapi-{region}.amazon.com" for region in ("na", "eu", "fe")}
_HOSTS = {urlsplit(url).netloc for url in _ENDPOINTS.values()}


def region_of(marketplace: str) -> str:
    """Return na, eu or fe; that of the default for one that is not known."""
    return MARKETPLACES.get(marketplace, MARKETPLACES[DEFAULT_MARKETPLACE]).region


def is_amazons(base_url: str) -> bool:
    """Tell Amazon's own address from that of a simulator."""
    return urlsplit(base_url).netloc.lower() in _HOSTS


def api_root(base_url: str) -> str:
    return base_url.strip().rstrip("/")


def endpoint(base_url: str, marketplace: str) -> str:
    """Return where the API of a marketplace answers: Amazon has one address a region, a simulator has its own."""
    return _ENDPOINTS[region_of(marketplace)] if is_amazons(base_url) else api_root(base_url)


def login_url(base_url: str) -> str:
    """Return where tokens come from: Login with Amazon serves all regions; a simulator serves both at one address."""
    return LOGIN if is_amazons(base_url) else api_root(base_url) + LOGIN_PATH


def product_url(marketplace: str, asin: str) -> str:
    """Return the page of a product; empty where either is unknown."""
    place = MARKETPLACES.get(marketplace)
    return f"https://{place.domain}/dp/{asin}" if place and asin.isalnum() else ""

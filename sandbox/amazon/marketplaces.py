"""Amazon's marketplaces: ids, regions, names. Data only.

https://developer-docs.amazon.com/sp-api/docs/marketplace-ids
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One national store. ``region`` is na, eu or fe: the endpoint that serves it."""

    id: str
    country: str
    region: str
    domain: str
    currency: str
    language: str

    @property
    def name(self) -> str:
        return self.domain.removeprefix("www.").replace("amazon", "Amazon", 1)

    @property
    def fba_channel(self) -> str:
        """The fulfilment channel code of stock in Amazon's warehouses."""
        return {"na": "AMAZON_NA", "eu": "AMAZON_EU", "fe": "AMAZON_JP"}[self.region]


_ALL = (
    Marketplace("ATVPDKIKX0DER", "US", "na", "www.amazon.com", "USD", "en_US"),
    Marketplace("A2EUQ1WTGCTBG2", "CA", "na", "www.amazon.ca", "CAD", "en_CA"),
    Marketplace("A1AM78C64UM0Y8", "MX", "na", "www.amazon.com.mx", "MXN", "es_MX"),
    Marketplace("A2Q3Y263D00KWC", "BR", "na", "www.amazon.com.br", "BRL", "pt_BR"),
    Marketplace("A1F83G8C2ARO7P", "GB", "eu", "www.amazon.co.uk", "GBP", "en_GB"),
    Marketplace("A1PA6795UKMFR9", "DE", "eu", "www.amazon.de", "EUR", "de_DE"),
    Marketplace("A13V1IB3VIYZZH", "FR", "eu", "www.amazon.fr", "EUR", "fr_FR"),
    Marketplace("APJ6JRA9NG5V4", "IT", "eu", "www.amazon.it", "EUR", "it_IT"),
    Marketplace("A1RKKUPIHCS9HS", "ES", "eu", "www.amazon.es", "EUR", "es_ES"),
    Marketplace("A1805IZSGTT6HS", "NL", "eu", "www.amazon.nl", "EUR", "nl_NL"),
    Marketplace("A2NODRKZP88ZB9", "SE", "eu", "www.amazon.se", "SEK", "sv_SE"),
    Marketplace("A1C3SOZRARQ6R3", "PL", "eu", "www.amazon.pl", "PLN", "pl_PL"),
    Marketplace("AMEN7PMS3EDWL", "BE", "eu", "www.amazon.com.be", "EUR", "fr_BE"),
    Marketplace("A28R8C7NBKEWEA", "IE", "eu", "www.amazon.ie", "EUR", "en_IE"),
    Marketplace("A33AVAJ2PDY3EV", "TR", "eu", "www.amazon.com.tr", "TRY", "tr_TR"),
    Marketplace("A2VIGQ35RCS4UG", "AE", "eu", "www.amazon.ae", "AED", "en_AE"),
    Marketplace("A17E79C6D8DWNP", "SA", "eu", "www.amazon.sa", "SAR", "ar_AE"),
    Marketplace("ARBP9OOSHTCHU", "EG", "eu", "www.amazon.eg", "EGP", "ar_AE"),
    Marketplace("A21TJRUUN4KGV", "IN", "eu", "www.amazon.in", "INR", "en_IN"),
    Marketplace("AE08WJ6YKNBMC", "ZA", "eu", "www.amazon.co.za", "ZAR", "en_ZA"),
    Marketplace("A1VC38T7YXB528", "JP", "fe", "www.amazon.co.jp", "JPY", "ja_JP"),
    Marketplace("A39IBJ37TRP1C6", "AU", "fe", "www.amazon.com.au", "AUD", "en_AU"),
    Marketplace("A19VAU5U5O7RUS", "SG", "fe", "www.amazon.sg", "SGD", "en_SG"),
)

MARKETPLACES = {each.id: each for each in _ALL}

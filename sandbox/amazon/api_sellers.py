"""Sellers v1: where the seller takes part. https://developer-docs.amazon.com/sp-api/docs/sellers-api"""

from __future__ import annotations

from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.options import Options
from sandbox.server import Request, Response, Route, json_response


class SellersApi:
    def __init__(self, name: str, options: Options) -> None:
        self._name = name
        self._options = options

    def routes(self) -> list[Route]:
        return [Route("GET", "/sellers/v1/marketplaceParticipations", self._read, "getMarketplaceParticipations")]

    def _read(self, _: Request, __: dict[str, str]) -> Response:
        found = []
        for place in MARKETPLACES.values():
            if place.region != self._options.region:
                continue
            takes_part = place.id in self._options.marketplaces
            found.append(
                {
                    "marketplace": {
                        "id": place.id,
                        "countryCode": place.country,
                        "name": place.name,
                        "defaultCurrencyCode": place.currency,
                        "defaultLanguageCode": place.language,
                        "domainName": place.domain,
                    },
                    "storeName": self._name,
                    "participation": {
                        "isParticipating": takes_part,
                        "hasSuspendedListings": takes_part and self._options.suspended,
                    },
                }
            )
        return json_response({"payload": found})

"""Listings Items 2021-08-01: read, search and patch. https://developer-docs.amazon.com/sp-api/docs/listings-items-api"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass

from sandbox.amazon.errors import ApiError, invalid_input, not_found, unauthorized
from sandbox.amazon.parameters import body_of, listed, marketplace_of, page_size, text_of
from sandbox.amazon.records import Item
from sandbox.amazon.store import Store
from sandbox.amazon.submissions import Issue, Patch, issues_of
from sandbox.amazon.wire import item_json
from sandbox.faults import Faults
from sandbox.server import Json, Request, Response, Route, json_response

ROOT = "/listings/2021-08-01/items/{seller}"
DATA_SETS = (
    *("summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships"),
    "productTypes",
)
OPS = ("add", "replace", "merge", "delete")
LARGEST_PAGE = 20
LARGEST_QUERY = 20


@dataclass(slots=True)
class _Search:
    """A search that has further pages: what was asked, and the SKUs that are left."""

    asked: tuple[tuple[str, str], ...]
    left: list[str]
    total: int


class ListingsApi:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._searches: dict[str, _Search] = {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", ROOT, self._search, "searchListingsItems"),
            Route("GET", f"{ROOT}/{{sku}}", self._read, "getListingsItem"),
            Route("PATCH", f"{ROOT}/{{sku}}", self._patch, "patchListingsItem"),
        ]

    def _read(self, request: Request, variables: dict[str, str]) -> Response:
        marketplace = self._place(request, variables)
        included = frozenset(listed(request, "includedData", DATA_SETS)) or frozenset({"summaries"})
        item = self._item(variables["sku"], marketplace)
        if item is None:
            raise not_found(f"SKU {variables['sku']} not found in marketplace {marketplace}")
        return json_response(item_json(item, marketplace, included))

    def _patch(self, request: Request, variables: dict[str, str]) -> Response:
        marketplace = self._place(request, variables)
        preview = request.query.get("mode", "")
        if preview not in ("", "VALIDATION_PREVIEW"):
            raise invalid_input(f"mode: {preview} is not VALIDATION_PREVIEW")
        included = listed(request, "includedData", ("identifiers", "issues")) or ["issues"]
        product_type, patches = read_patches(body_of(request))
        item = self._item(variables["sku"], marketplace)
        issues = self._issues(item, variables["sku"], product_type, patches)
        if item is not None and not issues and not preview:
            self._store.items.accept(item, marketplace, patches)
        status = "INVALID" if issues else "VALID" if preview else "ACCEPTED"
        answer: Json = {"sku": variables["sku"], "status": status, "submissionId": str(uuid.uuid4())}
        if "issues" in included or issues:
            answer["issues"] = [issue.as_json() for issue in issues]
        if "identifiers" in included:
            known = {"marketplaceId": marketplace, "asin": item.asin} if item else {"marketplaceId": marketplace}
            answer["identifiers"] = [known]
        return json_response(answer)

    def _issues(self, item: Item | None, sku: str, product_type: str, patches: list[Patch]) -> list[Issue]:
        if self._faults.take("invalid"):
            return [Issue("90220", "'size' is required but not supplied.", "size", "MISSING_ATTRIBUTE")]
        if item is None:
            refuses = self._store.options.unknown_sku == "invalid"
            return [Issue("13013", f"The SKU {sku} is not in the catalogue of the seller.")] if refuses else []
        return issues_of(item, product_type, patches)

    def _item(self, sku: str, marketplace: str) -> Item | None:
        """Return a SKU's item as far as it stands in the marketplace that was asked."""
        item = self._store.items.get(sku)
        return item if item is not None and marketplace in item.marketplaces else None

    def _search(self, request: Request, variables: dict[str, str]) -> Response:
        marketplace = self._place(request, variables)
        included = frozenset(listed(request, "includedData", DATA_SETS)) or frozenset({"summaries"})
        size = page_size(request, "pageSize", 10, LARGEST_PAGE)
        token = request.query.get("pageToken", "")
        search = self._continued(request, token) if token else self._begun(request, marketplace)
        here, search.left = search.left[:size], search.left[size:]
        items = [item for sku in here if (item := self._store.items.get(sku)) is not None]
        answer: Json = {
            "numberOfResults": search.total,
            "items": [item_json(item, marketplace, included) for item in items],
        }
        if search.left:
            following = secrets.token_urlsafe(24)
            self._searches[following] = search
            answer["pagination"] = {"nextToken": following}
            if self._faults.take("shift_page"):
                self._store.items.shift()
        return json_response(answer)

    def _begun(self, request: Request, marketplace: str) -> _Search:
        wanted = listed(request, "identifiers", most=LARGEST_QUERY)
        kind = request.query.get("identifiersType", "")
        if bool(wanted) != bool(kind) or kind not in ("", "SKU"):
            raise invalid_input("identifiers and identifiersType go together; only SKU is simulated")
        items = [item for item in self._store.items.all() if marketplace in item.marketplaces]
        if wanted:
            items = [item for item in items if item.sku in wanted]
        by = request.query.get("sortBy", "lastUpdatedDate")
        keys = {
            "sku": lambda i: i.sku,
            "createdDate": lambda i: i.created_at,
            "lastUpdatedDate": lambda i: i.updated_at,
        }
        if by not in keys or request.query.get("sortOrder", "DESC") not in ("ASC", "DESC"):
            raise invalid_input("sortBy or sortOrder is not one of the values there are")
        items.sort(key=keys[by], reverse=request.query.get("sortOrder", "DESC") == "DESC")
        skus = [item.sku for item in items][: self._store.options.search_limit]
        return _Search(asked=_asked(request), left=skus, total=len(skus))

    def _continued(self, request: Request, token: str) -> _Search:
        search = self._searches.pop(token, None)
        if search is None or search.asked != _asked(request):
            raise invalid_input("The pageToken is not valid, or the other parameters have changed")
        # The same token may be used again: an answer can get lost.
        self._searches[token] = _Search(asked=search.asked, left=list(search.left), total=search.total)
        return search

    def _place(self, request: Request, variables: dict[str, str]) -> str:
        if variables["seller"] != self._store.seller_id:
            raise unauthorized()
        return marketplace_of(request, self._store.options.marketplaces)


def _asked(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in request.query.items() if name != "pageToken"))


def read_patches(body: Json) -> tuple[str, list[Patch]]:
    """Return (product type, patches) of a patch request or of a feed's message. Raises ApiError 400."""
    sent = body.get("patches")
    if not isinstance(sent, list) or not sent:
        raise invalid_input("patches must hold one operation at least")
    return text_of(body, "productType"), [_patch(each) for each in sent]


def _patch(sent: object) -> Patch:
    if not isinstance(sent, dict) or sent.get("op") not in OPS or not isinstance(sent.get("path"), str):
        raise ApiError(400, "InvalidInput", "Invalid input", "A patch needs an op and a path")
    value = sent.get("value", [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise invalid_input("The value of a patch is a list of objects")
    return Patch(op=sent["op"], path=sent["path"], value=tuple(value))

"""Queries: pages, search, scopes, versions, cost, bulk operations, and the kinds of errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from sandbox import catalogue
from sandbox.server import wait_until
from sandbox.shopify import ShopifySimulator
from tests.sandbox.shopify.conftest import Admin

ITEMS = """query($first: Int, $after: String, $query: String) {
  inventoryItems(first: $first, after: $after, query: $query) {
    nodes { id sku } pageInfo { hasNextPage endCursor } } }"""
BULK = """{ inventoryItems { edges { node { id sku
  inventoryLevels(includeInactive: true) { edges { node { id location { id } } } } } } } }"""
RUN = """mutation($query: String!) { bulkOperationRunQuery(query: $query) {
  bulkOperation { id status } userErrors { field message code } } }"""
LOOK = """query($id: ID!) { bulkOperation(id: $id) { status url objectCount rootObjectCount errorCode } }"""


def skus(admin: Admin, **variables: Any) -> list[str]:
    return [node["sku"] for node in admin.ask(ITEMS, **variables)["inventoryItems"]["nodes"]]


def test_pages_do_not_shift_when_what_was_read_goes(shop: ShopifySimulator, admin: Admin) -> None:
    for number in range(5):
        shop.add_product(sku=f"S{number}", quantity=1)
    first = admin.ask(ITEMS, first=2)["inventoryItems"]
    shop.delete_product(shop.variant("S0").product_id)
    rest = admin.ask(ITEMS, first=9, after=first["pageInfo"]["endCursor"])["inventoryItems"]

    assert [node["sku"] for node in first["nodes"]] == ["TEE", "S0"]
    assert [node["sku"] for node in rest["nodes"]] == ["S1", "S2", "S3", "S4"]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert admin.refused(ITEMS)[1] == "you must provide one of first or last"
    assert admin.refused(ITEMS, first=251)[0] == "BAD_REQUEST"


def test_search_finds_words_and_fails_open(shop: ShopifySimulator, admin: Admin) -> None:
    shop.add_product(sku="TEE-M", quantity=1)
    shop.add_product(sku="CAP", quantity=1)

    unknown = admin.send_query(ITEMS, first=9, query="colour:red").json()

    assert skus(admin, first=9, query="sku:TEE") == ["TEE", "TEE-M"]
    assert skus(admin, first=9, query="updated_at:>='2100-01-01T00:00:00Z'") == []
    assert len(unknown["data"]["inventoryItems"]["nodes"]) == 3
    assert unknown["extensions"]["search"][0]["warnings"][0]["field"] == "colour"


def test_missing_things_are_null_in_place(shop: ShopifySimulator, admin: Admin) -> None:
    item = f"gid://shopify/InventoryItem/{shop.variant('TEE').item_id}"
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on InventoryItem { sku } } }"

    assert admin.ask(query, ids=[item, "gid://shopify/InventoryItem/1"])["nodes"] == [{"id": item, "sku": "TEE"}, None]
    assert admin.refused(query, ids=["nonsense"])[0] == "INVALID_VARIABLE"


def test_a_missing_scope_denies_the_field(shop: ShopifySimulator) -> None:
    token = shop.access.renew(scopes=("read_products",))
    with Admin(shop, token) as admin:
        answer = admin.send_query(
            "{ inventoryItems(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } }"
        ).json()

    assert answer["errors"][0]["message"] == (
        "Access denied for orders field. Required access: `read_orders` access scope."
    )
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert answer["data"] is None


def test_a_dead_token_is_answered_with_a_text(shop: ShopifySimulator) -> None:
    with Admin(shop, "shpat_wrong") as admin:
        answer = admin.send_query("{ shop { name } }")

    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")


@pytest.mark.parametrize(
    ("asked", "status", "served"),
    [("2026-10", 200, "2026-10"), ("2024-01", 200, "2026-01"), ("2031-01", 404, None), ("unstable", 200, "unstable")],
)
def test_a_retired_version_falls_forward(admin: Admin, asked: str, status: int, served: str | None) -> None:
    answer = admin.send_query("{ shop { name } }", version=asked)

    assert (answer.status_code, answer.headers.get("X-Shopify-API-Version")) == (status, served)


def test_documents_that_are_bugs_get_the_codes_of_bugs(admin: Admin) -> None:
    assert admin.refused("{ shop { nmae } }")[0] == "undefinedField"
    assert admin.refused("{ shop { name @never } }")[0] == "undefinedDirective"
    assert admin.refused("{ inventoryItem { id } }")[0] == "missingRequiredArguments"
    assert admin.refused("query($id: ID!) { inventoryItem(id: $id) { id } }")[0] == "INVALID_VARIABLE"
    assert admin.refused("{ shop {")[0] == "GRAPHQL_PARSE_FAILED"


def test_points_are_charged_and_given_back(shop: ShopifySimulator, admin: Admin) -> None:
    one_level = """query($id: ID!, $first: Int) { inventoryItem(id: $id) { inventoryLevels(first: $first) {
      nodes { id location { id } quantities(names: ["available"]) { quantity } } } } }"""
    item = f"gid://shopify/InventoryItem/{shop.variant('TEE').item_id}"
    costs = [admin.send_query(one_level, id=item, first=first).json() for first in (5, 50, 250)]
    requested = [answer["extensions"]["cost"]["requestedQueryCost"] for answer in costs]
    shop.api.bucket.resize(40, 0.001)
    admin.send_query(one_level, id=item, first=5)
    throttled = admin.send_query(one_level, id=item, first=250).json()
    shop.options.max_cost = 10

    # A page ten times as long costs a few times as much, as was seen of a real shop.
    assert requested == sorted(requested)
    assert requested[2] < 4 * requested[0]
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert "data" not in throttled
    assert throttled["extensions"]["cost"]["actualQueryCost"] is None
    assert admin.refused(one_level, id=item, first=250)[0] == "MAX_COST_EXCEEDED"


def test_a_bulk_operation_writes_lines_with_their_parents(shop: ShopifySimulator, admin: Admin) -> None:
    shop.add_product(sku="CAP", quantity=5)
    started = admin.ask(RUN, query=BULK)["bulkOperationRunQuery"]["bulkOperation"]

    def look() -> Any:
        return admin.ask(LOOK, id=started["id"])["bulkOperation"]

    assert wait_until(lambda: look()["status"] == "COMPLETED", 5)
    done = look()
    rows = [json.loads(line) for line in requests.get(done["url"], timeout=5).text.splitlines()]
    parents = {row["id"] for row in rows if "__parentId" not in row}

    assert (done["objectCount"], done["rootObjectCount"]) == ("4", "2")
    assert {row["__parentId"] for row in rows if "__parentId" in row} == parents
    assert requests.get(done["url"].partition("?")[0], timeout=5).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "{ inventoryItems { nodes { id } } }",
        "{ shop { name } }",
        "{ inventoryItems { edges { node { sku inventoryLevels { edges { node { id } } } } } } }",
        "{ nodes(ids: []) { id } }",
        "{ inventoryItems { edges { node { nmae } } } }",
    ],
)
def test_bulk_documents_are_checked_at_once(admin: Admin, query: str) -> None:
    payload = admin.ask(RUN, query=query)["bulkOperationRunQuery"]

    assert (payload["bulkOperation"], payload["userErrors"][0]["code"]) == (None, "INVALID")


def test_the_demo_merchants_numbers_add_up() -> None:
    with ShopifySimulator(catalogue=catalogue.store("demo-a")) as shop:
        available = catalogue.available_units()
        shown = {sku: shop.quantity_of(sku) for sku in available if sku in {v.sku for v in shop.shop.variants.values()}}

    assert len(shown) > 30
    assert shown == {sku: available[sku] for sku in shown}

"""Writing quantities: what succeeds, what is refused, and with which words."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sandbox.shopify import ShopifySimulator
from tests.sandbox.shopify.conftest import Admin

SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { reason changes { name delta quantityAfterChange item { id } location { id } } }
    userErrors { field message code }
  }
}"""
ACTIVATE = """mutation($item: ID!, $location: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { isActive quantities(names: ["available", "on_hand"]) { name quantity } }
    userErrors { field message }
  }
}"""
LEVELS = """query($id: ID!, $inactive: Boolean) {
  inventoryItem(id: $id) { inventoryLevels(first: 9, includeInactive: $inactive) { nodes {
    isActive location { id } quantities(names: ["available", "on_hand", "committed"]) { name quantity } } } }
}"""


def ids(shop: ShopifySimulator, place: int = 0, sku: str = "TEE") -> tuple[str, str]:
    location = list(shop.shop.locations)[place]
    return f"gid://shopify/InventoryItem/{shop.variant(sku).item_id}", f"gid://shopify/Location/{location}"


def entry(shop: ShopifySimulator, quantity: int, changes_from: int | None, place: int = 0, sku: str = "TEE") -> Any:
    item, location = ids(shop, place, sku)
    return {
        "inventoryItemId": item,
        "locationId": location,
        "quantity": quantity,
        "changeFromQuantity": changes_from,
    }


def written(admin: Admin, *entries: Any, key: str = "", **fields: Any) -> Any:
    sent = {"name": "available", "reason": "correction", "quantities": list(entries), **fields}
    answer = admin.ask(SET, input=sent, key=key or str(uuid.uuid4()))
    return answer["inventorySetQuantities"]


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def test_available_is_set_where_it_still_is_what_it_changes_from(shop: ShopifySimulator, admin: Admin) -> None:
    payload = written(admin, entry(shop, 7, 10))

    assert payload["userErrors"] == []
    changes = payload["inventoryAdjustmentGroup"]["changes"]
    assert [(each["name"], each["delta"], each["quantityAfterChange"]) for each in changes] == [
        ("available", -3, None),
        ("on_hand", -3, None),
    ]
    assert shop.quantity_of("TEE") == 7


def test_one_stale_entry_refuses_the_whole_call(shop: ShopifySimulator, admin: Admin) -> None:
    shop.add_product(sku="CAP", quantity=5)

    payload = written(admin, entry(shop, 7, 10), entry(shop, 1, 4, sku="CAP"))

    assert payload["inventoryAdjustmentGroup"] is None
    assert codes(payload) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert payload["userErrors"][0]["field"] == ["input", "quantities", "1", "changeFromQuantity"]
    assert (shop.quantity_of("TEE"), shop.quantity_of("CAP")) == (10, 5)


def test_a_shop_may_refuse_the_stale_entry_alone(shop: ShopifySimulator, admin: Admin) -> None:
    shop.options.stale_refuses = "entry"
    shop.add_product(sku="CAP", quantity=5)

    payload = written(admin, entry(shop, 7, 10), entry(shop, 1, 4, sku="CAP"))

    assert codes(payload) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert (shop.quantity_of("TEE"), shop.quantity_of("CAP")) == (7, 5)


def test_a_change_of_nothing_is_neither_a_group_nor_an_error(shop: ShopifySimulator, admin: Admin) -> None:
    assert written(admin, entry(shop, 10, 10)) == {"inventoryAdjustmentGroup": None, "userErrors": []}


def test_the_directive_and_the_compared_quantity_are_asked_for_at_run_time(
    shop: ShopifySimulator, admin: Admin
) -> None:
    bare = entry(shop, 7, 10)
    sent = {"name": "available", "reason": "correction", "quantities": [bare]}
    without_key = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")

    assert admin.refused(without_key, input=sent) == (
        "BAD_REQUEST",
        "The @idempotent directive is required for this mutation but was not provided.",
    )
    del bare["changeFromQuantity"]
    assert admin.refused(SET, input=sent, key="k") == (
        "INVALID_FIELD_ARGUMENTS",
        "InventoryQuantityInput must include the following argument: changeFromQuantity.",
    )
    assert shop.quantity_of("TEE") == 10


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
    ],
)
def test_a_bad_entry_refuses_the_whole_call(
    shop: ShopifySimulator, admin: Admin, change: dict[str, Any], code: str
) -> None:
    shop.add_product(sku="CAP", quantity=5)

    payload = written(admin, entry(shop, 1, 5, sku="CAP"), {**entry(shop, 7, 10), **change})

    assert (payload["inventoryAdjustmentGroup"], codes(payload)) == (None, [code])
    assert payload["userErrors"][0]["field"][:3] == ["input", "quantities", "1"]
    assert shop.quantity_of("CAP") == 5


def test_heads_and_repeated_pairs_are_checked(shop: ShopifySimulator, admin: Admin) -> None:
    shop.shop.items[shop.variant("TEE").item_id].is_bundle = True

    assert codes(written(admin, entry(shop, 7, 10))) == ["NON_MUTABLE_INVENTORY_ITEM"]
    shop.shop.items[shop.variant("TEE").item_id].is_bundle = False
    assert codes(written(admin, entry(shop, 7, 10), name="committed")) == ["INVALID_NAME"]
    assert codes(written(admin, entry(shop, 7, 10), reason="because")) == ["INVALID_REASON"]
    assert codes(written(admin, entry(shop, 7, 10), referenceDocumentUri="x")) == ["INVALID_REFERENCE_DOCUMENT"]
    assert codes(written(admin, entry(shop, -1, 10), name="on_hand")) == ["INVALID_QUANTITY_NEGATIVE"]
    twice = written(admin, entry(shop, 7, 10), entry(shop, 8, 10))
    assert codes(twice) == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"] * 2
    too_many = {"name": "available", "reason": "correction", "quantities": [entry(shop, 7, 10)] * 251}
    assert admin.refused(SET, input=too_many, key="k")[0] == "MAX_INPUT_SIZE_EXCEEDED"


def test_a_key_works_once(shop: ShopifySimulator, admin: Admin) -> None:
    written(admin, entry(shop, 7, 10), key="a")
    shop.buy("TEE", quantity=2)
    again = written(admin, entry(shop, 7, 10), key="a")
    other = written(admin, entry(shop, 1, 5), key="a")
    written(admin, entry(shop, 1, 9), key="b")
    after_failure = written(admin, entry(shop, 1, 9), key="b")

    assert (again["userErrors"], shop.quantity_of("TEE")) == ([], 5)
    assert codes(other) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    assert codes(after_failure) == ["IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"]


def test_a_write_to_a_place_without_the_item_succeeds_and_sells_nothing(shop: ShopifySimulator, admin: Admin) -> None:
    item, _ = ids(shop)

    payload = written(admin, entry(shop, 5, 0, place=1))
    shown = admin.ask(LEVELS, id=item)["inventoryItem"]["inventoryLevels"]["nodes"]
    everything = admin.ask(LEVELS, id=item, inactive=True)["inventoryItem"]["inventoryLevels"]["nodes"]

    assert (payload["userErrors"], shop.quantity_of("TEE")) == ([], 10)
    assert len(shown) == 1
    assert [(level["isActive"], level["quantities"][0]["quantity"]) for level in everything] == [(True, 10), (False, 5)]


def test_activating_stocks_an_item_and_keeps_its_numbers(shop: ShopifySimulator, admin: Admin) -> None:
    item, place = ids(shop, 1)

    def activated(available: int | None = None) -> Any:
        sent = {"item": item, "location": place, "available": available, "key": str(uuid.uuid4())}
        return admin.ask(ACTIVATE, **sent)["inventoryActivate"]

    first = activated(4)
    refused = activated(9)
    shop.set_active("TEE", int(place.rpartition("/")[2]), active=False)
    hidden = shop.quantity_of("TEE")
    again = activated()

    assert [each["quantity"] for each in first["inventoryLevel"]["quantities"]] == [4, 4]
    assert refused["userErrors"][0]["message"].startswith("Not allowed to set available quantity")
    assert refused["inventoryLevel"]["isActive"] is True
    assert (hidden, again["userErrors"], shop.quantity_of("TEE")) == (10, [], 14)


def test_only_places_that_fulfil_online_orders_sell(shop: ShopifySimulator) -> None:
    place = shop.add_location("Till", fulfils_online=False)
    shop.stock("TEE", place.id, 50)

    assert shop.quantity_of("TEE") == 10


def test_moving_and_adjusting_keep_the_sum(shop: ShopifySimulator, admin: Admin) -> None:
    item, place = ids(shop)
    move = """mutation($input: InventoryMoveQuantitiesInput!, $key: String!) {
      inventoryMoveQuantities(input: $input) @idempotent(key: $key) { userErrors { field message code } } }"""
    ends = [{"locationId": place, "name": name, "changeFromQuantity": None} for name in ("available", "damaged")]
    change = {
        "inventoryItemId": item,
        "quantity": 3,
        "from": ends[0],
        "to": {**ends[1], "ledgerDocumentUri": "app://1"},
    }
    sent = {"reason": "damaged", "referenceDocumentUri": "app://1", "changes": [change]}

    payload = admin.ask(move, input=sent, key="m")["inventoryMoveQuantities"]
    level = shop.level("TEE")

    assert payload["userErrors"] == []
    assert level is not None
    assert (level.available, level.quantities["damaged"], level.on_hand) == (7, 3, 10)

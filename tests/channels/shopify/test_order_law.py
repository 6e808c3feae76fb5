"""Whatever happens to orders, their snapshots say what the shop itself shows at each of its locations.

The simulated shop keeps the books by Shopify's rules; the snapshots are made from what its API tells.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from channels.contract import KnownLine
from channels.platforms.shopify.order_documents import ORDERS_BY_ID
from channels.platforms.shopify.order_payload import raw_order
from channels.platforms.shopify.orders import ShopHabits, snapshot
from sandbox.refusals import CannotBuy, OutOfStock
from sandbox.server import Request
from sandbox.shopify import ShopifySimulator
from sandbox.shopify.cart import Wanted
from sandbox.shopify.orders import Given

BEGIN = 40
KINDS = ("CANCEL", "RETURN", "NO_RESTOCK")

actions = st.lists(
    st.tuples(
        st.sampled_from(["buy", "ship", "refund", "edit", "cancel", "move", "unship", "add"]),
        st.integers(0, 3),
        st.integers(1, 6),
        st.integers(0, 2),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def shop() -> ShopifySimulator:
    """A shop that nobody calls over the network."""
    return ShopifySimulator(bucket=1e9)


def stocked(shop: ShopifySimulator, *, makes_refund: bool, lowers_totals: bool) -> None:
    shop.options.edit_makes_refund = makes_refund
    shop.options.refund_lowers_totals = lowers_totals
    shop.reset()
    if not lowers_totals:
        # Where fulfilment orders forget what was taken out of them, no order can tell at which of two places.
        shop.add_location("Loft")
    for sku in ("TEE", "CAP"):
        shop.add_product(sku=sku, quantity=BEGIN)
        shop.variant(sku).policy = "CONTINUE"
        for place in list(shop.shop.locations)[1:]:
            shop.stock(sku, place, BEGIN)


def act(shop: ShopifySimulator, action: str, which: int, units: int, kind: int) -> None:
    """Do one thing, if the shop lets us."""
    orders = list(shop.shop.orders.values())
    if action == "buy" or not orders:
        shop.buy(
            lines=[Wanted(variant_id=shop.variant(sku).id, quantity=units * 9) for sku in ("TEE", "CAP")[: 1 + kind]]
        )
        return
    order = orders[which % len(orders)]
    line = order.lines[units % len(order.lines)]
    match action:
        case "ship":
            shop.ship(order.id, {line.id: units})
        case "refund":
            # What comes back may come back elsewhere than it left from.
            place = list(shop.shop.locations)[which % 2 - 1] if KINDS[kind] == "RETURN" and which else None
            shop.refund(order.id, Given(line_id=line.id, quantity=units, restock_type=KINDS[kind], location_id=place))
        case "edit":
            # Without a refund an order can't tell whether an edit restocked: it is taken for one that did.
            restock = kind != 1 or not shop.options.edit_makes_refund
            shop.edit_line(order.id, line.id, units * 3, restock=restock)
        case "cancel":
            shop.cancel(order.id, restock=kind != 1)
        case "move":
            shop.orders.move(order.id, list(shop.shop.locations)[-(kind % 2)])
        case "unship" if order.fulfilments:
            shop.orders.cancel_fulfilment(order.id, order.fulfilments[-1].id)
        case "add":
            shop.orders.add_line(order.id, Wanted(variant_id=shop.variant("CAP").id, quantity=units))


def snapshots_of(shop: ShopifySimulator, known: dict[str, dict[str, KnownLine]]) -> None:
    """Read every order as the client would and bring ``known`` to what it says."""
    ids = [f"gid://shopify/Order/{number}" for number in shop.shop.orders]
    body = json.dumps({"query": ORDERS_BY_ID.text, "variables": {"ids": ids}}).encode()
    request = Request("POST", "", headers={"x-shopify-access-token": shop.token}, body=body)
    answer = json.loads(shop.api.graphql(request).body)
    for payload in answer["data"]["nodes"]:
        raw = raw_order(payload)
        booked = known.setdefault(raw.ref, {})
        read = snapshot(raw.payload, booked, ShopHabits())
        known[raw.ref] = {
            line.ref: KnownLine(ref=line.ref, ordered=line.ordered, sold=line.sold, taken=line.taken)
            for line in read.lines
        }
        assert snapshot(raw.payload, known[raw.ref], ShopHabits()) == read
        assert all(line.sold >= line.fulfilled >= 0 and not line.problem for line in read.lines)
        shop_lines[raw.ref] = {
            line.ref: (line.variant_ref, line.sold, line.fulfilled, line.returned) for line in read.lines
        }


shop_lines: dict[str, dict[str, tuple[str, int, int, int]]] = {}


@given(steps=actions, makes_refund=st.booleans(), lowers_totals=st.booleans(), looks=st.sets(st.integers(0, 7)))
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
def test_what_is_taken_and_what_waits_agree_with_the_shops_own_numbers(
    shop: ShopifySimulator,
    steps: list[tuple[str, int, int, int]],
    makes_refund: bool,
    lowers_totals: bool,
    looks: set[int],
) -> None:
    stocked(shop, makes_refund=makes_refund, lowers_totals=lowers_totals)
    known: dict[str, dict[str, KnownLine]] = {}
    shop_lines.clear()
    for number, step in enumerate(steps):
        try:
            act(shop, *step)
        except (CannotBuy, OutOfStock, ValueError, KeyError):
            continue
        if number in looks:
            snapshots_of(shop, known)
    if shop.shop.orders:
        snapshots_of(shop, known)

    taken: Counter[tuple[int, int]] = Counter()
    waiting: Counter[tuple[int, int]] = Counter()
    left: Counter[tuple[int, int]] = Counter()
    for order, lines in shop_lines.items():
        for ref, (variant_ref, sold, fulfilled, returned) in lines.items():
            if "@" not in variant_ref:
                assert known[order][ref].taken == sold == 0
                continue
            variant, _, location = variant_ref.partition("@")
            place = shop.shop.variants[int(variant)].item_id, int(location)
            taken[place] += known[order][ref].taken
            waiting[place] += sold - fulfilled
            left[place] += fulfilled - returned
    note(f"{steps}, {makes_refund=}, {lowers_totals=}, {shop_lines}")
    for place, level in shop.shop.levels.items():
        shown = level.available, level.quantities["committed"], level.on_hand
        assert shown == (BEGIN - taken[place], waiting[place], BEGIN - left[place])

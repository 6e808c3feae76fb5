"""Whatever happens to orders, their snapshots say what the shop itself shows at each of its locations.

The simulated shop keeps the books by Shopify's rules; the snapshots are made from what its API tells.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

import pytest
from hypothesis import Phase, example, given, note, settings
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
WRITES_OFF = {("refund", 2), ("cancel", 1)}

actions = st.lists(
    st.tuples(
        st.sampled_from(["buy", "ship", "refund", "edit", "cancel", "move", "unship", "add"]),
        st.integers(0, 3),
        st.integers(1, 6),
        st.integers(0, 2),
    ),
    max_size=8,
)


class Clock:
    """People do one thing a minute."""

    def __init__(self) -> None:
        self.seconds = 1_795_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def shop(clock: Clock) -> ShopifySimulator:
    """A shop that nobody calls over the network."""
    return ShopifySimulator(bucket=1e9, clock=clock)


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


def act(shop: ShopifySimulator, action: str, which: int, units: int, kind: int) -> int:
    """Do one thing, if the shop lets us; return to which order."""
    orders = list(shop.shop.orders.values())
    if action == "buy" or not orders:
        return shop.buy(
            lines=[Wanted(variant_id=shop.variant(sku).id, quantity=units * 9) for sku in ("TEE", "CAP")[: 1 + kind]]
        ).id
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
    return order.id


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
        note(f"{read.lines}")
        assert all(line.sold >= line.fulfilled >= 0 and not line.problem for line in read.lines)
        shop_lines[raw.ref] = {
            line.ref: (line.variant_ref, line.sold, line.fulfilled, line.returned) for line in read.lines
        }


def items_of(
    shop: ShopifySimulator, done: Mapping[int, set[str]], were_done: Callable[[set[str]], bool]
) -> set[int | None]:
    """Return the items of the orders to which such things were done."""
    orders = [shop.shop.orders[order] for order, acts in done.items() if were_done(acts)]
    return {line.item_id for order in orders for line in order.lines}


shop_lines: dict[str, dict[str, tuple[str, int, int, int]]] = {}


@given(steps=actions, makes_refund=st.booleans(), lowers_totals=st.booleans(), looks=st.sets(st.integers(0, 7)))
@example(  # a line in one fulfilment order twice, a shipment taken back
    steps=[
        ("buy", 0, 1, 1),
        ("add", 0, 4, 0),
        ("ship", 0, 5, 0),
        ("edit", 0, 2, 0),
        ("unship", 0, 1, 0),
        ("refund", 0, 2, 0),
    ],
    makes_refund=False,
    lowers_totals=True,
    looks=set(),
)
@example(  # a shipment taken back from a fulfilment order that is over, after the rest has moved
    steps=[("buy", 0, 1, 0), ("ship", 0, 1, 0), ("move", 0, 1, 1), ("unship", 0, 1, 0), ("cancel", 0, 1, 1)],
    makes_refund=True,
    lowers_totals=False,
    looks=set(),
)
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.shrink])
def test_what_is_taken_and_what_waits_agree_with_the_shops_own_numbers(
    shop: ShopifySimulator,
    clock: Clock,
    steps: list[tuple[str, int, int, int]],
    makes_refund: bool,
    lowers_totals: bool,
    looks: set[int],
) -> None:
    stocked(shop, makes_refund=makes_refund, lowers_totals=lowers_totals)
    done: defaultdict[int, set[str]] = defaultdict(set)
    known: dict[str, dict[str, KnownLine]] = {}
    shop_lines.clear()
    note(f"{steps} {makes_refund=} {lowers_totals=} {looks}")
    for number, step in enumerate(steps):
        clock.seconds += 60
        try:
            done_to = act(shop, *step)
        except (CannotBuy, OutOfStock, ValueError, KeyError):
            continue
        done[done_to] |= {step[0], *(["write off"] if (step[0], step[3]) in WRITES_OFF else [])}
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
    # What no order can tell: what was written off where an edit leaves no refund behind, and at which place units stood
    # that were taken out of fulfilment orders before these moved.
    untold = items_of(shop, done, lambda acts: not makes_refund and {"edit", "write off"} <= acts)
    moved = items_of(shop, done, lambda acts: "move" in acts and not acts.isdisjoint({"edit", "refund", "cancel"}))
    sums: defaultdict[int | None, list[list[int]]] = defaultdict(list)
    for place, level in shop.shop.levels.items():
        if place[0] in untold:
            continue
        shown = level.available, level.quantities["committed"], level.on_hand
        told = BEGIN - taken[place], waiting[place], BEGIN - left[place]
        assert shown == told or place[0] in moved
        sums[place[0]].append([a - b for a, b in zip(shown, told, strict=True)])
    assert all(sum(off) == 0 for differences in sums.values() for off in zip(*differences, strict=True))

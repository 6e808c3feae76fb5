"""Bundles: what they are made of, what they have, and what an order of one reserves."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from channels import availability, publishing
from channels.models import Listing
from inventory import bundles, operations, reservations
from inventory.errors import InsufficientStock, InvalidQuantity
from inventory.models import Sku, StockSignal
from inventory.reservations import Request
from tests import factories
from tests.factories import make_channel, make_listing, make_sku, make_warehouse

pytestmark = pytest.mark.django_db

ANA = "user:ana"


@pytest.fixture
def gift(now: datetime) -> Sku:
    """A gift box of two candles and one mug; the main warehouse holds 9 candles and 3 mugs."""
    candle, mug, box = make_sku("CANDLE", on_hand=9), make_sku("MUG", on_hand=3), make_sku("GIFT")
    return bundles.set_components(bundle=box, components={candle.pk: 2, mug.pk: 1}, actor=ANA, now=now)


def sku(code: str) -> Sku:
    found: Sku = Sku.objects.get(code=code)
    return found


def test_it_has_what_its_scarcest_component_makes_in_each_warehouse(gift: Sku) -> None:
    main, south = make_warehouse(), make_warehouse("SOUTH")
    factories.stock(sku("CANDLE"), south, on_hand=3)
    factories.stock(sku("MUG"), south, on_hand=8)
    listing = make_listing(make_channel(warehouses=[main, south]), gift)

    explanation = availability.explain(listing)

    assert [(term.units, term.warehouse_id) for term in explanation.terms] == [(3, main.pk), (1, south.pk)]
    assert explanation.total == 4
    assert "1 × MUG each, of which 3 are available" in explanation.terms[0].label
    assert "2 × CANDLE each, of which 3 are available" in explanation.terms[1].label


def test_a_warehouse_without_one_component_makes_none(gift: Sku) -> None:
    far = make_warehouse("FAR")
    factories.stock(sku("CANDLE"), far, on_hand=50)

    assert availability.explain(make_listing(make_channel(warehouses=[far]), gift)).total == 0


def test_a_change_of_a_component_wakes_the_bundles_listings(gift: Sku) -> None:
    listing = make_listing(make_channel(), gift)
    publishing.spread_signals(now=timezone.now())
    Listing.objects.update(due_at=None)

    factories.stock(sku("MUG"), make_warehouse(), on_hand=1)
    publishing.spread_signals(now=timezone.now())

    listing.refresh_from_db()
    assert listing.due_at is not None
    assert not StockSignal.objects.exists()


@pytest.mark.parametrize(
    ("bundle", "components", "words"),
    [
        ("MUG", {"CANDLE": 1}, "is part of a bundle"),
        ("CUP", {"GIFT": 1}, "is a bundle itself"),
        ("CUP", {"CUP": 1}, "of itself"),
        ("CUP", {"CANDLE": 0}, "one unit or more"),
        ("FULL", {"CANDLE": 1}, "has stock of its own"),
    ],
)
def test_what_makes_no_bundle_is_refused(
    gift: Sku, now: datetime, bundle: str, components: dict[str, int], words: str
) -> None:
    make_sku("CUP")
    make_sku("FULL", on_hand=1)

    with pytest.raises(ValidationError, match=words):
        bundles.set_components(
            bundle=sku(bundle), components={sku(code).pk: units for code, units in components.items()},
            actor=ANA, now=now,
        )  # fmt: skip

    assert bundles.components_of([gift.pk]) == {gift.pk: {sku("CANDLE").pk: 2, sku("MUG").pk: 1}}


def test_it_holds_no_stock_and_reserves_its_components_summed(gift: Sku, now: datetime) -> None:
    main = make_warehouse()
    with pytest.raises(InvalidQuantity, match="is a bundle and holds no stock"):
        operations.receive(sku=gift, warehouse=main, units=1, key="r", actor=ANA, now=now)

    requests = [Request(sku=gift, units=2), Request(sku=sku("MUG"), units=1)]
    reservations.reserve(requests, key="k1", actor=ANA, now=now)

    assert factories.balances(sku("CANDLE"), main) == (9, 4, 0)
    assert factories.balances(sku("MUG"), main) == (3, 3, 0)
    with pytest.raises(InsufficientStock):
        reservations.reserve([Request(sku=gift, units=1)], key="k2", actor=ANA, now=now)
    reservations.reserve(requests, key="k1", actor=ANA, now=now)  # a repeat
    assert factories.balances(sku("MUG"), main) == (3, 3, 0)


def test_its_page_says_what_it_is_made_of(gift: Sku, admin_client: Client) -> None:
    html = admin_client.get(f"/skus/{gift.pk}/").content.decode()

    assert "It holds no stock of its own" in html
    assert f'2 × <a class="code" href="/skus/{sku("CANDLE").pk}/">CANDLE</a>' in html

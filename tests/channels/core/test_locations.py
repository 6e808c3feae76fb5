"""A platform with several locations: warehouses stand for them, quantities and orders follow."""

from __future__ import annotations

from datetime import datetime

import pytest

from channels import availability, catalog, linking, mapping, modes
from channels.contract import ReportedListing, ReportedVariant
from channels.models import Channel, Listing, Location
from inventory.models import Sku, Warehouse
from tests import factories

pytestmark = pytest.mark.django_db


def pool(location: str, *, quantity: int = 0, sku: str = "SHIRT") -> ReportedListing:
    """Return one item's pool at one location, as a platform reports it."""
    return ReportedListing(
        ref=f"1@{location}",
        product_ref="1",
        title="Shirt",
        sku=sku,
        tracked=True,
        quantity=quantity,
        location_ref=location,
        item_ref="1",
        variants=(ReportedVariant(ref=f"1@{location}", sku=sku),),
    )


@pytest.fixture
def sku() -> Sku:
    return factories.make_sku("SHIRT")


@pytest.fixture
def places() -> list[Warehouse]:
    return [factories.make_warehouse("SHOP"), factories.make_warehouse("DEPOT")]


@pytest.fixture
def channel(sku: Sku, places: list[Warehouse], now: datetime) -> Channel:
    """Return a channel with the item at two locations, each with a warehouse that stands for it."""
    channel = factories.make_channel()
    for ref in ("north", "south"):
        Location.objects.create(channel=channel, ref=ref, name=ref.title(), seen_at=now)
    modes.set_warehouses(
        channel=channel,
        warehouses=places,
        locations={places[0].pk: "north", places[1].pk: "south"},
        actor="user:ana",
        now=now,
    )
    catalog.apply_product(channel, "1", [pool("north"), pool("south")], now=now, is_complete=True)
    linking.match(channel=channel, now=now)
    return channel


def target(channel: Channel, location: str) -> int:
    listing = Listing.objects.get(channel=channel, location_ref=location)
    explanation = availability.explain(listing)
    assert sum(term.units for term in explanation.terms) == explanation.total
    return explanation.total


def test_one_item_at_two_locations_is_one_sku(channel: Channel, sku: Sku) -> None:
    assert set(Listing.objects.filter(channel=channel).values_list("sku_id", flat=True)) == {sku.pk}


def test_each_location_shows_the_stock_of_its_warehouse(
    channel: Channel, sku: Sku, places: list[Warehouse], now: datetime
) -> None:
    factories.stock(sku, places[0], on_hand=5)
    factories.stock(sku, places[1], on_hand=7)

    assert (target(channel, "north"), target(channel, "south")) == (5, 7)


@pytest.mark.parametrize(("hold_back", "shown"), [(3, (5, 4)), (7, (5, 0)), (9, (3, 0)), (20, (0, 0))])
def test_a_hold_back_is_taken_once_from_where_most_is(
    channel: Channel,
    sku: Sku,
    places: list[Warehouse],
    now: datetime,
    hold_back: int,
    shown: tuple[int, int],
) -> None:
    factories.stock(sku, places[0], on_hand=5)
    factories.stock(sku, places[1], on_hand=7)
    modes.set_hold_back(units=hold_back, sku=sku, actor="user:ana", now=now)

    assert (target(channel, "north"), target(channel, "south")) == shown


def test_unlinking_one_location_unlinks_the_item(channel: Channel, now: datetime) -> None:
    mapping.unlink(listing=Listing.objects.get(location_ref="north"), actor="user:ana", now=now)

    assert not Listing.objects.filter(mapping=Listing.Mapping.MAPPED).exists()

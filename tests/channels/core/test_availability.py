"""Every published number is a sum of terms that can be followed."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import availability, modes
from channels.models import HoldBack
from inventory import ledger
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_most_specific_hold_back_decides() -> None:
    sku, other = factories.make_sku("TEE", on_hand=20), factories.make_sku("CAP", on_hand=20)
    north, south = factories.make_channel("North"), factories.make_channel("South")
    listings = {
        "listing": factories.make_listing(north, sku),
        "sku": factories.make_listing(south, sku),
        "channel": factories.make_listing(north, other),
        "global": factories.make_listing(south, other),
    }
    factories.hold_back(1)
    factories.hold_back(2, channel=north)
    factories.hold_back(3, sku=sku)
    factories.hold_back(4, listing=listings["listing"])

    found = availability.hold_backs_for(list(listings.values()))

    assert {name: (found[listing.pk].units, found[listing.pk].origin) for name, listing in listings.items()} == {
        "listing": (4, "set for this listing"),
        "sku": (3, "set for the SKU"),
        "channel": (2, "set for the channel"),
        "global": (1, "set for everything"),
    }
    targets = availability.targets(list(listings.values()))
    assert [targets[listing.pk] for listing in listings.values()] == [16, 17, 18, 19]


def test_where_no_hold_back_was_ever_set_no_level_is_named() -> None:
    listing = factories.make_listing(factories.make_channel(), factories.make_sku("TEE", on_hand=20))
    assert availability.hold_backs_for([listing])[listing.pk] == availability.EffectiveHoldBack(units=0, origin="")

    factories.hold_back(0)

    assert availability.hold_backs_for([listing])[listing.pk].origin == "set for everything"


def test_a_hold_back_of_zero_is_a_decision_and_none_inherits() -> None:
    sku = factories.make_sku("TEE", on_hand=20)
    channel = factories.make_channel()
    listing = factories.make_listing(channel, sku)
    now = timezone.now()
    modes.set_hold_back(units=5, actor="user:ana", now=now)
    modes.set_hold_back(units=0, listing=listing, actor="user:ana", now=now)
    assert availability.targets([listing])[listing.pk] == 20

    modes.set_hold_back(units=None, listing=listing, actor="user:ana", now=now)
    assert availability.targets([listing])[listing.pk] == 15
    modes.set_hold_back(units=None, actor="user:ana", now=now)
    assert (availability.targets([listing])[listing.pk], HoldBack.objects.count()) == (20, 0)


def test_only_the_channels_own_warehouses_count() -> None:
    main, shop = factories.make_warehouse("MAIN"), factories.make_warehouse("SHOP")
    sku = factories.make_sku("TEE", on_hand=5, warehouse=main)
    factories.stock(sku, shop, on_hand=3)
    one, both = (
        factories.make_channel("One", warehouses=[shop]),
        factories.make_channel("Both", warehouses=[main, shop]),
    )
    listings = [factories.make_listing(one, sku), factories.make_listing(both, sku)]

    assert [availability.targets(listings)[listing.pk] for listing in listings] == [3, 8]
    terms = [(term.label, term.units, term.warehouse_id) for term in availability.explain(listings[1]).terms]
    assert terms == [("On hand in Main warehouse", 5, main.pk), ("On hand in Shop warehouse", 3, shop.pk)]


def test_a_listing_without_a_sku_shows_nothing() -> None:
    factories.hold_back(3)
    listing = factories.make_listing(factories.make_channel(), None)

    assert availability.explain(listing).total == 0


LEVELS = st.lists(st.tuples(st.integers(-50, 200), st.integers(0, 100)).filter(any), min_size=0, max_size=4)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    levels=LEVELS,
    everywhere=st.none() | st.integers(0, 30),
    channel_units=st.none() | st.integers(0, 30),
    sku_units=st.none() | st.integers(0, 30),
    listing_units=st.none() | st.integers(0, 30),
)
def test_the_terms_sum_to_the_published_number(
    levels: list[tuple[int, int]],
    everywhere: int | None,
    channel_units: int | None,
    sku_units: int | None,
    listing_units: int | None,
) -> None:
    from django.db import transaction

    with transaction.atomic():
        warehouses = [factories.make_warehouse(f"W{number}") for number in range(len(levels))]
        channel = factories.make_channel("Any", warehouses=warehouses)
        sku = factories.make_sku("TEE")
        listing = factories.make_listing(channel, sku)
        for warehouse, (on_hand, reserved) in zip(warehouses, levels, strict=True):
            ledger.post(
                [
                    ledger.Entry(
                        key=f"start:{warehouse.pk}",
                        sku_id=sku.pk,
                        warehouse_id=warehouse.pk,
                        kind="adjustment",  # type: ignore[arg-type]
                        on_hand=on_hand,
                        reserved=reserved,
                    )
                ],
                actor="user:ana",
                now=factories.NOW,
            )
        scopes = [
            ({}, everywhere),
            ({"channel": channel}, channel_units),
            ({"sku": sku}, sku_units),
            ({"listing": listing}, listing_units),
        ]
        for scope, units in scopes:
            if units is not None:
                factories.hold_back(units, **scope)  # type: ignore[arg-type]
        given_units = [units for _, units in reversed(scopes) if units is not None]

        explanation = availability.explain(listing)

        available = sum(on_hand - reserved for on_hand, reserved in levels)
        held = given_units[0] if given_units else 0
        assert explanation.total == max(0, available - held)
        assert explanation.total == sum(term.units for term in explanation.terms)
        assert sum(term.units for term in explanation.terms if term.warehouse_id) == available
        assert availability.targets([listing]) == {listing.pk: explanation.total}
        transaction.set_rollback(True)

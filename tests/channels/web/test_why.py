"""Why a number is what it is: terms that sum to it, each leading to its rows."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from channels import availability
from channels.models import Listing, Push
from inventory import bundles, operations
from inventory.models import Warehouse
from tests import factories


@pytest.fixture
def listing(db: None) -> Listing:
    sku = factories.make_sku("TEE", on_hand=9)
    channel = factories.make_channel()
    factories.hold_back(2, channel=channel)
    return factories.make_listing(channel, sku, quantity=5)


def sums(html: str) -> list[list[int]]:
    """Return the numbers of each sum on the page, the total last."""
    tables = re.findall(r'<table class="sum.*?</table>', html, re.S)
    found = [re.findall(r"<td>(?:<span[^>]*>)?([−+]?[\d,]+)", table) for table in tables]
    return [[int(text.replace("−", "-").replace(",", "")) for text in numbers] for numbers in found]


def test_the_terms_sum_to_the_number_and_to_what_the_store_shows(browser: Client, listing: Listing) -> None:
    Listing.objects.filter(pk=listing.pk).update(drift=1)

    html = browser.get(f"/listings/{listing.pk}/why/").content.decode()

    should, shows = sums(html)
    assert should == [9, -2, 7]
    assert shows == [7, -2, 1, 6]
    assert sum(should[:-1]) == should[-1]
    assert sum(shows[:-1]) == shows[-1]


def test_every_term_leads_to_its_rows(browser: Client, listing: Listing) -> None:
    main = Warehouse.objects.get(code="MAIN")
    Warehouse.objects.filter(pk=main.pk).update(hold_back=1)
    Listing.objects.filter(pk=listing.pk).update(accounted=6)

    html = browser.get(f"/listings/{listing.pk}/why/").content.decode()

    assert f'href="/inventory/warehouses/{main.pk}/movements/?q=TEE"' in html
    assert f'href="/listings/{listing.pk}/hold-back/"' in html
    assert f'href="/inventory/warehouses/{main.pk}/"' in html
    assert "Still to be written" not in html
    assert sums(html) == [[9, -1, -2, 6], [6, 6]]


def test_a_bundle_leads_to_the_component_that_decides(browser: Client, db: None) -> None:
    mug, box = factories.make_sku("MUG", on_hand=9), factories.make_sku("BOX", on_hand=2)
    bundle = factories.make_sku("GIFT")
    bundles.set_components(bundle=bundle, components={mug.pk: 2, box.pk: 1}, actor="user:ana", now=timezone.now())
    listing = factories.make_listing(factories.make_channel(), bundle, quantity=2)

    html = browser.get(f"/listings/{listing.pk}/why/").content.decode()

    assert f'href="/skus/{box.pk}/"' in html
    assert sums(html)[0][-1] == 2


def test_what_is_on_its_way_is_said(browser: Client, listing: Listing) -> None:
    Push.objects.create(
        channel=listing.channel, listing=listing, accounted_before=5, target=7, delta=2, created_at=timezone.now()
    )

    assert "On its way to the store" in browser.get(f"/listings/{listing.pk}/why/").content.decode()


def test_the_list_the_sku_and_the_listing_lead_to_it(browser: Client, listing: Listing) -> None:
    assert f'href="/listings/{listing.pk}/why/"' in browser.get("/listings/").content.decode()
    for page in (f"/skus/{listing.sku_id}/", f"/listings/{listing.pk}/"):
        assert [9, -2, 7] in sums(browser.get(page).content.decode()), page
    part = browser.get(f"/listings/{listing.pk}/why/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


def test_an_unmapped_listing_shows_nothing_of_ours(browser: Client, db: None) -> None:
    listing = factories.make_listing(factories.make_channel(), None, quantity=None)

    html = browser.get(f"/listings/{listing.pk}/why/").content.decode()

    assert "No stock in the warehouses" in html
    assert "has not been read" in html


def test_terms_sum_exactly_whatever_there_is(db: None) -> None:
    channel = factories.make_channel()
    for units, kept in ((0, 0), (3, 9), (5, 2)):
        sku = factories.make_sku(f"S-{units}", on_hand=units)
        if units == 5:
            operations.adjust(
                sku=sku,
                warehouse=Warehouse.objects.get(code="MAIN"),
                units=-1,
                key="a",
                actor="user:ana",
                now=timezone.now(),
                reason="broken",
            )
        if kept:
            factories.hold_back(kept, sku=sku)
        explanation = availability.explain(factories.make_listing(channel, sku))
        assert explanation.total == max(0, units - (1 if units == 5 else 0) - kept)

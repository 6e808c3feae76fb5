"""What a list is searched by, whether the words find few rows or many."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import Push
from inventory import operations, searches
from tests.dashboard.conftest import make_listing


@pytest.fixture(params=[2000, 0], ids=["few", "many"])
def found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are found by their ids, many by the words; 0 makes any number of them many."""
    monkeypatch.setattr(searches, "FEW", request.param)


def names(browser: Client, address: str) -> list[str]:
    return [str(row.record) for row in browser.get(address).context["table"].paginated_rows]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("tee", ["Black shirt"]),  # the code of the SKU
        ("SHIRT", ["Black shirt"]),
        ("st-9", ["Old mug"]),  # the store's code
        ("40063", ["Old mug"]),  # the beginning of the barcode
        ("0063", []),
        ("zzz", []),
    ],
)
def test_listings_are_found_by_title_codes_and_barcode(
    browser: Client, shop: SimpleNamespace, found: None, words: str, expected: list[str]
) -> None:
    make_listing(shop.north, shop.tee, title="Black shirt")
    make_listing(shop.north, None, title="Old mug", external_sku="ST-9", barcode="4006381333931")

    assert names(browser, f"/listings/?q={words}") == expected


def test_rows_are_found_by_the_listing_and_the_sku_that_they_are_about(
    browser: Client, shop: SimpleNamespace, found: None
) -> None:
    for listing in (make_listing(shop.north, shop.tee, title="Black shirt"), make_listing(shop.north, shop.mug)):
        Push.objects.create(
            channel=shop.north, listing=listing, accounted_before=1, target=2, delta=1, created_at=timezone.now()
        )
    operations.receive(sku=shop.mug, warehouse=shop.main, units=3, key="mug", actor="user:ana", now=timezone.now())

    for words, titles in (("shirt", ["Black shirt"]), ("tee-", ["Black shirt"]), ("zzz", [])):
        rows = browser.get(f"/activity/pushes/?q={words}").context["table"].paginated_rows
        assert [str(row.record.listing) for row in rows] == titles
    stock = browser.get(f"/inventory/warehouses/{shop.main.pk}/?q=mug").context["table"].paginated_rows
    assert [row.record.sku.code for row in stock] == ["MUG-11OZ"]

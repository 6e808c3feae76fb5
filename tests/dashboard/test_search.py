"""The search: what finds what, what comes first, and how it stays quick."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.roles import Role
from channels.models import ListingVariant, Order
from dashboard.models import User
from inventory.models import FormerCode, Sku
from tests import factories
from tests.dashboard.conftest import make_channel, make_listing


def found(browser: Client, words: str) -> dict[str, list[str]]:
    response = browser.get("/search/", {"q": words})
    return {str(group.label): [hit.title for hit in group.hits] for group in response.context["groups"]}


@pytest.mark.parametrize(
    ("words", "skus"),
    [
        ("TEE-BLK-M", ["TEE-BLK-M"]),
        ("tee", ["TEE-BLK-M"]),
        ("teeblk", ["TEE-BLK-M"]),
        ("black", ["TEE-BLK-M"]),
        ("4006381333931", ["TEE-BLK-M"]),
        ("OLD-TEE", ["TEE-BLK-M"]),
        ("blk-m", ["TEE-BLK-M"]),
        ("bl", None),
        ("zzz", None),
        ("100%", None),
        ("'; --", None),
    ],
)
def test_a_sku_is_found_by_its_codes_and_by_part_of_its_name(
    browser: Client, shop: SimpleNamespace, words: str, skus: list[str] | None
) -> None:
    FormerCode.objects.create(sku=shop.tee, code="OLD-TEE", until=timezone.now())

    assert found(browser, words).get("SKUs") == skus


def test_what_is_called_so_comes_first(browser: Client, shop: SimpleNamespace) -> None:
    for code in ("A-CAP", "CAP", "CAP-2", "XCAPX"):
        Sku.objects.create(code=code, name="")

    assert found(browser, "CAP")["SKUs"][0] == "CAP"
    assert set(found(browser, "CAP")["SKUs"][1:3]) == {"CAP-2", "CAP-NVY"}


def test_every_kind_says_what_it_is_and_leads_to_its_page(browser: Client, shop: SimpleNamespace) -> None:
    listing = make_listing(shop.north, shop.mug, external_sku="MUG-N")
    order = Order.objects.create(channel=shop.north, ref="900", number="#1042", first_seen_at=timezone.now())

    assert found(browser, "MUG-N") == {"Listings": ["Listing of MUG-11OZ"]}
    assert found(browser, "mug-11oz")["Listings"] == ["Listing of MUG-11OZ"]
    assert found(browser, "1042") == {"Orders": ["#1042"]}
    assert found(browser, "#104") == {"Orders": ["#1042"]}
    assert found(browser, "900") == {"Orders": ["#1042"]}
    assert found(browser, "north")["Channels and warehouses"] == ["North"]
    assert found(browser, "back room")["Channels and warehouses"] == ["Back room"]
    assert found(browser, "panic") == {"Pages": ["Emergency stop"]}
    html = browser.get("/search/?q=1042").content.decode()
    assert f'href="/orders/{order.pk}/"' in html
    assert f'href="/listings/{listing.pk}/"' in browser.get("/search/?q=MUG-N").content.decode()


def test_an_unmapped_listing_is_found_by_its_title(browser: Client, shop: SimpleNamespace) -> None:
    make_listing(shop.north, None, title="Hand-thrown bowl")

    assert found(browser, "thrown") == {"Listings": ["Hand-thrown bowl"]}


def test_a_mapped_listing_is_found_by_its_title_too(browser: Client, shop: SimpleNamespace) -> None:
    factories.make_listing(shop.north, shop.mug, title="Stoneware beaker, blue")
    factories.make_listing(shop.south, shop.mug, title="Stoneware beaker, gone", state="gone")

    assert found(browser, "ware beak") == {"Listings": ["Stoneware beaker, blue"]}
    assert "Listings" not in found(browser, "wa")


def test_pages_that_a_role_may_not_open_are_not_offered(shop: SimpleNamespace) -> None:
    viewer = Client()
    viewer.force_login(User.objects.create_user("vic", "vic@example.com", "a long enough password", role=Role.VIEWER))

    assert "Pages" not in found(viewer, "panic")
    assert found(viewer, "oversold")["Pages"] == ["Oversold"]


def test_nothing_found_says_where_was_looked(browser: Client, shop: SimpleNamespace) -> None:
    assert "Nothing is called “zzz”." in browser.get("/search/?q=zzz").content.decode()
    assert "type one more" in browser.get("/search/?q=zz").content.decode()
    assert "the name of a page" in browser.get("/search/").content.decode()
    assert browser.get("/search/", {"q": "\x00a\x1f" + "b" * 999}).status_code == 200


def test_htmx_gets_the_hits_alone(browser: Client, shop: SimpleNamespace) -> None:
    html = browser.get("/search/?q=tee", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in html
    assert "TEE-BLK-M" in html


def test_the_number_of_queries_does_not_grow(browser: Client, shop: SimpleNamespace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/search/?q=mug", headers={"HX-Request": "true"})
        return len(captured)

    few = queries()
    for number in range(5):
        sku = Sku.objects.create(code=f"MUG-{number}", name="Mug")
        make_listing(make_channel(f"Mug shop {number}"), sku)

    assert queries() <= few
    assert few <= 20


@pytest.mark.postgres
@pytest.mark.django_db
def test_an_index_finds_any_part_of_a_name() -> None:
    migration = import_module("inventory.migrations.0012_search_by_any_part")

    with connection.schema_editor() as editor:  # the tests' tables are made from the models, not by migrations
        migration.add(apps, editor)

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'inventory_sku'")
        names = {name for (name,) in cursor.fetchall()}
    assert {"sku_code_parts", "sku_name_parts"} <= names


@pytest.mark.postgres
@pytest.mark.django_db
def test_an_index_finds_any_part_of_a_title() -> None:
    migration = import_module("channels.migrations.0017_search_by_title")

    with connection.schema_editor() as editor:
        migration.add(apps, editor)

    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'channels_listingvariant'")
        assert "listing_variant_title_parts" in {name for (name,) in cursor.fetchall()}


def test_titles_from_before_are_filled_in(shop: SimpleNamespace) -> None:
    listing = make_listing(shop.north, shop.mug, title="Stoneware beaker")
    ListingVariant.objects.create(listing=listing, channel=shop.north, ref="v-1")

    import_module("channels.migrations.0016_fill_titles_of_variants").fill(apps, connection.schema_editor())

    assert ListingVariant.objects.get().title == "Stoneware beaker"

"""The pages as a browser has them: the policy is enforced, htmx swaps, and axe finds nothing of weight."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Literal

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from dashboard.models import User
from inventory.models import Sku, StockLevel, Warehouse
from tests.browser import drives_chromium, flaws, flaws_on, listen
from tests.dashboard.conftest import make_listing, oversell
from tests.dashboard.test_oversold import sell

# Answers that a refused form and a missing page must give; the browser notes them in its console.
EXPECTED = ("status of 422", "status of 404")

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said that it should not have."""
    return []


@pytest.fixture
def page(
    chromium: Browser,
    live_server: LiveServer,
    client: Client,
    shop: SimpleNamespace,
    complaints: list[str],
    request: pytest.FixtureRequest,
) -> Iterator[Page]:
    """A signed-in page; parametrise indirectly with (colour scheme, width)."""
    scheme: Literal["light", "dark"]
    scheme, width = getattr(request, "param", ("light", 1440))
    user = User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner")
    client.force_login(user)
    context = chromium.new_context(
        base_url=live_server.url, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])

    page = context.new_page()
    listen(page, complaints, expected=EXPECTED)
    yield page
    context.close()


def test_every_page_is_quiet_accessible_and_no_wider_than_the_screen(
    page: Page, shop: SimpleNamespace, complaints: list[str]
) -> None:
    make_listing(shop.north, shop.tee, accounted=9, shown=9)
    make_listing(shop.north, None)
    oversell(shop.mug, shop.main, 5)
    found: list[str] = []

    for path in (
        "/",
        "/skus/",
        "/skus/?q=zzz",
        f"/skus/{shop.mug.pk}/",
        f"/skus/{shop.tee.pk}/",
        f"/skus/{shop.tee.pk}/adjust/",
        f"/skus/{shop.tee.pk}/merge/?q=mug",
        f"/skus/{shop.tee.pk}/merge/{shop.mug.pk}/",
        f"/skus/{shop.tee.pk}/merge/{shop.tee.pk}/",
        "/listings/",
        "/many/skus/hold-back/?scope=filter&query=",
        "/many/listings/unlink/?scope=filter&query=",
        "/components/",
        "/inventory/warehouses/",
        f"/inventory/warehouses/{shop.main.pk}/movements/",
        "/nowhere/",
    ):
        page.goto(path)
        found += flaws_on(page)

    assert found == []
    assert complaints == []


def test_a_refused_form_stays_in_the_dialog_and_an_accepted_one_is_booked(
    page: Page, shop: SimpleNamespace, complaints: list[str]
) -> None:
    page.goto(f"/skus/{shop.tee.pk}/")

    page.get_by_role("link", name="Transfer").click()
    dialog = page.get_by_role("dialog", name="Transfer")
    expect(dialog.get_by_label("Units")).to_be_focused()
    dialog.get_by_label("To").select_option(str(shop.back.pk))
    dialog.get_by_label("Units").fill("11")
    dialog.get_by_role("button", name="Transfer").click()
    expect(dialog).to_contain_text("Only 10 are there to take; you asked for 11.")
    expect(dialog.get_by_label("Units")).to_be_focused()

    dialog.get_by_label("Units").fill("3")
    dialog.get_by_role("button", name="Transfer").click()

    expect(page.get_by_role("status").first).to_contain_text("3 of TEE-BLK-M moved from Main to Back room.")
    assert StockLevel.objects.get(sku=shop.tee, warehouse=shop.main).on_hand == 7
    assert complaints == []


def test_a_list_is_narrowed_and_sorted_in_place_and_the_address_follows(
    page: Page, shop: SimpleNamespace, complaints: list[str]
) -> None:
    page.goto("/skus/")

    page.get_by_label("Search", exact=True).fill("mug")
    expect(page.locator("#result-count")).to_have_text("1 row")
    page.get_by_role("link", name="On hand").click()
    expect(page.get_by_role("columnheader", name="On hand")).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Search", exact=True).fill("")
    expect(page.locator("#result-count")).to_have_text("3 rows")

    assert "sort=on_hand" in page.url
    assert [row.inner_text() for row in page.get_by_role("rowheader").all()] == ["CAP-NVY", "MUG-11OZ", "TEE-BLK-M"]
    assert complaints == []


def test_the_overview_follows_what_happens_without_a_reload(
    page: Page, shop: SimpleNamespace, complaints: list[str]
) -> None:
    page.goto("/")
    expect(page.get_by_text("Nothing. Every channel is connected")).to_be_visible()

    oversell(shop.mug, shop.main, 5)

    expect(page.get_by_text("MUG-11OZ is oversold by 2 units.")).to_be_visible(timeout=10_000)
    assert complaints == []


def test_the_palette_finds_by_keyboard_alone(page: Page, shop: SimpleNamespace, complaints: list[str]) -> None:
    page.goto("/inventory/warehouses/")

    page.keyboard.press("/")
    page.keyboard.type("cap")
    palette = page.get_by_role("dialog", name="Search everything")
    expect(palette.get_by_role("link", name="CAP-NVY")).to_be_visible()
    assert flaws(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="CAP-NVY")).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("emergency")
    expect(palette.get_by_role("link", name="Emergency stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    assert complaints == []


@pytest.mark.parametrize("page", [("light", 1440), ("dark", 390)], indirect=True)
def test_a_bad_day_from_what_is_oversold_to_the_stop_and_back(
    page: Page, shop: SimpleNamespace, complaints: list[str]
) -> None:
    listing = make_listing(shop.north, shop.mug, accounted=3, shown=3)
    sell(listing, "1042", 5, shop.main, at=timezone.now() - timedelta(minutes=3))
    found: list[str] = []

    page.goto("/")
    expect(page.get_by_text("Sale to other channels")).to_be_visible()
    found += flaws(page)
    page.get_by_role("link", name="Decide").click()
    expect(page.get_by_text("2 missing")).to_be_visible()
    found += flaws(page)
    page.get_by_role("button", name="Backorder").click()
    expect(page.get_by_text("On backorder")).to_be_visible()

    page.goto("/channels/stop/")
    found += flaws(page)
    page.get_by_role("button", name="Pause 2 all").click()
    expect(page.get_by_text("2 channels are stopped.")).to_be_visible()
    found += flaws(page)
    page.get_by_role("button", name="Resume all").click()
    expect(page.get_by_text("2 channels are stopped.")).to_be_hidden()

    for path in (f"/listings/{listing.pk}/why/", "/parked/quantities/", "/search/?q=mug", "/stock/risk/"):
        page.goto(path)
        found += flaws(page)
    assert found == []
    assert complaints == []


BARCODE_READER = """
window.BarcodeDetector = class {
  async detect() { return [{ rawValue: "4006381333931" }]; }
};
navigator.mediaDevices.getUserMedia = async () => new MediaStream();
HTMLMediaElement.prototype.play = async () => {};
"""


@pytest.mark.parametrize("page", [("light", 390)], indirect=True)
def test_a_shop_sells_by_camera_and_by_scanner(page: Page, shop: SimpleNamespace, complaints: list[str]) -> None:
    Warehouse.objects.filter(pk=shop.back.pk).update(is_shop=True)
    page.add_init_script(BARCODE_READER)

    page.goto("/shop/")
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_role("button", name="Sell 1 unit")).to_be_visible()
    page.get_by_label("Barcode or SKU").fill("TEE-BLK-M")
    page.keyboard.press("Enter")  # as a scanner does that types
    expect(page.get_by_role("button", name="Sell 2 units")).to_be_visible()
    expect(page.get_by_label("Barcode or SKU")).to_be_focused()
    assert flaws(page) == []
    page.get_by_role("button", name="Sell 2 units").click()

    expect(page.get_by_text("2 units sold.")).to_be_visible()
    assert StockLevel.objects.get(sku=shop.tee, warehouse=shop.back).on_hand == 2
    assert complaints == []


def test_rows_are_picked_and_all_of_the_filter_is_done_at_once(
    page: Page, shop: SimpleNamespace, complaints: list[str]
) -> None:
    page.goto("/skus/")
    bar = page.locator("#batch")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Pick MUG-11OZ").check()
    expect(bar).to_contain_text("1 picked")
    expect(bar).to_contain_text("All 3 that match")

    page.get_by_role("searchbox", name="Search", exact=True).fill("mug")
    expect(bar).to_contain_text("All 1 that matches")
    page.get_by_role("checkbox", name="Pick MUG-11OZ").check()
    bar.get_by_label("All 1 that matches").check()
    bar.get_by_role("button", name="Archive", exact=True).click()

    expect(page.get_by_role("heading", name="Archive: 1 SKU")).to_be_visible()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Archived: it shows in no list.")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(re.compile("q=mug"))
    assert Sku.objects.get(code="MUG-11OZ").archived_at is not None
    assert complaints == []


def test_a_sku_is_merged_from_its_menu(page: Page, shop: SimpleNamespace, complaints: list[str]) -> None:
    page.goto(f"/skus/{shop.tee.pk}/")
    page.locator("main details.menu > summary").click()
    page.get_by_role("link", name="Merge into…").click()
    page.get_by_label("Code, name or barcode").fill("mug")
    page.get_by_role("link", name="See what changes").click()
    page.get_by_role("button", name="Merge TEE-BLK-M into MUG-11OZ").click()

    expect(page.get_by_role("heading", name="MUG-11OZ", level=1)).to_be_visible()
    page.get_by_role("link", name="TEE-BLK-M").first.click()
    expect(page.get_by_text("its stock, listings and orders are there")).to_be_visible()
    assert complaints == []

"""The first hour of a merchant, in a browser: from nothing to a store that is partly live, by the checklist alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels import publishing
from channels.models import Channel
from inventory import operations, verify
from inventory.models import Sku, Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.browser import drives_chromium
from tests.channels.web.conftest import credentials_of, work
from tests.channels.web.test_in_a_browser import open_page

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
]


def _publish(channel: Channel) -> None:
    publishing.spread_signals(now=timezone.now())
    work(channel, "publish")


def _is_well(page: Page) -> None:
    """The page is no wider than the screen; what axe says of these pages is proved where all rooms are looked at."""
    expect(page.get_by_role("main")).to_be_visible()  # a page that has only begun to arrive has no width
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def test_a_merchant_goes_from_nothing_to_a_store_that_is_partly_live(
    chromium: Browser,
    live_server: LiveServer,
    browser: Client,
    sim: EcwidSimulator,
    queued: Callable[[], int],
) -> None:
    page, complaints = open_page(chromium, live_server, browser, width=390, theme="dark")

    def next_step() -> str:
        page.goto("/setup/")
        _is_well(page)
        return str(page.locator("[aria-current=step] h3").inner_text()).strip()

    def go_on() -> None:
        page.locator("[aria-current=step] .button-primary").click()

    # A warehouse and a store.
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Evenkeel")
    _is_well(page)
    page.get_by_role("link", name="Add a warehouse").click()
    page.get_by_label("Code").fill("MAIN")
    page.get_by_label("Name").fill("Main warehouse")
    page.get_by_role("button", name="Add the warehouse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Main warehouse")
    assert next_step() == "Connect a store"
    go_on()
    page.goto("/channels/connect/ecwid/")
    page.get_by_label("Name", exact=True).fill("North")
    for name, value in credentials_of(sim).items():
        page.locator(f"[name=credential_{name}]").fill(value)
    page.locator("details.form-part", has=page.locator("[name=base_url]")).locator("summary").click()
    page.locator("[name=base_url]").fill(sim.base_url)
    page.locator("main form button:not([name=test])").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("North")
    channel = Channel.objects.get()

    # Import, SKUs of what the store lists, and its numbers as opening stock.
    assert next_step() == "Import the catalogue"
    go_on()
    expect(page).to_have_url(re.compile("/setup/$"))
    work(channel, "catalog")
    assert next_step() == "Match listings to SKUs"
    go_on()
    _is_well(page)
    page.get_by_role("button", name=re.compile("^Make 3 SKUs")).click()
    expect(page.get_by_text("SKUs made").first).to_be_visible()
    work(channel, "inbox")
    _publish(channel)
    assert next_step() == "Count or copy the starting stock"
    go_on()
    _is_well(page)
    page.get_by_role("link", name="Preview North").click()
    _is_well(page)
    page.get_by_role("button", name="Take 2 counts").click()
    expect(page.get_by_role("button", name="Undo it whole")).to_be_visible()
    _is_well(page)
    _publish(channel)

    # Observed: it agrees, so what is left is to go live. Half of it first.
    assert next_step() == "Go live"
    go_on()
    expect(page.get_by_role("heading", name="Ready to go live")).to_be_visible()
    _is_well(page)
    page.get_by_role("link", name="50 %").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Before 1 listing goes live")
    _is_well(page)
    page.get_by_role("button", name="Go live").click()
    expect(page.get_by_text("1 listing is live already")).to_be_visible()
    main = Warehouse.objects.get()
    for code in ("TEE-M", "MUG"):
        operations.receive(
            sku=Sku.objects.get(code=code), warehouse=main, units=1, key=code, actor="user:ana", now=timezone.now()
        )
    _publish(channel)
    assert (sim.quantity_of("TEE-M"), sim.quantity_of("MUG")) == (8, 3)  # the deeper one is live

    page.goto("/setup/")
    expect(page.get_by_text("Your stores are set up.")).to_be_visible()
    page.goto("/")
    expect(page.get_by_text("Setting up")).to_have_count(0)
    assert list(verify.differences()) == []
    assert complaints == []

"""The rooms as a browser has them: no complaint in the console, nothing wider than a phone, no finding of axe."""

from __future__ import annotations

from typing import Literal

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from channels import linking
from channels.models import Channel, InboundEvent, Listing, Order, OrderLine, Push
from tests.browser import drives_chromium, flaws_on, listen
from tests.factories import make_channel, make_listing, make_sku

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def trouble(transactional_db: None) -> Channel:
    """A live channel with everything that asks for a person, and long words in it."""
    now = timezone.now()
    channel = make_channel(
        "North",
        halted_at=now,
        halted_reason="60 listings would go to zero at once; the limit is 50.",
        refused_webhooks=3,
        refused_webhook_at=now,
    )
    sku = make_sku("TEE/M “Größe” 🧦", on_hand=9)
    listing = make_listing(
        channel, sku, quantity=7, drift=3, drift_since=now, parked_at=now, parked_reason="Managed elsewhere."
    )
    make_listing(channel, None, title="Unbreakable" * 20, external_sku="tee-m-größe-🧦", ref="p-waiting")
    order = Order.objects.create(
        channel=channel, ref="O1", number="O1", first_seen_at=now, placed_at=now, problem="A line can't be read."
    )
    OrderLine.objects.create(order=order, ref="1", variant_ref="p", listing=listing, title="Tee", ordered=2, sold=2)
    InboundEvent.objects.create(
        channel=channel, delivery_id="d1", topic="order.updated", body='{"a": 1}', received_at=now, state="failed"
    )
    Push.objects.create(
        channel=channel, listing=listing, accounted_before=7, target=9, delta=2, created_at=now, state="rejected"
    )
    return channel


def pages(channel: Channel) -> list[str]:
    listing, waiting = Listing.objects.get(mapping="mapped"), Listing.objects.get(mapping="unmapped")
    one = f"/channels/{channel.uuid}"
    return [
        *("/channels/", f"{one}/", f"{one}/settings/", f"{one}/mode/", f"{one}/reconnect/", f"{one}/disconnect/"),
        *("/channels/connect/", "/channels/connect/ecwid/", "/channels/connect/ecwid/consent/"),
        *("/listings/", "/listings/unmapped/", f"/listings/{listing.pk}/", f"/listings/{waiting.pk}/"),
        f"/listings/{waiting.pk}/find/?q=tee",
        *("/listings/collisions/", "/listings/not-pushing/", "/listings/pushing-unmapped/"),
        *("/listings/mapping/", "/listings/mapping/file/", "/listings/mapping/history/"),
        *("/orders/", f"/orders/{Order.objects.get().pk}/", "/activity/", "/activity/pushes/", "/activity/changes/"),
        f"/activity/events/{InboundEvent.objects.get().pk}/",
        *("/setup/", "/setup/stock/", f"/channels/{observed().uuid}/observe/"),
    ]


def observed() -> Channel:
    """Return a channel that observes two listings, one of which would change."""
    channel = Channel.objects.filter(mode="observe").first()
    if channel is None:
        channel = make_channel("Observed", mode="observe")
        for code, shown in (("CAP", 4), ("MUG", 9)):
            make_listing(channel, make_sku(code, on_hand=4), quantity=shown, would_show=4)
    return channel


def open_page(
    chromium: Browser, live_server: LiveServer, browser: Client, *, width: int, theme: Literal["light", "dark"]
) -> tuple[Page, list[str]]:
    """Return a signed-in page and what its console says that it should not."""
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 844},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    listen(page, complaints)
    return page, complaints


def test_every_page_is_quiet_narrow_and_accessible(
    chromium: Browser, live_server: LiveServer, browser: Client, trouble: Channel
) -> None:
    page, complaints = open_page(chromium, live_server, browser, width=1440, theme="light")
    findings = []
    for path in pages(trouble):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        findings += flaws_on(page)

    assert findings == []
    assert complaints == []
    page.context.close()


def test_the_queue_is_worked_through_by_keyboard_without_leaving_it(
    chromium: Browser, live_server: LiveServer, browser: Client, trouble: Channel
) -> None:
    page, complaints = open_page(chromium, live_server, browser, width=1440, theme="light")
    cap = make_sku("CAP-NVY", name="Cap, navy blue")
    waiting = [("", "Navy blue cap"), ("VASE", "Vase"), ("TWICE", "Twice"), ("TRIO", "Trio")]
    for number, (code, title) in enumerate(waiting):
        make_listing(trouble, None, ref=f"q{number}", title=title, external_sku=code)
    linking.match(channel=trouble, now=timezone.now())
    page.goto("/listings/unmapped/")

    def row(title: str) -> Locator:
        return page.locator("tbody tr").filter(has_text=title)

    def has_focus(title: str) -> None:
        expect(row(title).locator(":focus")).to_have_count(1)

    has_focus("Navy blue cap")  # what has a suggestion comes first, and the first row has the focus at once
    page.keyboard.press("Enter")
    expect(page.get_by_text("Navy blue cap sells CAP-NVY now.").last).to_be_visible()
    has_focus("Unbreakable")
    page.keyboard.press("j")
    has_focus("Vase")
    page.keyboard.press("n")
    expect(page.get_by_text("VASE is made and linked.").last).to_be_visible()
    has_focus("Twice")
    page.keyboard.press("f")
    page.get_by_label("Code, name or barcode").fill("cap")
    expect(page.get_by_role("button", name="Link CAP-NVY")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Twice sells CAP-NVY now.").last).to_be_visible()
    has_focus("Trio")
    page.keyboard.press("u")
    has_focus("Twice")
    expect(row("Twice").get_by_role("button", name="Never")).to_be_visible()
    page.keyboard.press("k")
    has_focus("Unbreakable")
    page.keyboard.press("x")
    expect(page.get_by_text("leaves the queue for good.").last).to_be_visible()
    has_focus("Twice")
    page.keyboard.press("j")
    has_focus("Trio")
    page.keyboard.press("b")
    page.get_by_label("SKU of part 1").fill("CAP-NVY")
    page.get_by_label("Units of part 1").fill("3")
    page.keyboard.press("Enter")
    expect(page.get_by_text("TRIO is made and linked.").last).to_be_visible()

    trio = Listing.objects.get(ref="q3").sku
    assert trio is not None
    assert list(trio.components.values_list("component", "units")) == [(cap.pk, 3)]
    assert page.url.endswith("/listings/unmapped/")
    mapped = {
        each.ref: (each.mapping, each.sku_id) for each in Listing.objects.filter(ref__in=["q0", "q2", "p-waiting"])
    }
    assert mapped == {"q0": ("mapped", cap.pk), "q2": ("unmapped", None), "p-waiting": ("ignored", None)}
    assert complaints == []
    page.context.close()

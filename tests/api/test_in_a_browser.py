"""The reference and the developers' pages as a browser has them: under the policy, with nothing in the console."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from dashboard.models import User
from tests.api.webhooks.conftest import make_endpoint
from tests.browser import drives_chromium, flaws_on, listen

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
]


def test_the_reference_and_the_developers_pages_are_quiet(
    chromium: Browser, live_server: LiveServer, client: Client, user: User
) -> None:
    make_endpoint("https://shop.example.com/hooks/stock", user)
    client.force_login(user)
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    said: list[str] = []
    listen(page, said)

    page.goto("/api/docs/")
    page.locator("#operations-tag-shipments").click(timeout=30_000)
    page.get_by_text("Confirm a shipment").click()
    expect(page.locator(".opblock.is-open")).to_contain_text("SHP-88", timeout=15_000)
    for path in ("/developers/webhooks/", "/developers/tools/", "/developers/events/", "/developers/tokens/"):
        page.goto(path)
        said += flaws_on(page)
    context.close()

    assert said == []

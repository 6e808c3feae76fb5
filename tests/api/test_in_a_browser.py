"""The reference and the developers' pages as a browser has them: under the policy, with nothing in the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from dashboard.models import User
from tests.api.webhooks.conftest import make_endpoint

CHROMIUM = shutil.which("chromium")
PICTURES = os.environ.get("EVENKEEL_PICTURES", "")  # a folder to look at the pages in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_reference_and_the_developers_pages_are_quiet(
    chromium: Browser,
    live_server: LiveServer,
    client: Client,
    user: User,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    make_endpoint("https://shop.example.com/hooks/stock", user)
    client.force_login(user)
    context = chromium.new_context(
        base_url=live_server.url, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))

    if width > 1000:  # drawing the reference takes seconds, and its layout is not ours
        page.goto("/api/docs/")
        page.locator("#operations-tag-shipments").click(timeout=30_000)
        page.get_by_text("Confirm a shipment").click()
        expect(page.locator(".opblock.is-open")).to_contain_text("SHP-88", timeout=15_000)
        picture(page.screenshot(), f"docs-{width}")
    for path in ("/developers/webhooks/", "/developers/tools/", "/developers/events/", "/developers/tokens/"):
        page.goto(path)
        found = Axe().run(page).response["violations"]
        said += [f"{path}: {each['id']} {each['nodes'][0]['html'][:120]}" for each in found]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            said.append(f"{path}: wider than the screen")
        picture(page.screenshot(full_page=True), f"{path.strip('/').replace('/', '-')}-{width}")
    context.close()

    assert said == []


def picture(content: bytes, name: str) -> None:
    if PICTURES:
        Path(PICTURES, f"{name}.png").write_bytes(content)

"""``make screenshots``: the README's pictures, taken from the demo in Debian's chromium. They go to docs/images."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PORT = int(os.environ.get("PORT", "8600"))
URL = f"http://localhost:{PORT}"
ECWID = PORT + 101
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is needed: apt-get install chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with demo(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        live_a_little()
        take(browser)
        browser.close()
    return 0


@contextmanager
def demo() -> Iterator[None]:
    """Run the demo until the pictures are taken."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.demo"],
        cwd=ROOT,
        env={**os.environ, "PORT": str(PORT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is piped
        for line in process.stdout:
            if "sign in as" in line:
                break
        else:
            raise SystemExit("The demo did not start; what it printed says why.")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def live_a_little() -> None:
    """Let some buyers come, and somebody edit two quantities by hand."""
    for sku, units in (("STV-GAS-FLD", 1), ("PAN-IRN-26", 2), ("LMP-HEAD-400", 1), ("TNT-RDG-2", 1), ("PAN-IRN-26", 1)):
        control("buy", {"sku": sku, "quantity": units})
        time.sleep(1)
    for sku, units in (("STV-GAS-FLD", 31), ("LMP-HEAD-400", 2)):
        control("quantity", {"sku": sku, "quantity": units})


def control(path: str, body: dict[str, object]) -> None:
    request = urllib.request.Request(
        f"http://localhost:{ECWID}/_control/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - our own address
        pass


def take(browser: Browser) -> None:
    page = browser.new_context(viewport=DESKTOP, device_scale_factor=1).new_page()
    sign_in(page)
    compare(page)
    shoot(page, "/", "overview")
    shoot(page, "/skus/?sort=available", "skus")
    page.goto(f"{URL}/skus/?q=PAN-IRN-26")
    page.locator("#results a").filter(has_text="PAN-IRN-26").click()
    page.locator("details.why > summary").first.click()
    shoot(page, "", "why")
    shoot(page, "/channels/", "channels")
    shoot(page, "/reconciliation/", "review")
    page.locator("#results tbody th a").first.click()
    shoot(page, "", "discrepancy")
    phone = browser.new_context(viewport=PHONE, color_scheme="dark", device_scale_factor=2).new_page()
    sign_in(phone)
    shoot(phone, "/", "overview-phone")
    shoot(phone, "/reconciliation/", "review-phone")


def sign_in(page: Page) -> None:
    page.goto(URL)
    page.get_by_label("Username", exact=False).fill("demo")
    page.get_by_label("Password").fill("calm-harbour")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()


def compare(page: Page) -> None:
    """Have every channel compared with the ledger, and wait until something that disagrees is there to look at."""
    page.goto(f"{URL}/reconciliation/runs/new/")
    page.locator("main form button[type=submit], main form button:not([type])").last.click()
    give_up_at = time.monotonic() + 180
    while time.monotonic() < give_up_at:
        page.goto(f"{URL}/reconciliation/")
        if page.locator("#results tbody tr").count() >= 2:
            return
        time.sleep(2)
    raise SystemExit("Nothing disagreed within three minutes.")


def shoot(page: Page, path: str, name: str) -> None:
    """Keep what the page shows, or the one at ``path``, once it is at rest."""
    if path:
        page.goto(URL + path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    sys.exit(main())

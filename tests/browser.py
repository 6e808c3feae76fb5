"""Debian's chromium for tests that need one, and what is looked for on every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

CHROMIUM = shutil.which("chromium")

# Playwright's own list, which a second one would replace, and the pages that chromium loads behind its address bar for
# each new window: three seconds of a processor for ten windows.
OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "TcpPortRandomizationWin,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup"
)
drives_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium: apt-get install chromium"),
]


class Screen(NamedTuple):
    """A window as people have it: its colour scheme, and its width in pixels."""

    scheme: Literal["light", "dark"]
    width: int

    @property
    def window(self) -> ViewportSize:
        return {"width": self.width, "height": 900}


# Colours change by transitions, which last a frame where motion is reduced: one to begin, one to end.
AT_REST = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"
# What htmx says of a search that the next letter, or leaving the page, cuts off; one that fails says more than this.
CUT_OFF = ("htmx:afterRequest", "htmx:sendAbort")
DESK = Screen("light", 1440)
PHONE = Screen("dark", 390)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the database is still used by one thread at a time.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--disable-features={OFF}"],
        )
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def listen(page: Page, complaints: list[str], *, expected: tuple[str, ...] = ()) -> None:
    """Add to the complaints what the page's console says that it should not."""

    def hear(message: ConsoleMessage) -> None:
        is_hint = message.type in {"debug", "verbose"}  # such as advice on the order of fields, which no visitor sees
        if not is_hint and not any(words in message.text for words in (*expected, *CUT_OFF)):
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))


# One round trip: each takes the driver and the browser as long as a dozen of axe's rules.
EXAMINE = """axe.run({resultTypes: ['violations'], selectors: false}).then(found => ({
  path: location.pathname + location.search,
  violations: found.violations.map(each => `${each.id}: ${each.nodes[0].html.slice(0, 120)}`),
  isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
}))"""


def flaws(page: Page) -> list[str]:
    """Return what axe finds on the page as it stands, and whether it is wider than the window."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(EXAMINE)
    said = [*found["violations"], *(["wider than the window"] if found["isWide"] else [])]
    return [f"{found['path']}: {each}" for each in said]


def flaws_on(page: Page, screens: tuple[Screen, ...] = (DESK, PHONE)) -> list[str]:
    """Return the page's flaws on each of the screens, one after the other; it is loaded once.

    The one that the window has comes first, for each change draws the page anew: so pages load on each in turn.
    """
    found = []
    for screen in sorted(screens, key=lambda each: page.viewport_size != each.window):
        page.emulate_media(color_scheme=screen.scheme, reduced_motion="reduce")
        page.set_viewport_size(screen.window)
        page.evaluate(AT_REST)
        found += [f"{screen.scheme} {screen.width}: {flaw}" for flaw in flaws(page)]
    return found

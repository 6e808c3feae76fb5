"""A person's way in, as a browser has it: invited, joined, a second factor, recovered, demoted, refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from access.roles import Role
from dashboard.models import Notification, User
from tests.browser import drives_chromium, flaws, listen
from tests.dashboard.people.conftest import PASSWORD
from tests.dashboard.people.test_second_factor import code_of
from tests.factories import make_channel, make_listing, make_sku

EXPECTED = ("status of 422", "status of 403", "status of 410")

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def opens(
    chromium: Browser, live_server: LiveServer, complaints: list[str], request: pytest.FixtureRequest
) -> Iterator[Callable[[], Page]]:
    """Open a browser of somebody's own; parametrise indirectly with (colour scheme, width)."""
    scheme: Literal["light", "dark"]
    scheme, width = request.param
    contexts = []

    def make() -> Page:
        context = chromium.new_context(
            base_url=live_server.url, color_scheme=scheme, viewport={"width": width, "height": 900}
        )
        contexts.append(context)
        page = context.new_page()
        listen(page, complaints, expected=EXPECTED)
        return page

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username or email").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("opens", [("light", 1440), ("dark", 390)], indirect=True)
def test_from_an_invitation_to_a_refusal(opens: Callable[[], Page], complaints: list[str]) -> None:
    owner = User.objects.create_user("ana", "ana@example.com", PASSWORD, role=Role.OWNER, first_name="Ana")
    make_listing(make_channel("North"), make_sku("TEE", on_hand=3), quantity=3)
    hers, his = opens(), opens()

    # Ana invites Ben and copies the link.
    sign_in(hers, "ana")
    hers.goto("/people/")
    assert flaws(hers) == []
    hers.get_by_role("link", name="Invite somebody").click()
    dialog = hers.get_by_role("dialog")
    dialog.get_by_label("Email").fill("ben@example.com")
    assert flaws(hers) == []
    dialog.get_by_role("button", name="Send the invitation").click()
    expect(hers.get_by_role("heading", name="ben@example.com")).to_be_visible()
    assert flaws(hers) == []
    link = hers.locator(".secret").inner_text()

    # Ben joins.
    his.goto(re.sub(r"^https?://[^/]+", "", link))
    assert flaws(his) == []
    his.get_by_label("First name").fill("Ben")
    his.get_by_label("Username").fill("ben")
    his.get_by_label("Password", exact=True).fill(PASSWORD)
    his.get_by_label("Password again").fill(PASSWORD)
    his.get_by_role("button", name="Make the account").click()
    his.goto("/account/")
    assert flaws(his) == []
    his.get_by_label("Time zone").select_option("Europe/Berlin")
    his.get_by_role("button", name="Save").click()
    expect(his.get_by_role("status").first).to_contain_text("Saved.")

    # A second factor.
    his.get_by_role("link", name="Second factor").click()
    assert flaws(his) == []
    his.get_by_role("link", name="Set it up").click()
    assert flaws(his) == []
    his.get_by_label("Password").fill(PASSWORD)
    his.get_by_role("button", name="Go on").click()
    his.get_by_text("Type the secret instead").click()
    secret = his.locator(".secret").inner_text()
    assert flaws(his) == []
    his.get_by_label("Code").fill(code_of(secret))
    his.get_by_role("button", name="Turn it on").click()
    expect(his.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert flaws(his) == []
    recovery = his.locator(".codes li").first.inner_text()
    his.get_by_role("link", name="I have kept them").click()
    assert flaws(his) == []
    his.goto("/accounts/sessions/")
    assert flaws(his) == []

    # In with a code, and in with a recovery code.
    for code in (code_of(secret, ahead=1), recovery):
        his.goto("/accounts/logout/")
        his.get_by_role("main").get_by_role("button", name="Sign out").click()
        sign_in(his, "ben")
        assert flaws(his) == []
        his.get_by_label("Code").fill(code)
        his.get_by_role("button", name="Sign in").click()
        expect(his).to_have_url(re.compile(r"/$"))

    # He is told what happens, and his verbs go when his role does.
    Notification.objects.create(
        user=User.objects.get(username="ben"),
        kind="channel",
        key="x",
        title="North: reconnect needed.",
        url="/channels/",
        created_at=timezone.now(),
    )
    his.goto("/skus/")
    expect(his.get_by_role("link", name="New SKU")).to_be_visible()
    his.get_by_role("link", name="Notifications, 1 unread").click()
    assert flaws(his) == []
    his.get_by_role("link", name="North: reconnect needed.").click()
    expect(his.get_by_role("link", name="Notifications, 0 unread")).to_be_visible()
    hers.goto(f"/people/{User.objects.get(username='ben').pk}/")
    assert flaws(hers) == []
    hers.get_by_role("radio", name="Viewer").check()
    hers.get_by_role("button", name="Save the role").click()
    expect(hers.get_by_role("status").first).to_contain_text("ben: Viewer, from their next click.")
    assert flaws(hers) == []
    hers.goto("/activity/changes/")
    assert flaws(hers) == []
    his.goto("/skus/")
    expect(his.get_by_role("link", name="New SKU")).to_have_count(0)
    assert flaws(his) == []
    his.goto("/skus/new/")
    expect(
        his.get_by_text("Your role, viewer, may not make, change, merge and archive SKUs and bundles.")
    ).to_be_visible()
    expect(his.get_by_role("listitem")).to_have_text([re.compile("Ana")])
    assert flaws(his) == []
    assert owner.is_active
    assert complaints == []

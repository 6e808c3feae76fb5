"""The review as a person works through it: with the keyboard alone, and by touch on a phone."""

from __future__ import annotations

import os

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from channels import lanes, tasks
from inventory.models import Warehouse
from reconciliation import batches, runs, schedule
from reconciliation.models import Batch, BatchItem, Discrepancy, Run, Schedule
from tests.browser import drives_chromium, flaws
from tests.channels.core.world import Store
from tests.channels.web.test_in_a_browser import open_page
from tests.factories import make_sku
from tests.reconciliation.believable import tell_a_story
from tests.reconciliation.world import by_hand, many_differing, reconcile

pytestmark = [
    *drives_chromium,
    pytest.mark.django_db(transaction=True),
]

SHIFTED = 2  # listings beside the first whose number someone has changed in the store
MANY = int(os.environ.get("EVENKEEL_BULK", "60"))  # rows decided together: more than a page, and more than one round


@pytest.fixture
def night(transactional_db: None, store: Store) -> Store:
    """A store where someone has typed other numbers, and the nightly run that has found them."""
    codes = [f"SKU-{number:02}" for number in range(SHIFTED)]
    for code in ("TEE", *codes):
        make_sku(code, on_hand=7)
        store.sim.add_product(sku=code, quantity=7)
    store.import_catalogue()
    store.publish()
    by_hand(store, "TEE", 40)
    for code in codes:
        by_hand(store, code, 9)
    store.forget_webhooks()
    schedule.current(now=timezone.now())
    Schedule.objects.update(next_run_at=timezone.now(), suspicious_least=1000)
    [run] = runs.start_nightly(now=timezone.now())
    assert reconcile(store, run).opened == SHIFTED + 1
    return store


def one_round(store: Store) -> None:
    """Do what the worker does between two polls of the store."""
    lane = batches.lane_of(store.channel.pk)
    with store.platform() as platform, lanes.held(lane) as lease:
        assert lease is not None
        batches.work(store.fresh(), platform, lease)


def finish_batches(store: Store) -> None:
    """Do what the worker would until every batch has ended, and publish what follows."""
    for _round in range(8 + MANY // batches.AT_ONCE):
        BatchItem.objects.filter(state="waiting").update(due_at=timezone.now())
        tasks.run_lane(batches.lane_of(store.channel.pk))
        if not Batch.objects.filter(state="running").exists():
            break
    store.publish()


def test_a_night_is_worked_through_by_keyboard_alone_and_by_touch(
    chromium: Browser, live_server: LiveServer, browser: Client, night: Store
) -> None:
    page, complaints = open_page(chromium, live_server, browser, width=1280, theme="light")
    keys = page.keyboard
    page.goto("/reconciliation/")
    assert flaws(page) == []

    # The worst row, its picture, the proposal, and back again.
    keys.press("j")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="TEE on North")).to_be_visible()
    expect(page.locator("svg.picture-wide")).to_be_visible()
    assert flaws(page) == []
    keys.press("a")
    expect(page.get_by_role("dialog")).to_contain_text("North: 40 → 7 (−33).")
    assert flaws(page) == []
    keys.press("Enter")
    expect(page.get_by_role("status").filter(has_text="keep ours")).to_be_visible()
    night.publish()
    assert night.shows("TEE") == 7
    page.reload()
    keys.press("u")
    expect(page.get_by_role("dialog")).to_contain_text("back to what it showed")
    keys.press("Enter")
    expect(page.get_by_text("Taken back. It is open again.")).to_be_visible()
    night.publish()
    assert night.shows("TEE") == 40

    # Two rows picked, then decided together.
    page.goto("/reconciliation/")
    for key in ("j", "x", "j", "x"):
        keys.press(key)
    expect(page.locator("[data-bulk]")).to_contain_text("2 picked")
    keys.press("o")
    expect(page.get_by_role("heading", name="Keep ours for 2 rows")).to_be_visible()
    assert flaws(page) == []
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Working 0 of 2")).to_be_visible()
    finish_batches(night)
    expect(page.get_by_role("heading", name="Done 2 of 2")).to_be_visible()
    assert [night.shows("TEE"), night.shows("SKU-00")] == [7, 7]

    # The last row once more, to be sure of it.
    page.goto("/reconciliation/")
    for key in ("j", "x", "c"):
        keys.press(key)
    expect(page.get_by_role("heading", name="Compare again 1 listing")).to_be_visible()
    assert flaws(page) == []
    keys.press("Enter")
    expect(page.get_by_role("heading", name="What became of it")).to_be_visible()
    run = Run.objects.get(scope="selection")
    assert (reconcile(night, run).state, Discrepancy.objects.open().count()) == ("done", 1)

    # The list of keys, and the search.
    page.goto("/reconciliation/")
    keys.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Accept the proposal")
    keys.press("Escape")
    keys.press("/")
    keys.type("SKU-01")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    assert complaints == []
    page.context.close()

    decide_all_by_touch(chromium, live_server, browser, night)


def decide_all_by_touch(chromium: Browser, live_server: LiveServer, browser: Client, night: Store) -> None:
    """Decide a whole filter on a phone, see how each row ended, take it back, and look at every page there."""
    many_differing(night, MANY, ours=7, theirs=9)
    page, complaints = open_page(chromium, live_server, browser, width=390, theme="dark")
    page.goto("/reconciliation/?q=ROW")
    page.get_by_role("checkbox", name="Pick ROW-0001").check()
    page.get_by_text(f"All {MANY} that match").click()
    page.get_by_role("button", name="Keep ours").click()
    expect(page.get_by_role("heading", name=f"Keep ours for {MANY} rows")).to_be_visible()
    expect(page.get_by_role("region", name="In the stores")).to_contain_text(f"−{2 * MANY:,}")
    assert flaws(page) == []

    by_hand(night, "ROW-0001", 12)
    page.get_by_role("button", name=f"Decide {MANY} rows").click()
    expect(page.get_by_role("heading", name=f"Working 0 of {MANY}")).to_be_visible()
    one_round(night)
    expect(page.get_by_role("heading", name=f"Working {batches.AT_ONCE} of {MANY}")).to_be_visible()
    assert flaws(page) == []
    finish_batches(night)
    expect(page.get_by_role("heading", name=f"Done {MANY} of {MANY}")).to_be_visible()
    page.get_by_role("link", name="The picture has moved 1").click()
    expect(page.get_by_role("row", name="ROW-0001")).to_contain_text("The channel shows 12 now")
    others = [f"ROW-{number:04}" for number in range(MANY) if number != 1]
    assert {night.shows(code) for code in others} == {7}
    assert night.shows("ROW-0001") == 12

    page.get_by_role("link", name="Take it back").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("heading", name="Taking back")).to_be_visible()
    finish_batches(night)
    expect(page.get_by_role("heading", name=f"Done {MANY - 1} of {MANY - 1}")).to_be_visible()
    assert {night.shows(code) for code in others} == {9}

    row = Discrepancy.objects.open().get(sku__code="SKU-01")
    tell_a_story(row, now=timezone.now(), warehouse=Warehouse.objects.get())
    paths = ["", f"{row.pk}/", f"{row.pk}/decide/take-theirs/", "runs/", f"runs/{row.run_id}/", "runs/schedule/"]
    for path in (*paths, "levels/?show=all", "levels/many/?show=all", "levels/import/", "mail/", "to-count/", "keys/"):
        page.goto(f"/reconciliation/{path}")
        assert flaws(page) == [], path
    assert complaints == []
    page.context.close()

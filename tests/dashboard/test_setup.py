"""The setup checklist: told from the data, one thing next, skipped steps that come back, folded away at the end."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import CatalogImport, Channel, ChannelWarehouse, Listing
from dashboard import setup
from dashboard.models import SkippedStep, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", role="owner"))
    return client


def _look() -> setup.Setup:
    return setup.look(User(role="owner"))


def _next() -> str:
    found = _look().next
    return found.code if found else ""


def _imported(channel: Channel) -> None:
    CatalogImport.objects.create(
        channel=channel, state=CatalogImport.State.DONE, started_at=timezone.now(), ended_at=timezone.now()
    )


def test_an_empty_installation_is_welcomed_with_the_whole_way_ahead(browser: Client) -> None:
    page = browser.get("/").content.decode()

    assert "Welcome to Evenkeel" in page
    assert "0 of 7 steps" in page
    assert page.count("button-primary") == 1
    assert "/channels/connect/" in page


def test_each_step_is_done_when_the_data_say_so() -> None:
    assert _next() == "connect"
    channel = factories.make_channel("North", mode="observe", warehouses=[])
    assert _next() == "warehouses"
    main = factories.make_warehouse()
    ChannelWarehouse.objects.create(channel=channel, warehouse=main)
    assert _next() == "import"
    CatalogImport.objects.create(channel=channel, started_at=timezone.now())
    assert _look().is_running
    CatalogImport.objects.update(state=CatalogImport.State.DONE)
    listing = factories.make_listing(channel, quantity=9, external_sku="TEE")
    assert _next() == "match"
    sku = factories.make_sku("TEE")
    Listing.objects.filter(pk=listing.pk).update(sku=sku, mapping="mapped", would_show=0)
    assert _next() == "stock"
    factories.stock(sku, main, on_hand=9)
    assert _next() == "observe"
    Listing.objects.filter(pk=listing.pk).update(would_show=9)
    assert _next() == "live"
    Channel.objects.update(mode="part-live")
    assert _look().is_finished


def test_a_new_store_opens_the_checklist_again() -> None:
    factories.make_channel("North")
    assert _look().is_finished

    factories.make_channel("South", mode="observe", warehouses=[])

    found = _look()
    assert [step.code for step in found.steps if step.is_done] == ["connect", "match", "stock"]
    assert found.next is not None
    assert found.next.tasks[0].sentence == "South sells from no warehouse."


def test_a_skipped_step_can_be_come_back_to(browser: Client) -> None:
    channel = factories.make_channel("North", mode="observe")
    _imported(channel)
    factories.make_listing(channel, quantity=3)
    assert _next() == "match"

    browser.post("/setup/skip/", {"step": "match", "verb": "skip"})
    assert _next() == "observe"
    assert SkippedStep.objects.get().actor == "user:ana"
    assert "Come back to it" in browser.get("/setup/").content.decode()

    browser.post("/setup/skip/", {"step": "match", "verb": "take-up"})
    assert _next() == "match"


def test_a_viewer_sees_how_far_it_is_and_gets_no_button(client: Client) -> None:
    factories.make_channel("North", mode="observe")
    client.force_login(User.objects.create_user("vera", role="viewer"))

    page = client.get("/setup/").content.decode()

    assert "North has not been read yet." in page
    assert "button-primary" not in page
    assert "Skip for now" not in page
    assert client.post("/setup/skip/", {"step": "match", "verb": "skip"}).status_code == 403


@pytest.mark.parametrize("step", ["connect", "nonsense", ""])
def test_what_can_not_be_skipped_is_not(browser: Client, step: str) -> None:
    factories.make_channel("North", mode="observe")

    answer = browser.post("/setup/skip/", {"step": step, "verb": "skip"}, follow=True)

    assert "There is no such step to skip." in answer.content.decode()
    assert not SkippedStep.objects.exists()


def test_the_overview_shows_the_checklist_as_one_line_until_it_is_folded_away(browser: Client) -> None:
    factories.make_channel("North", mode="observe")
    assert "North observes: nothing is written to it yet." in browser.get("/").content.decode()

    browser.post("/setup/skip/", {"verb": "skip-all"})

    assert "Setting up" not in browser.get("/").content.decode()
    assert "/setup/" in browser.get("/channels/").content.decode()
    assert "Come back to it" in browser.get("/setup/").content.decode()


def test_the_import_is_begun_from_the_checklist_and_leads_back_to_it(browser: Client) -> None:
    channel = factories.make_channel("North", mode="observe")
    assert f"/channels/{channel.uuid}/import/" in browser.get("/setup/").content.decode()

    answer = browser.post(f"/channels/{channel.uuid}/import/", {"next": "/setup/"})

    assert answer["Location"] == "/setup/"
    assert CatalogImport.objects.get().state == CatalogImport.State.RUNNING


def test_the_stock_page_tells_what_each_way_would_bring(browser: Client) -> None:
    north, south = (factories.make_channel(name, mode="observe") for name in ("North", "South"))
    factories.make_listing(north, factories.make_sku("TEE"), quantity=4)
    factories.make_listing(north, factories.make_sku("MUG"), quantity=3)
    factories.make_listing(south, factories.make_sku("CAP", on_hand=2), quantity=2)

    page = browser.get("/setup/stock/").content.decode()

    assert "2 SKUs that sell were never counted." in page
    assert "2 SKUs without stock here, 7 units shown" in page
    assert "shows nothing that was not counted already" in page


def test_the_number_of_queries_does_not_grow_with_stores(browser: Client) -> None:
    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get(path)
        return len(queries)

    factories.make_listing(factories.make_channel("North", mode="observe"), factories.make_sku("TEE"), quantity=4)
    count("/setup/")
    few = [count(path) for path in ("/setup/", "/setup/stock/")]
    for number in range(4):
        channel = factories.make_channel(f"More {number}", mode="observe")
        factories.make_listing(channel, factories.make_sku(f"S{number}"), quantity=4)

    assert [count(path) for path in ("/setup/", "/setup/stock/")] == few

"""The observe page of a channel, and going live with a part of it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.models import Channel, Listing
from dashboard.models import User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", role="owner"))
    return client


@pytest.fixture
def channel() -> Channel:
    """A channel that observes: one listing agrees, one would fall, one would go to zero."""
    channel = factories.make_channel("North", mode="observe")
    for code, shown, would in (("AGREES", 4, 4), ("FALLS", 9, 7), ("EMPTIES", 3, 0)):
        factories.make_listing(channel, factories.make_sku(code, on_hand=would), quantity=shown, would_show=would)
    return channel


def _page(browser: Client, channel: Channel, query: str = "") -> str:
    return browser.get(f"/channels/{channel.uuid}/observe/{query}").content.decode()


def test_the_page_says_what_would_be_pushed_and_whether_it_is_ready(browser: Client, channel: Channel) -> None:
    page = _page(browser, channel)

    assert "Not ready yet: 4 things first" in page
    assert "Only 33 % of 3 listings show what they would be told." in page
    assert "1 of 3 listings agree" in page
    assert "Product FALLS" in page
    assert "Product AGREES" not in page  # what would change is shown first
    assert "Product AGREES" in _page(browser, channel, "?show=all")
    assert "Product EMPTIES" not in _page(browser, channel, "?show=up")
    assert "Product EMPTIES" in _page(browser, channel, "?show=zero")


def test_the_page_takes_no_query_for_each_row(browser: Client, channel: Channel) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            _page(browser, channel)
        return len(queries)

    count()
    few = count()
    for number in range(20):
        factories.make_listing(channel, factories.make_sku(f"S{number}"), quantity=1, would_show=0)

    assert count() == few


def test_what_would_be_pushed_goes_out_as_a_file(browser: Client, channel: Channel) -> None:
    answer = browser.get(f"/channels/{channel.uuid}/observe/?show=differs&export=csv")

    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines == [
        "Listing,SKU,Shows,Would show,Change",
        "Product EMPTIES,EMPTIES,3,0,-3",
        "Product FALLS,FALLS,9,7,-2",
    ]


def test_a_picked_listing_is_previewed_and_goes_live(browser: Client, channel: Channel) -> None:
    picked = Listing.objects.get(external_sku="FALLS")
    share = f"/channels/{channel.uuid}/observe/share/"

    answer = browser.get(share, {"pick": picked.pk})
    assert "Before 1 listing goes live" in answer.content.decode()
    assert "Go live and write 1 change" in answer.content.decode()

    browser.post(share, {"pick": picked.pk, "digest": answer.context["choice"].digest})
    channel.refresh_from_db()
    assert channel.mode == Channel.Mode.PART_LIVE
    assert list(Listing.objects.filter(is_live=True)) == [picked]
    page = _page(browser, channel)
    assert "1 listing is live already" in page
    assert "Back to observe" in page

    browser.post(f"/channels/{channel.uuid}/mode/", {"mode": "observe"})
    assert not Listing.objects.filter(is_live=True).exists()


def test_a_choice_that_means_others_by_now_is_shown_again(browser: Client, channel: Channel) -> None:
    share = f"/channels/{channel.uuid}/observe/share/"
    digest = browser.get(share, {"show": "differs"}).context["choice"].digest
    Listing.objects.filter(external_sku="AGREES").update(would_show=1)

    answer = browser.post(share, {"show": "differs", "digest": digest, "empties": "1"})

    assert answer.status_code == 422
    assert "the choice means other listings by now" in answer.content.decode()
    assert not Listing.objects.filter(is_live=True).exists()


def test_mostly_empties_need_a_tick(browser: Client, channel: Channel) -> None:
    share = f"/channels/{channel.uuid}/observe/share/"
    choice = {"show": "zero"}
    digest = browser.get(share, choice).context["choice"].digest

    refused = browser.post(share, {**choice, "digest": digest})
    assert "tick that the quantities going to zero are meant" in refused.content.decode()
    assert not Listing.objects.filter(is_live=True).exists()

    browser.post(share, {**choice, "digest": digest, "empties": "1"})
    assert Listing.objects.filter(is_live=True).count() == 1


def test_an_empty_choice_leads_back(browser: Client, channel: Channel) -> None:
    answer = browser.get(f"/channels/{channel.uuid}/observe/share/", follow=True)

    assert "Nothing was chosen that could go live" in answer.content.decode()


def test_a_live_channel_has_nothing_to_observe(browser: Client, channel: Channel) -> None:
    Channel.objects.update(mode="live")

    page = _page(browser, channel)

    assert "so there is nothing to observe" in page
    assert "What would be pushed" not in page

"""The emergency stop: what it changes, the banner, and the one press back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from channels import emergency, modes
from channels.models import Channel, Listing
from inventory.models import AuditEntry
from tests.factories import NOW, make_channel, make_listing, make_sku


@pytest.fixture
def stores(db: None) -> list[Channel]:
    return [
        make_channel("North", mode="live", tags="own shops, b2c"),
        make_channel("South", mode="sell-down", tags="own shops"),
        make_channel("East", mode="observe", tags="marketplaces"),
        make_channel("West", mode="paused"),
    ]


def modes_now() -> dict[str, str]:
    return dict(Channel.objects.values_list("name", "mode"))


def stop(browser: Client, scope: str, mode: str) -> str:
    return browser.post("/channels/stop/", {"scope": scope, "mode": mode}, follow=True).content.decode()


def test_the_page_names_every_scope_and_what_it_would_change(browser: Client, stores: list[Channel]) -> None:
    response = browser.get("/channels/stop/")

    found = {
        scope.code: ([c.name for c in scope.pausing], [c.name for c in scope.selling_down])
        for scope in response.context["scopes"]
    }
    assert found["all"] == (["East", "North", "South"], ["North"])
    assert found["tag:own shops"] == (["North", "South"], ["North"])
    assert found[f"channel:{stores[3].pk}"] == ([], [])
    html = response.content.decode()
    assert [words for words in ("All 4 channels", "Pause 3", "marketplaces") if words not in html] == []


def test_everything_is_paused_and_goes_back_to_what_it_was(browser: Client, stores: list[Channel]) -> None:
    html = stop(browser, "all", "paused")

    assert set(modes_now().values()) == {"paused"}
    assert "3 channels are stopped." in html
    assert "Nothing is written to them until you resume." in html
    assert "3 channels are stopped." in browser.get("/skus/").content.decode()

    html = browser.post("/channels/resume/", {"next": "/skus/"}, follow=True).content.decode()

    assert modes_now() == {"North": "live", "South": "sell-down", "East": "observe", "West": "paused"}
    assert "channels are stopped" not in html
    trail = AuditEntry.objects.filter(action__in=["channel.stop", "channel.resume"]).order_by("pk")
    assert [entry.action for entry in trail] == ["channel.stop"] * 3 + ["channel.resume"] * 3


def test_a_second_stop_remembers_the_first_mode(browser: Client, stores: list[Channel]) -> None:
    stop(browser, "tag:b2c", "sell-down")
    assert modes_now()["North"] == "sell-down"
    assert modes_now()["South"] == "sell-down"

    stop(browser, f"channel:{stores[0].pk}", "paused")
    assert modes_now()["North"] == "paused"

    browser.post("/channels/resume/", {"channel": stores[0].pk})
    assert modes_now()["North"] == "live"


def test_selling_down_never_loosens_a_paused_channel(browser: Client, stores: list[Channel]) -> None:
    stop(browser, "all", "sell-down")

    assert modes_now() == {"North": "sell-down", "South": "sell-down", "East": "observe", "West": "paused"}
    assert [channel.name for channel in emergency.stopped()] == ["North"]


def test_a_mode_that_a_person_chooses_ends_the_stop(stores: list[Channel]) -> None:
    now = timezone.now()
    emergency.stop(channels=stores[:1], mode="paused", actor="user:ana", now=now)
    channel = modes.change_mode(channel=stores[0], mode="observe", actor="user:ana", now=now)

    assert (channel.mode_before, channel.stopped_at, list(emergency.stopped())) == ("", None, [])


def test_resuming_looks_at_every_listing_but_lets_no_wave_of_any_size_pass(stores: list[Channel]) -> None:
    listing = make_listing(stores[0], make_sku(on_hand=3), quantity=5)
    emergency.stop(channels=stores[:1], mode="paused", actor="user:ana", now=timezone.now())
    assert Listing.objects.get(pk=listing.pk).due_at is None

    emergency.resume(channels=stores[:1], actor="user:ana", now=timezone.now())

    assert Listing.objects.get(pk=listing.pk).due_at is not None
    assert Channel.objects.get(pk=stores[0].pk).wave_allowed_until is None


@pytest.mark.parametrize(
    ("scope", "mode"), [("tag:gone", "paused"), ("all", "live"), ("", ""), ("channel:x", "paused")]
)
def test_what_makes_no_sense_stops_nothing(browser: Client, stores: list[Channel], scope: str, mode: str) -> None:
    before = modes_now()
    response = browser.post("/channels/stop/", {"scope": scope, "mode": mode})

    assert response.status_code == 422
    assert "Nothing was stopped" in response.content.decode()
    assert modes_now() == before


def test_tags_are_kept_as_typed_each_once(stores: list[Channel]) -> None:
    channel = Channel(tags=" own  shops, ,b2c,own shops")
    assert channel.tag_list == ["own shops", "b2c"]


def test_without_a_store_there_is_nothing_to_stop(browser: Client) -> None:
    assert "There is nothing to stop." in browser.get("/channels/stop/").content.decode()
    assert "No channel was stopped." in browser.post("/channels/resume/", follow=True).content.decode()


def test_a_partly_live_channel_is_paused_and_goes_back_to_the_listings_it_was_live_for(db: None) -> None:
    channel = make_channel("Partly", mode="part-live")
    chosen = make_listing(channel, make_sku("CHOSEN"), is_live=True)

    assert emergency.stop(channels=[channel], mode="sell-down", actor="user:ana", now=NOW) == []
    emergency.stop(channels=[channel], mode="paused", actor="user:ana", now=NOW)
    channel.refresh_from_db()
    assert channel.mode == "paused"

    emergency.resume(channels=[channel], actor="user:ana", now=NOW)
    channel.refresh_from_db()
    chosen.refresh_from_db()
    assert (channel.mode, chosen.is_live) == ("part-live", True)

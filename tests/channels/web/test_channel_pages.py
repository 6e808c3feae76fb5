"""One channel: its page, its modes, what can be asked of it, and its settings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from channels import catalog, mapping
from channels.models import CatalogImport, Channel, HoldBack, Listing, Push
from inventory.models import AuditEntry, Sku, Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.channels.web.conftest import listing_of, work
from tests.factories import hold_back, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked(channel: Channel, main: Warehouse) -> Channel:
    """The channel with its tee and mug mapped, read, and counted differently: 9 tees and no mug."""
    make_sku("TEE-M", on_hand=9)
    make_sku("MUG")
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog", "publish")
    return channel


def page(browser: Client, channel: Channel) -> str:
    return browser.get(f"/channels/{channel.uuid}/").content.decode()


def test_an_import_is_started_followed_and_told(browser: Client, channel: Channel) -> None:
    browser.post(f"/channels/{channel.uuid}/import/")

    assert "Reading the catalogue" in page(browser, channel)
    part = browser.get(f"/channels/{channel.uuid}/", headers={"HX-Request": "true"})
    assert part["Vary"].count("HX-Request") == 1
    assert "<html" not in part.content.decode()

    work(channel, "catalog")
    assert CatalogImport.objects.get().state == "done"
    assert "3 products, 3 listings, 3 new" in page(browser, channel)


def test_a_second_import_joins_the_first(browser: Client, channel: Channel) -> None:
    browser.post(f"/channels/{channel.uuid}/import/")
    browser.post(f"/channels/{channel.uuid}/import/")

    assert CatalogImport.objects.count() == 1


def test_going_live_is_shown_first(browser: Client, stocked: Channel, sim: EcwidSimulator) -> None:
    response = browser.get(f"/channels/{stocked.uuid}/mode/?mode=live")

    preview = response.context["preview"]
    assert (preview.changes, preview.raised, preview.lowered, preview.to_zero, preview.unread) == (2, 1, 1, 1, 0)
    assert [(c.listing.external_sku, c.accounted, c.target) for c in preview.sample] == [
        ("MUG", 3, 0),
        ("TEE-M", 7, 9),
    ]
    assert "Go live and write 2 changes" in response.content.decode()
    work(stocked, "publish")
    assert (sim.quantity_of("TEE-M"), sim.quantity_of("MUG")) == (7, 3)

    browser.post(f"/channels/{stocked.uuid}/mode/", {"mode": "live"})
    work(stocked, "publish")

    assert (sim.quantity_of("TEE-M"), sim.quantity_of("MUG")) == (9, 0)
    assert AuditEntry.objects.filter(action="channel.mode", actor="user:ana").count() == 1


def test_sell_down_writes_decreases_only(browser: Client, stocked: Channel, sim: EcwidSimulator) -> None:
    browser.post(f"/channels/{stocked.uuid}/mode/", {"mode": "sell-down"})
    work(stocked, "publish")

    assert (sim.quantity_of("TEE-M"), sim.quantity_of("MUG")) == (7, 0)


def test_an_unknown_mode_changes_nothing(browser: Client, channel: Channel) -> None:
    browser.post(f"/channels/{channel.uuid}/mode/", {"mode": "yolo"})

    channel.refresh_from_db()
    assert channel.mode == "observe"
    assert not AuditEntry.objects.filter(action="channel.mode").exists()


def test_push_now_and_poll_now_make_work_due(browser: Client, stocked: Channel) -> None:
    Channel.objects.filter(pk=stocked.pk).update(next_poll_at=timezone.now() + timedelta(hours=1))

    browser.post(f"/channels/{stocked.uuid}/push/")
    browser.post(f"/channels/{stocked.uuid}/poll/")

    stocked.refresh_from_db()
    assert stocked.next_poll_at is not None
    assert stocked.next_poll_at <= timezone.now()
    assert Listing.objects.filter(due_at__isnull=False).count() == 2


def test_a_halted_wave_waits_for_a_person(browser: Client, stocked: Channel, sim: EcwidSimulator) -> None:
    Channel.objects.filter(pk=stocked.pk).update(mode="live", breaker_zeros=0)
    browser.post(f"/channels/{stocked.uuid}/push/")
    work(stocked, "publish")
    assert sim.quantity_of("MUG") == 3
    assert "Pushing to North has stopped and asks you." in page(browser, stocked)

    browser.post(f"/channels/{stocked.uuid}/allow/")
    work(stocked, "publish")

    assert sim.quantity_of("MUG") == 0
    assert "The wave has stopped" not in page(browser, stocked)


def test_a_dead_token_shows_its_words_and_a_new_one_mends_it(
    browser: Client, channel: Channel, sim: EcwidSimulator
) -> None:
    sim.access.expire()
    browser.post(f"/channels/{channel.uuid}/check/")
    channel.refresh_from_db()
    assert channel.connection == "reconnect"
    html = page(browser, channel)
    assert "Ecwid does not accept our token any more" in html
    assert channel.connection_problem
    sim.access.renew(same=False)

    wrong = browser.post(f"/channels/{channel.uuid}/reconnect/", {"store_id": "1003", "token": "secret_wrong"})
    right = browser.post(f"/channels/{channel.uuid}/reconnect/", {"store_id": "1003", "token": sim.token})

    assert (wrong.status_code, right.status_code) == (422, 302)
    channel.refresh_from_db()
    assert channel.connection == "ok"
    assert channel.credentials == {
        "store_id": "1003",
        "token": sim.token,
        "client_secret": sim.client_secret,
    }


def test_a_check_reports_the_account_and_the_webhooks(browser: Client, channel: Channel) -> None:
    response = browser.post(f"/channels/{channel.uuid}/check/", follow=True)

    assert "North answers." in response.content.decode()
    assert "No webhook has ever arrived from this store." in response.content.decode()


def test_disconnecting_says_what_happens_and_keeps_the_history(browser: Client, stocked: Channel) -> None:
    assert "The credentials are forgotten." in browser.get(f"/channels/{stocked.uuid}/disconnect/").content.decode()

    browser.post(f"/channels/{stocked.uuid}/disconnect/")

    stocked.refresh_from_db()
    assert stocked.credentials == {}
    assert stocked.disconnected_at is not None
    assert Listing.objects.filter(channel=stocked).count() == 3
    assert browser.get(f"/channels/{stocked.uuid}/").status_code == 200
    assert browser.get(f"/channels/{stocked.uuid}/settings/").status_code == 404
    assert browser.post(f"/channels/{stocked.uuid}/import/").status_code == 404


def test_a_disconnected_store_can_come_back(browser: Client, channel: Channel, sim: EcwidSimulator) -> None:
    browser.post(f"/channels/{channel.uuid}/disconnect/")

    browser.post(
        f"/channels/{channel.uuid}/reconnect/",
        {"store_id": "1003", "token": sim.token, "client_secret": sim.client_secret},
    )

    channel.refresh_from_db()
    assert channel.disconnected_at is None
    assert channel.credentials["token"] == sim.token


# Settings -------------------------------------------------------------------------------------------------------


def test_warehouses_keep_their_order(browser: Client, channel: Channel, main: Warehouse) -> None:
    back = make_warehouse("BACK", priority=200)

    browser.post(
        f"/channels/{channel.uuid}/settings/",
        {"part": "warehouses", "warehouses-place_0": str(back.pk), "warehouses-place_1": str(main.pk)},
    )

    rows = channel.feeds.order_by("priority").values_list("warehouse__code", flat=True)
    assert list(rows) == ["BACK", "MAIN"]
    form = browser.get(f"/channels/{channel.uuid}/settings/").context["parts"]["warehouses"]
    assert [form[f"place_{n}"].value() for n in range(2)] == [str(back.pk), str(main.pk)]


def test_a_hold_back_lowers_what_should_show(browser: Client, stocked: Channel) -> None:
    browser.post(f"/channels/{stocked.uuid}/settings/", {"part": "hold_back", "hold_back-units": "4"})

    assert HoldBack.objects.get().units == 4
    html = browser.get(f"/listings/{listing_of('TEE-M').pk}/").content.decode()
    assert "Why 5?" in html
    assert "set for the channel" in html

    browser.post(f"/channels/{stocked.uuid}/settings/", {"part": "hold_back", "hold_back-units": ""})
    assert not HoldBack.objects.exists()


def test_the_channels_hold_back_is_not_a_listings(browser: Client, stocked: Channel) -> None:
    hold_back(2)
    hold_back(1, listing=listing_of("MUG"))

    form = browser.get(f"/channels/{stocked.uuid}/settings/").context["parts"]["hold_back"]

    assert form["units"].value() is None
    assert "Empty: 2" in str(form.fields["units"].help_text)


def test_options_and_pace_are_kept_with_their_trace(browser: Client, channel: Channel) -> None:
    url = f"/channels/{channel.uuid}/settings/"
    options = {"takes_stock_when": "paid", "gives_back_on_delete": "no"}
    options |= {"gives_back_on_return": "no", "takes_again_when_reopened": "yes"}
    browser.post(url, {"part": "options", **{f"options-option_{name}": value for name, value in options.items()}})
    pace = {"name": "North shop", "poll_seconds": "120", "breaker_percent": "30", "breaker_zeros": "5"}
    browser.post(url, {"part": "pace", **{f"pace-{name}": value for name, value in pace.items()}})

    channel.refresh_from_db()
    assert channel.options["takes_stock_when"] == "paid"
    assert (channel.name, channel.poll_seconds, channel.breaker_percent, channel.breaker_zeros) == (
        "North shop",
        120,
        30,
        5,
    )
    entry = AuditEntry.objects.get(action="channel.settings")
    assert entry.before["poll_seconds"] == 300
    assert entry.after["poll_seconds"] == 120


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("poll_seconds", "5"),
        ("breaker_percent", "0"),
        ("breaker_percent", "101"),
        ("breaker_zeros", "-1"),
        ("name", ""),
    ],
)
def test_a_bad_setting_is_refused_beside_its_field(browser: Client, channel: Channel, name: str, value: str) -> None:
    pace = {"name": "North", "poll_seconds": "300", "breaker_percent": "50", "breaker_zeros": "50", name: value}

    response = browser.post(
        f"/channels/{channel.uuid}/settings/", {"part": "pace", **{f"pace-{n}": v for n, v in pace.items()}}
    )

    assert response.status_code == 422
    assert list(response.context["parts"]["pace"].errors) == [name]
    assert Channel.objects.get().poll_seconds == 300
    assert not AuditEntry.objects.filter(action="channel.settings").exists()


def test_secrets_are_on_no_page(browser: Client, channel: Channel, sim: EcwidSimulator) -> None:
    for part in ("", "settings/", "reconnect/", "disconnect/", "mode/"):
        html = browser.get(f"/channels/{channel.uuid}/{part}").content.decode()
        assert sim.token not in html
        assert sim.client_secret not in html


def test_the_list_counts_what_each_channel_has(browser: Client, stocked: Channel) -> None:
    other = Sku.objects.get(code="TEE-M")
    mapping.unlink(listing=listing_of("TEE-M"), actor="user:ana", now=timezone.now())
    stock(other, make_warehouse(), on_hand=1)

    [row] = browser.get("/channels/").context["channels"]

    assert (row.mapped, row.unmapped, row.parked, row.drifting) == (1, 2, 0, 0)
    assert not Push.objects.filter(state="applied").exists()


def test_the_number_leads_to_the_page(browser: Client, channel: Channel) -> None:
    assert browser.get(f"/channels/{channel.pk}/")["Location"] == f"/channels/{channel.uuid}/"

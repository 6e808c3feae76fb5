"""Connecting a store in the browser: by a token, and by consent."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings

from channels.models import Channel, ConnectAttempt, Location
from channels.registry import PLATFORMS
from dashboard.models import User
from inventory.models import Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.channels.web.conftest import work
from tests.factories import make_channel

pytestmark = pytest.mark.django_db

FORM = "/channels/connect/ecwid/"
CONSENT = "/channels/connect/ecwid/consent/"
CALLBACK = "/channels/connect/callback/"


def form_of(sim: EcwidSimulator, main: Warehouse, **changes: str) -> dict[str, str]:
    return {
        "name": "North",
        "credential_store_id": str(sim.store_id),
        "credential_token": sim.token,
        "credential_client_secret": sim.client_secret,
        "base_url": sim.base_url,
        "place_0": str(main.pk),
        "option_takes_stock_when": "placed",
        "option_gives_back_on_delete": "no",
        "option_gives_back_on_return": "yes",
        "option_takes_again_when_reopened": "yes",
        **changes,
    }


def test_a_token_connects_a_store_that_observes(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    response = browser.post(FORM, form_of(sim, main) | {"save": "1"})

    channel = Channel.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/channels/{channel.uuid}/"
    assert (channel.name, channel.account_ref, channel.mode) == ("North", "1003", "observe")
    assert channel.credentials["token"] == sim.token
    assert channel.options["gives_back_on_return"] == "yes"
    assert list(channel.feeds.values_list("warehouse__code", flat=True)) == ["MAIN"]
    page = browser.get(f"/channels/{channel.uuid}/").content.decode()
    assert "North is connected and observes" in page
    assert sim.token not in page
    assert sim.client_secret not in page


def test_a_test_saves_no_channel_and_keeps_the_secrets_out_of_the_page(
    browser: Client, sim: EcwidSimulator, main: Warehouse
) -> None:
    response = browser.post(FORM, form_of(sim, main) | {"test": "1"})

    page = response.content.decode()
    assert response.status_code == 200
    assert "North answers." in page
    assert sim.token not in page
    assert sim.client_secret not in page
    assert not Channel.objects.exists()

    attempt = ConnectAttempt.objects.get()
    again = form_of(sim, main, credential_token="", credential_client_secret="", kept=attempt.state_token)
    assert browser.post(FORM, again | {"save": "1"}).status_code == 302
    assert Channel.objects.get().credentials["token"] == sim.token


def test_kept_secrets_are_one_persons(client: Client, browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    browser.post(FORM, form_of(sim, main) | {"test": "1"})
    kept = ConnectAttempt.objects.get().state_token
    client.force_login(User.objects.create_user("eve", "eve@example.com", "another long password", role="owner"))

    response = client.post(FORM, form_of(sim, main, credential_token="", kept=kept) | {"save": "1"})

    assert response.status_code == 422
    assert not Channel.objects.exists()


def test_a_refused_token_says_so_in_the_platforms_words(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    response = browser.post(FORM, form_of(sim, main, credential_token="secret_wrong") | {"test": "1"})

    assert response.status_code == 422
    page = response.content.decode()
    assert 'class="notice notice-critical" role="alert"' in page
    assert "secret_wrong" not in page
    assert not Channel.objects.exists()


def test_another_stores_token_is_refused(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    with EcwidSimulator(store_id=1004, name="South", token="secret_south") as other:
        response = browser.post(
            FORM, form_of(sim, main, credential_store_id="1004", base_url=other.base_url) | {"save": "1"}
        )

    assert response.status_code == 422
    assert not Channel.objects.exists()


def test_a_name_that_is_taken_stands_beside_the_field(
    browser: Client, channel: Channel, sim: EcwidSimulator, main: Warehouse
) -> None:
    response = browser.post(FORM, form_of(sim, main) | {"save": "1"})

    assert response.status_code == 422
    assert response.context["form"].errors["name"] == ["There is a channel of this name already."]
    assert Channel.objects.count() == 1


@pytest.mark.parametrize("way", ["{0}", "{0}/", "{1}", "{1}/", "{2}"])
def test_a_store_is_connected_once_however_its_address_is_written(
    browser: Client, channel: Channel, sim: EcwidSimulator, main: Warehouse, way: str
) -> None:
    address = way.format(sim.base_url, sim.url, sim.base_url.replace("http://", "HTTP://"))

    response = browser.post(FORM, form_of(sim, main, name="North again") | {"save": "1", "base_url": address})

    assert response.status_code == 422
    assert "This store (1003) is connected already." in response.content.decode()
    assert Channel.objects.count() == 1


def test_one_warehouse_twice_is_refused(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    Warehouse.objects.create(code="BACK", name="Back room", priority=200)

    response = browser.post(FORM, form_of(sim, main, place_1=str(main.pk)) | {"save": "1"})

    assert response.status_code == 422
    assert response.context["form"].errors["place_1"] == ["This warehouse is chosen already."]


def test_an_unknown_platform_is_not_found(browser: Client) -> None:
    assert browser.get("/channels/connect/nowhere/").status_code == 404
    assert browser.get("/channels/connect/nowhere/consent/").status_code == 404


# Consent --------------------------------------------------------------------------------------------------------


def consent(browser: Client, sim: EcwidSimulator, main: Warehouse, answer: str = "allow") -> str:
    """Go through the store's consent page as a browser does; return the address that it leads back to."""
    response = browser.post(
        CONSENT,
        {
            "name": "North",
            "credential_client_id": sim.client_id,
            "credential_client_secret": sim.client_secret,
            "base_url": sim.base_url,
            "place_0": str(main.pk),
            "option_takes_stock_when": "placed",
            "option_gives_back_on_delete": "no",
            "option_gives_back_on_return": "no",
            "option_takes_again_when_reopened": "yes",
        },
    )
    # The form stays on our site; only the link on the next page leaves it, as form-action 'self' demands.
    assert response.status_code == 302
    assert response["Location"].startswith(CONSENT)
    url = browser.get(response["Location"]).context["authorise_url"]
    asked = requests.get(url, timeout=5)
    ticket = asked.text.split("ticket=")[1].split('"')[0]
    came = requests.get(f"{sim.url}/api/oauth/authorize/{answer}", {"ticket": ticket}, allow_redirects=False, timeout=5)
    back = urlsplit(came.headers["Location"])
    assert back.path == CALLBACK
    return f"{back.path}?{back.query}"


def test_consent_connects_a_store_once(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    callback = consent(browser, sim, main)

    first = browser.get(callback)
    second = browser.get(callback)

    channel = Channel.objects.get()
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"] == f"/channels/{channel.uuid}/"
    assert channel.account_ref == "1003"
    assert channel.mode == "observe"
    assert channel.credentials["client_id"] == sim.client_id
    assert list(channel.feeds.values_list("warehouse__code", flat=True)) == ["MAIN"]
    attempt = ConnectAttempt.objects.get()
    assert attempt.channel == channel
    assert attempt.form == {}
    # The token of the first exchange still works: a second one would have disabled it.
    work(channel, "inbox")
    channel.refresh_from_db()
    assert channel.connection == "ok"
    assert channel.orders_polled_to is not None


def test_consent_to_a_store_that_is_a_channel_renews_its_token(
    browser: Client, channel: Channel, sim: EcwidSimulator, main: Warehouse
) -> None:
    old = channel.credentials["token"]
    Channel.objects.filter(pk=channel.pk).update(name="Old name", connection="reconnect")

    browser.get(consent(browser, sim, main))

    channel.refresh_from_db()
    assert Channel.objects.count() == 1
    assert channel.name == "Old name"
    assert channel.credentials["token"] != old
    assert channel.connection == "ok"


def test_a_refused_consent_is_explained(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    response = browser.get(consent(browser, sim, main, "deny"))

    assert response.status_code == 200
    assert "The store did not give its consent" in response.content.decode()
    assert not Channel.objects.exists()


def test_a_state_of_someone_else_is_refused(
    client: Client, browser: Client, sim: EcwidSimulator, main: Warehouse
) -> None:
    callback = consent(browser, sim, main)
    client.force_login(User.objects.create_user("eve", "eve@example.com", "another long password", role="owner"))

    response = client.get(callback)

    assert response.status_code == 422
    assert "belongs to no connection that you have begun" in response.content.decode()
    assert ConnectAttempt.objects.get().exchanged_at is None
    assert not Channel.objects.exists()


def test_a_forged_code_makes_no_channel_and_is_spent(browser: Client, sim: EcwidSimulator, main: Warehouse) -> None:
    state = parse_qs(urlsplit(consent(browser, sim, main)).query)["state"][0]

    first = browser.get(CALLBACK, {"state": state, "code": "forged"})
    second = browser.get(CALLBACK, {"state": state, "code": "forged"})

    assert (first.status_code, second.status_code) == (422, 422)
    assert "Ecwid refused the code" in first.content.decode()
    assert "has been used already" in second.content.decode()
    assert not Channel.objects.exists()
    assert ConnectAttempt.objects.get().form == {}


def test_an_installation_from_the_market_is_explained(browser: Client, db: None) -> None:
    response = browser.get(CALLBACK, {"code": "from-the-market"})

    assert response.status_code == 200
    assert "Finish the installation here" in response.content.decode()


def test_the_callback_without_anything_is_explained(browser: Client, db: None) -> None:
    assert browser.get(CALLBACK).status_code == 422


@pytest.mark.parametrize("platform", ["amazon", "ecwid", "shopify", "woocommerce"])
def test_a_form_says_where_to_find_what_it_asks_for_and_what_we_may_do(browser: Client, platform: str) -> None:
    page = browser.get(f"/channels/connect/{platform}/").content.decode()
    capabilities = PLATFORMS[platform].capabilities

    for sentence in (*capabilities.where_to_find, *capabilities.app_may, *capabilities.app_may_not):
        assert escape(sentence) in page
    asked = [field.name for field in capabilities.credentials if field.for_token]
    assert all(f'name="credential_{name}"' in page for name in asked)


def test_what_only_simulators_need_is_asked_only_where_they_may_lie(browser: Client, settings: Settings) -> None:
    assert "option_pace" in browser.get("/channels/connect/amazon/").content.decode()

    settings.ALLOW_PRIVATE_HOSTS = False

    assert "option_pace" not in browser.get("/channels/connect/amazon/").content.decode()


def test_the_marketplace_is_nobodys_guess(browser: Client) -> None:
    response = browser.post("/channels/connect/amazon/", {"name": "Amazon", "test": "1"})

    assert response.context["form"].errors["credential_marketplace"] == ["This field is required."]


def test_a_channel_asks_which_warehouse_stands_for_which_location(browser: Client, main: Warehouse) -> None:
    channel = make_channel("Shop", platform="shopify", warehouses=[main])
    for ref, name in (("1", "Shop Street"), ("2", "Depot")):
        Location.objects.create(channel=channel, ref=ref, name=name, seen_at=timezone.now())

    before = browser.get(f"/channels/{channel.uuid}/").content.decode()
    channel.feeds.update(location_ref="1")
    after = browser.get(f"/channels/{channel.uuid}/").content.decode()

    assert "Nobody stands for Depot, Shop Street yet" in before
    assert "Nobody stands for" not in after

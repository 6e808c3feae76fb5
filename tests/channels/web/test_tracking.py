"""An unlimited listing is never written to, until a person chooses to have its stock counted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from channels import catalog, modes
from channels.models import Channel, Listing, Push
from inventory.models import AuditEntry
from sandbox.ecwid import EcwidSimulator
from tests.channels.web.conftest import listing_of, work
from tests.factories import make_sku

pytestmark = pytest.mark.django_db


@pytest.fixture
def gift(channel: Channel) -> Listing:
    """A gift card, unlimited in the store and mapped to a SKU with 12 units, on a live channel."""
    make_sku("GIFT", on_hand=12)
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog")
    modes.change_mode(channel=channel, mode="live", actor="user:ana", now=timezone.now())
    work(channel, "publish")
    return listing_of("GIFT")


def test_its_stock_is_counted_from_the_number_that_was_agreed(
    browser: Client, channel: Channel, gift: Listing, sim: EcwidSimulator
) -> None:
    assert (gift.mapping, gift.tracked, sim.quantity_of("GIFT")) == ("mapped", False, None)
    assert "Set it to 12" in browser.get(f"/listings/{gift.pk}/track/").content.decode()

    response = browser.post(f"/listings/{gift.pk}/track/", {"seen": "12"})

    assert response.status_code == 302
    assert sim.quantity_of("GIFT") == 12
    sim.buy(sku="GIFT", quantity=2)
    Channel.objects.update(next_poll_at=timezone.now())
    work(channel, "inbox", "publish")
    gift.refresh_from_db()
    assert (gift.tracked, gift.accounted, sim.quantity_of("GIFT")) == (True, 10, 10)
    assert AuditEntry.objects.get(action="listing.start_tracking").after == {"tracked": True, "quantity": 12}


@pytest.mark.parametrize("seen", ["11", "", "x", "-1", "9" * 30])
def test_another_number_than_the_one_shown_writes_nothing(
    browser: Client, gift: Listing, sim: EcwidSimulator, seen: str
) -> None:
    response = browser.post(f"/listings/{gift.pk}/track/", {"seen": seen})

    assert response.status_code == 422
    assert "It should show 12 now" in response.content.decode()
    assert sim.quantity_of("GIFT") is None
    assert Push.objects.count() == 0


def test_nothing_is_written_while_the_channel_observes(
    browser: Client, channel: Channel, gift: Listing, sim: EcwidSimulator
) -> None:
    modes.change_mode(channel=channel, mode="observe", actor="user:ana", now=timezone.now())

    response = browser.post(f"/listings/{gift.pk}/track/", {"seen": "12"})

    assert response.status_code == 422
    assert "Nothing is written to this channel now" in response.content.decode()
    assert sim.quantity_of("GIFT") is None


def test_what_the_store_did_is_read_back_when_it_does_not_answer(
    browser: Client, gift: Listing, sim: EcwidSimulator
) -> None:
    sim.faults.set("error_after", next=1)

    response = browser.post(f"/listings/{gift.pk}/track/", {"seen": "12"})

    assert response.status_code == 302
    assert sim.quantity_of("GIFT") == 12

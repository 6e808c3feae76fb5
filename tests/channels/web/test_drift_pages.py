"""A store shows another number than we account for: the two verbs act only on what the person saw."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from channels import catalog
from channels.models import Channel, Listing
from inventory.models import Movement, StockLevel, Warehouse
from sandbox.ecwid import EcwidSimulator
from tests.channels.web.conftest import listing_of, work
from tests.factories import make_sku

pytestmark = pytest.mark.django_db


@pytest.fixture
def edited(channel: Channel, main: Warehouse, sim: EcwidSimulator) -> Listing:
    """A live listing that was in step with 7, and then edited by hand to 10 in the store's admin."""
    make_sku("TEE-M", on_hand=7)
    Channel.objects.update(mode="live")
    catalog.start_import(channel=channel, now=timezone.now())
    work(channel, "catalog", "publish")
    product, _ = sim.store.find_sku("TEE-M")
    sim.set_quantity(product.id, quantity=10)
    return listing_of("TEE-M")


def test_a_check_finds_it_and_leads_to_the_decision(browser: Client, edited: Listing) -> None:
    response = browser.post(f"/reconciliation/listings/{edited.pk}/check/")

    assert response["Location"] == f"/reconciliation/listings/{edited.pk}/"
    html = browser.get(response["Location"]).content.decode()
    assert "Written to the store:" in html
    assert "(10 → 7)" in html
    assert "The store shows 10, we account for 7." in browser.get(f"/listings/{edited.pk}/").content.decode()
    assert [row.pk for row in browser.get("/listings/?state=drift").context["table"].data] == [edited.pk]


def test_ours_is_kept(browser: Client, edited: Listing, sim: EcwidSimulator) -> None:
    browser.post(f"/reconciliation/listings/{edited.pk}/check/")

    browser.post(f"/reconciliation/listings/{edited.pk}/keep-ours/", {"seen": "10"})
    work(edited.channel, "publish")

    assert sim.quantity_of("TEE-M") == 7
    edited.refresh_from_db()
    assert (edited.drift, edited.accounted) == (0, 7)


def test_theirs_is_taken_with_a_reason(browser: Client, edited: Listing, main: Warehouse, sim: EcwidSimulator) -> None:
    browser.post(f"/reconciliation/listings/{edited.pk}/check/")

    browser.post(
        f"/reconciliation/listings/{edited.pk}/take-theirs/",
        {"seen": "10", "warehouse": main.pk, "reason": "Counted in the shop"},
    )
    work(edited.channel, "publish")

    movement = Movement.objects.order_by("pk").last()
    assert movement is not None
    assert (movement.on_hand_delta, movement.reason, movement.actor) == (3, "Counted in the shop", "user:ana")
    assert StockLevel.objects.get().on_hand == 10
    assert sim.quantity_of("TEE-M") == 10
    edited.refresh_from_db()
    assert edited.drift == 0


def test_a_picture_that_moved_is_shown_anew(browser: Client, edited: Listing, sim: EcwidSimulator) -> None:
    browser.post(f"/reconciliation/listings/{edited.pk}/check/")
    product, _ = sim.store.find_sku("TEE-M")
    sim.set_quantity(product.id, quantity=12)

    response = browser.post(f"/reconciliation/listings/{edited.pk}/keep-ours/", {"seen": "10"})

    assert response.status_code == 409
    html = response.content.decode()
    assert "The channel shows 12 now, not 10." in html
    assert "(12 → 7)" in html
    work(edited.channel, "publish")
    assert sim.quantity_of("TEE-M") == 12


@pytest.mark.parametrize("fields", [{}, {"reason": "  "}, {"reason": "x" * 301}, {"warehouse": "999", "reason": "x"}])
def test_an_incomplete_decision_changes_nothing(
    browser: Client, edited: Listing, main: Warehouse, fields: dict[str, str]
) -> None:
    browser.post(f"/reconciliation/listings/{edited.pk}/check/")
    before = Movement.objects.count()

    response = browser.post(
        f"/reconciliation/listings/{edited.pk}/take-theirs/", {"seen": "10", "warehouse": str(main.pk), **fields}
    )

    assert response.status_code == 422
    assert Movement.objects.count() == before
    edited.refresh_from_db()
    assert edited.drift == 3


def test_a_decision_without_a_number_is_refused(browser: Client, edited: Listing) -> None:
    assert browser.post(f"/reconciliation/listings/{edited.pk}/keep-ours/").status_code == 422


def test_a_store_that_is_away_says_so(browser: Client, edited: Listing, sim: EcwidSimulator) -> None:
    browser.post(f"/reconciliation/listings/{edited.pk}/check/")
    sim.stop()

    response = browser.post(f"/reconciliation/listings/{edited.pk}/keep-ours/", {"seen": "10"})

    assert response.status_code == 422
    edited.refresh_from_db()
    assert edited.drift == 3


def test_a_parked_listing_is_tried_again(browser: Client, edited: Listing) -> None:
    Listing.objects.filter(pk=edited.pk).update(parked_at=timezone.now(), parked_reason="Not allowed.", due_at=None)
    assert "Not allowed." in browser.get(f"/listings/{edited.pk}/").content.decode()

    browser.post(f"/listings/{edited.pk}/retry/")

    edited.refresh_from_db()
    assert (edited.parked_at, edited.parked_reason) == (None, "")
    assert edited.due_at is not None


def test_a_hold_back_of_the_listing(browser: Client, edited: Listing) -> None:
    browser.post(f"/listings/{edited.pk}/hold-back/", {"units": "2"})

    assert "Why 5?" in browser.get(f"/listings/{edited.pk}/").content.decode()
    assert browser.post(f"/listings/{edited.pk}/hold-back/", {"units": "-1"}).status_code == 422
    assert browser.post(f"/listings/{edited.pk}/hold-back/", {"units": "1.5"}).status_code == 422

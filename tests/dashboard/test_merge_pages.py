"""Merging on the pages: the other SKU is found, what comes of it is said before, and both go on telling of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from channels.models import HoldBack, Listing
from dashboard.models import User
from inventory import bundles, catalogue
from inventory.models import Sku
from tests.factories import balances, make_channel, make_listing, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="operator"))
    return client


@pytest.fixture
def old(db: None) -> Sku:
    return make_sku("TEE BLK", on_hand=12, barcode="4006381333931")


@pytest.fixture
def new(db: None) -> Sku:
    return make_sku("TEE-BLK", on_hand=5)


def page(browser: Client, address: str, **more: Any) -> str:
    answer = browser.get(address, **more)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_its_page_leads_to_those_that_look_the_same_and_to_a_search(browser: Client, old: Sku, new: Sku) -> None:
    make_sku("MUG")
    kit = make_sku("TEE-KIT")
    bundles.set_components(bundle=kit, components={new.pk: 2}, actor="user:ana", now=timezone.now())
    assert f'href="/skus/{old.pk}/merge/"' in page(browser, f"/skus/{old.pk}/")

    offered = page(browser, f"/skus/{old.pk}/merge/")
    found = page(browser, f"/skus/{old.pk}/merge/?q=mu", headers={"HX-Request": "true", "HX-Target": "matches"})

    assert f"/skus/{old.pk}/merge/{new.pk}/" in offered
    assert "MUG" not in offered
    assert "MUG" in found
    assert "<html" not in found
    assert "TEE-KIT" not in page(browser, f"/skus/{old.pk}/merge/?q=tee"), "a bundle can't take in what is none"


def test_the_preview_says_what_comes_of_it(browser: Client, old: Sku, new: Sku) -> None:
    north = make_channel()
    make_listing(north, old, title="Black tee")
    make_listing(north, new, title="Tee, black")
    HoldBack.objects.create(sku=old, units=2)

    text = page(browser, f"/skus/{old.pk}/merge/{new.pk}/")

    assert "This can't be undone." in text
    assert "12 + 5 =" in text
    assert "Stores that sell both" in text
    assert "Black tee</a>" in text
    assert "1 listing is linked to TEE-BLK." in text
    assert "takes that of 2." in text
    assert "has no barcode and takes 4006381333931." in text
    assert "Merge TEE BLK into TEE-BLK</button>" in text
    assert not Sku.objects.exclude(merged_into=None).exists()


def test_it_is_done_and_both_pages_tell_of_it(browser: Client, old: Sku, new: Sku) -> None:
    listing = make_listing(make_channel(), old)

    answer = browser.post(f"/skus/{old.pk}/merge/{new.pk}/", follow=True)

    assert answer.redirect_chain == [(f"/skus/{new.pk}/", 302)]
    assert "TEE BLK is merged into TEE-BLK." in answer.content.decode()
    assert balances(new, make_warehouse()) == (17, 0, 0)
    assert Listing.objects.get(pk=listing.pk).sku == new
    there = page(browser, f"/skus/{new.pk}/")
    assert f'<a class="code" href="/skus/{old.pk}/" title="merged into it">TEE BLK</a>' in there
    here = page(browser, f"/skus/{old.pk}/")
    assert "TEE BLK was merged into" in here
    assert f'<a class="code" href="/skus/{new.pk}/">TEE-BLK</a>' in here
    assert "TEE BLK was merged into TEE-BLK." in here, "its last movement says so"
    for verb in ("receive", "edit", "archive", "merge"):
        assert f"/skus/{old.pk}/{verb}/" not in here
    assert "Merged it into another" in page(browser, "/activity/changes/")


def test_a_refusal_stands_on_the_page_and_nothing_changes(browser: Client, old: Sku, new: Sku) -> None:
    catalogue.archive_sku(sku=new, actor="user:ben", now=timezone.now())

    answer = browser.post(f"/skus/{old.pk}/merge/{new.pk}/")

    assert answer.status_code == 409
    assert "TEE-BLK is archived: unarchive it first." in answer.content.decode()
    assert "This can" not in answer.content.decode()
    assert "A SKU can&#x27;t be merged into itself." in page(browser, f"/skus/{old.pk}/merge/{old.pk}/")
    assert balances(old, make_warehouse()) == (12, 0, 0)


def test_a_merged_sku_is_not_changed_by_an_old_form(browser: Client, old: Sku, new: Sku) -> None:
    browser.post(f"/skus/{old.pk}/merge/{new.pk}/")

    restored = browser.post(f"/skus/{old.pk}/archive/", {"archived": "no"}, follow=True)
    edited = browser.post(f"/skus/{old.pk}/edit/", {"code": "BACK", "name": "", "barcode": "", "low_at": ""})

    assert "TEE BLK was merged into TEE-BLK: change that one." in restored.content.decode()
    assert edited.status_code == 422
    assert "TEE BLK was merged into TEE-BLK: change that one." in edited.content.decode()
    old.refresh_from_db()
    assert (old.code, old.merged_into) == ("TEE BLK", new)


def test_duplicates_among_the_collisions_lead_there(browser: Client, old: Sku, new: Sku) -> None:
    assert f'href="/skus/{old.pk}/merge/"' in page(browser, "/listings/collisions/")


def test_a_viewer_is_offered_none_of_it(client: Client, old: Sku, new: Sku) -> None:
    client.force_login(User.objects.create_user("vic", role="viewer"))

    assert "/merge/" not in page(client, f"/skus/{old.pk}/")
    assert client.get(f"/skus/{old.pk}/merge/").status_code == 403
    assert client.post(f"/skus/{old.pk}/merge/{new.pk}/").status_code == 403
    stock(old, make_warehouse(), on_hand=1)
    assert not Sku.objects.exclude(merged_into=None).exists()

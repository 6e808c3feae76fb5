"""Bundles in the browser's eyes: made, changed, unmade, and shown with what their components make."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.models import User
from inventory import bundles
from inventory.models import Sku, Warehouse
from tests.factories import NOW, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client) -> Client:
    client.force_login(User.objects.create_user("ana", "ana@example.com", "a long enough password", role="owner"))
    return client


@pytest.fixture
def tee(db: None) -> Sku:
    return make_sku("TEE", on_hand=7)


@pytest.fixture
def mug(db: None) -> Sku:
    return make_sku("MUG", on_hand=9)


def post(browser: Client, kit: Sku, *rows: tuple[str, Any]) -> Any:
    data: dict[str, Any] = {}
    for number, (code, units) in enumerate(rows):
        data |= {f"code_{number}": code, f"units_{number}": units}
    return browser.post(f"/skus/{kit.pk}/bundle/", data, follow=True)


def test_a_bundle_is_made_shown_changed_and_unmade(browser: Client, tee: Sku, mug: Sku) -> None:
    kit = make_sku("KIT")
    stock(mug, make_warehouse("BACK", name="Back room"), on_hand=4)

    page = post(browser, kit, ("TEE", 1), ("", ""), ("MUG", 2)).content.decode()

    assert "KIT is a bundle: its listings follow." in page
    assert bundles.components_of([kit.pk])[kit.pk] == {tee.pk: 1, mug.pk: 2}
    assert "What its components make" in page
    assert [(place.warehouse.code, place.free, place.units) for place in bundles.makes([kit.pk])[kit.pk]] == [
        ("BACK", (None, 4), 0),
        ("MAIN", (7, 9), 4),
    ]
    listed = browser.get("/skus/?state=bundles").content.decode()
    assert "KIT" in listed
    assert ">4<" in listed.replace(" ", "").replace("\n", "")
    assert "KIT" not in browser.get("/skus/?state=out-of-stock").content.decode()
    assert f"/skus/{kit.pk}/receive/" not in browser.get(f"/skus/{kit.pk}/").content.decode()

    assert "KIT is no bundle." in post(browser, kit, ("", "")).content.decode()
    kit.refresh_from_db()
    assert not kit.is_bundle


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("NOBODY", 1)], "No SKU has the code “NOBODY”."),
        ([("TEE", 1), ("TEE", 2)], "stands here twice"),
        ([("TEE", 0)], "greater than or equal to 1"),
        ([("", 3)], "Which SKU?"),
        ([("KIT", 1)], "can&#x27;t be made of itself"),
        ([("SET", 1)], "bundles are not nested"),
    ],
)
def test_nonsense_is_refused_beside_its_row(
    browser: Client, tee: Sku, mug: Sku, rows: list[tuple[str, Any]], words: str
) -> None:
    kit = make_sku("KIT")
    bundles.set_components(bundle=make_sku("SET"), components={mug.pk: 1}, actor="user:ana", now=NOW)

    answer = post(browser, kit, *rows)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert kit.pk not in bundles.components_of([kit.pk])


def test_a_list_of_bundles_costs_no_query_for_each(browser: Client, tee: Sku, mug: Sku) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get("/skus/")
        return len(found)

    bundles.set_components(bundle=make_sku("KIT0"), components={mug.pk: 1}, actor="user:ana", now=NOW)
    queries()
    one = queries()
    for number in range(1, 6):
        bundles.set_components(bundle=make_sku(f"KIT{number}"), components={tee.pk: 1}, actor="user:ana", now=NOW)
    assert queries() == one


def test_a_shop_sees_how_many_of_a_bundle_it_can_make(browser: Client, tee: Sku, mug: Sku) -> None:
    make_warehouse()
    Warehouse.objects.update(is_shop=True)
    shop = Warehouse.objects.get()
    bundles.set_components(
        bundle=make_sku("KIT", name="Camp kit"), components={tee.pk: 2, mug.pk: 1}, actor="user:ana", now=NOW
    )

    browser.post(f"/shop/{shop.pk}/add/", {"code": "KIT"})

    assert "3 here" in browser.get(f"/shop/{shop.pk}/").content.decode()

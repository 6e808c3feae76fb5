from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest
from django.test import Client

from inventory.models import Movement, Sku, StockCount, StockLevel, Warehouse
from tests.dashboard.conftest import oversell


def send(browser: Client, sku: Sku, operation: str, **data: object) -> tuple[int, dict[str, list[str]]]:
    form = {"key": str(uuid.uuid4()), **{k: v.pk if isinstance(v, Warehouse) else v for k, v in data.items()}}
    response = browser.post(f"/skus/{sku.pk}/{operation}/", form)
    errors = response.context["form"].errors if response.status_code == 422 else {}
    return response.status_code, {name: list(messages) for name, messages in errors.items()}


def level(sku: Sku, warehouse: Warehouse) -> tuple[int, int]:
    row = StockLevel.objects.filter(sku=sku, warehouse=warehouse).first()
    return (row.on_hand, row.unsellable) if row else (0, 0)


def test_receive(browser: Client, shop: SimpleNamespace) -> None:
    assert send(browser, shop.tee, "receive", warehouse=shop.main, units=5) == (302, {})

    assert level(shop.tee, shop.main) == (15, 0)
    movement = Movement.objects.first()
    assert movement is not None
    assert (movement.kind, movement.actor) == ("receipt", "user:ana")
    assert movement.key.startswith("form:")


def test_a_form_sent_twice_books_once(browser: Client, shop: SimpleNamespace) -> None:
    form = {"key": str(uuid.uuid4()), "warehouse": shop.main.pk, "units": 5}

    browser.post(f"/skus/{shop.tee.pk}/receive/", form)
    response = browser.post(f"/skus/{shop.tee.pk}/receive/", form)

    assert response.status_code == 302
    assert level(shop.tee, shop.main) == (15, 0)


def test_a_used_form_with_other_content_is_refused(browser: Client, shop: SimpleNamespace) -> None:
    form = {"key": str(uuid.uuid4()), "warehouse": shop.main.pk, "units": 5}
    browser.post(f"/skus/{shop.tee.pk}/receive/", form)

    response = browser.post(f"/skus/{shop.tee.pk}/receive/", {**form, "units": 6})

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["__all__"]
    assert level(shop.tee, shop.main) == (15, 0)


@pytest.mark.parametrize("units", ["", "0", "-1", "1.5", "lots", "1000000001"])
def test_units_that_are_none_are_refused_beside_the_field(browser: Client, shop: SimpleNamespace, units: str) -> None:
    status, errors = send(browser, shop.tee, "receive", warehouse=shop.main, units=units)

    assert (status, list(errors)) == (422, ["units"])
    assert level(shop.tee, shop.main) == (10, 0)


def test_adjust_by(browser: Client, shop: SimpleNamespace) -> None:
    assert send(browser, shop.tee, "adjust", warehouse=shop.main, how="by", units=-4, reason="Broken") == (302, {})

    assert level(shop.tee, shop.main) == (6, 0)


def test_adjust_to_and_again_with_the_same_form(browser: Client, shop: SimpleNamespace) -> None:
    key = str(uuid.uuid4())
    form = {"warehouse": shop.main, "how": "to", "units": 3, "reason": "Found", "key": key}

    assert send(browser, shop.tee, "adjust", **form)[0] == 302
    assert send(browser, shop.tee, "adjust", **form)[0] == 302

    assert level(shop.tee, shop.main) == (3, 0)
    assert Movement.objects.filter(key=f"form:{key}").count() == 1


def test_an_adjustment_that_changes_nothing_or_lacks_a_reason_is_refused(
    browser: Client, shop: SimpleNamespace
) -> None:
    same = send(browser, shop.tee, "adjust", warehouse=shop.main, how="to", units=10, reason="Sure")
    unreasoned = send(browser, shop.tee, "adjust", warehouse=shop.main, how="by", units=1)
    below = send(browser, shop.tee, "adjust", warehouse=shop.main, how="to", units=-1, reason="x")

    assert (same[0], list(same[1])) == (422, ["units"])
    assert (unreasoned[0], list(unreasoned[1])) == (422, ["reason"])
    assert (below[0], list(below[1])) == (422, ["units"])
    assert level(shop.tee, shop.main) == (10, 0)


def test_more_than_is_on_hand_is_refused_with_the_numbers(browser: Client, shop: SimpleNamespace) -> None:
    result = send(browser, shop.tee, "adjust", warehouse=shop.main, how="by", units=-11, reason="Broken")

    assert result == (422, {"units": ["Only 10 are there to take; you asked for 11."]})
    assert level(shop.tee, shop.main) == (10, 0)


def test_transfer(browser: Client, shop: SimpleNamespace) -> None:
    assert send(browser, shop.tee, "transfer", warehouse=shop.main, destination=shop.back, units=4)[0] == 302

    assert (level(shop.tee, shop.main), level(shop.tee, shop.back)) == ((6, 0), (8, 0))


def test_a_transfer_leaves_reserved_units_where_they_are(browser: Client, shop: SimpleNamespace) -> None:
    oversell(shop.tee, shop.main, 8)

    result = send(browser, shop.tee, "transfer", warehouse=shop.main, destination=shop.back, units=3)

    assert result == (422, {"units": ["Only 2 are there to take; you asked for 3."]})
    assert (level(shop.tee, shop.main), level(shop.tee, shop.back)) == ((10, 0), (4, 0))


def test_a_transfer_goes_somewhere_else(browser: Client, shop: SimpleNamespace) -> None:
    status, errors = send(browser, shop.tee, "transfer", warehouse=shop.main, destination=shop.main, units=1)

    assert (status, list(errors)) == (422, ["destination"])


def test_a_count_books_the_difference_and_says_it(browser: Client, shop: SimpleNamespace) -> None:
    response = browser.post(
        f"/skus/{shop.tee.pk}/count/",
        {"key": str(uuid.uuid4()), "warehouse": shop.main.pk, "units": 9},
        follow=True,
    )

    assert level(shop.tee, shop.main) == (9, 0)
    assert StockCount.objects.get().difference == -1
    assert "−1 against the ledger" in response.content.decode()


def test_a_count_of_nothing_is_a_count(browser: Client, shop: SimpleNamespace) -> None:
    assert send(browser, shop.tee, "count", warehouse=shop.main, units=0)[0] == 302

    assert level(shop.tee, shop.main) == (0, 0)


def test_unsellable_and_back(browser: Client, shop: SimpleNamespace) -> None:
    assert send(browser, shop.tee, "reclassify", warehouse=shop.main, to="unsellable", units=3)[0] == 302
    assert level(shop.tee, shop.main) == (7, 3)

    assert send(browser, shop.tee, "reclassify", warehouse=shop.main, to="sellable", units=2)[0] == 302
    assert level(shop.tee, shop.main) == (9, 1)

    assert send(browser, shop.tee, "reclassify", warehouse=shop.main, to="sellable", units=2)[0] == 422
    assert level(shop.tee, shop.main) == (9, 1)


@pytest.mark.parametrize(("sellable", "expected"), [("yes", (12, 0)), ("no", (10, 2))])
def test_a_return_goes_where_it_belongs(
    browser: Client, shop: SimpleNamespace, sellable: str, expected: tuple[int, int]
) -> None:
    assert send(browser, shop.tee, "return", warehouse=shop.main, units=2, is_sellable=sellable)[0] == 302

    assert level(shop.tee, shop.main) == expected


def test_the_dialog_gets_the_form_only_and_leaves_by_a_redirect_of_htmx(browser: Client, shop: SimpleNamespace) -> None:
    drawn = browser.get(f"/skus/{shop.tee.pk}/receive/", headers={"HX-Request": "true"})
    refused = browser.post(f"/skus/{shop.tee.pk}/receive/", {}, headers={"HX-Request": "true"})
    form = {"key": str(uuid.uuid4()), "warehouse": shop.main.pk, "units": 1}
    done = browser.post(f"/skus/{shop.tee.pk}/receive/", form, headers={"HX-Request": "true"})

    assert "<html" not in drawn.content.decode()
    assert 'hx-post="/skus/' in drawn.content.decode()
    assert refused.status_code == 422
    assert "<html" not in refused.content.decode()
    assert done.status_code == 200
    assert done["HX-Redirect"] == f"/skus/{shop.tee.pk}/"


def test_without_a_warehouse_the_form_says_what_to_do_first(browser: Client) -> None:
    sku = Sku.objects.create(code="ALONE")

    html = browser.get(f"/skus/{sku.pk}/receive/").content.decode()

    assert "There is no warehouse yet" in html
    assert 'href="/inventory/warehouses/new/"' in html

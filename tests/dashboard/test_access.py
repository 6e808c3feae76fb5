from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.models import User

PAGES = [
    ("dashboard:overview", ()),
    ("dashboard:sku_list", ()),
    ("dashboard:sku_new", ()),
    ("dashboard:components", ()),
    ("inventory:warehouse_list", ()),
    ("inventory:warehouse_new", ()),
]
SKU_PAGES = ["detail", "edit", "receive", "adjust", "count", "transfer", "reclassify", "return"]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "args"), PAGES)
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str, args: tuple[object, ...]) -> None:
    url = reverse(name, args=args)

    response = client.get(url)

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.parametrize("page", SKU_PAGES)
def test_each_page_of_a_sku_needs_sign_in_and_then_draws(
    client: Client, user: User, shop: SimpleNamespace, page: str
) -> None:
    url = reverse(f"dashboard:sku_{page}", args=[shop.tee.pk])
    assert client.get(url).status_code == 302

    client.force_login(user)

    response = client.get(url)
    assert response.status_code == 200
    assert "TEE-BLK-M" in response.content.decode()


def test_a_sku_that_is_not_there_is_a_404_in_the_products_own_design(browser: Client) -> None:
    response = browser.get("/skus/999/")

    assert response.status_code == 404
    assert "Page not found" in response.content.decode()
    assert "evenkeel.css" in response.content.decode()


@pytest.mark.django_db
def test_a_person_signs_in_by_name_and_lands_on_the_overview(client: Client, user: User) -> None:
    response = client.post("/accounts/login/", {"login": "ana", "password": "a long enough password"})

    assert response.status_code == 302
    assert response["Location"] == "/"


@pytest.mark.django_db
def test_a_wrong_password_is_said_on_the_form(client: Client, user: User) -> None:
    response = client.post("/accounts/login/", {"login": "ana", "password": "wrong"})

    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()


@pytest.mark.django_db
def test_eight_wrong_passwords_lock_the_sign_in(client: Client, user: User) -> None:
    for _ in range(7):
        client.post("/accounts/login/", {"login": "ana", "password": "wrong"})

    response = client.post("/accounts/login/", {"login": "ana", "password": "wrong"})

    assert response.status_code == 429
    assert "Too many attempts" in response.content.decode()


def test_the_component_page_is_for_owners(browser: Client, user: User) -> None:
    assert browser.get("/components/").status_code == 200

    User.objects.filter(pk=user.pk).update(role="manager")

    assert browser.get("/components/").status_code == 403

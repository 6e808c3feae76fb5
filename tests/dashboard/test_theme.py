from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_theme_is_kept_in_a_cookie_without_javascript(client: Client) -> None:
    response = client.post("/theme/", {"theme": "dark", "next": "/skus/?q=tee"})

    assert response.status_code == 302
    assert response["Location"] == "/skus/?q=tee"
    assert client.cookies["evenkeel_theme"].value == "dark"
    assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()


def test_auto_follows_the_system(client: Client) -> None:
    client.post("/theme/", {"theme": "dark"})
    client.post("/theme/", {"theme": "auto"})

    assert "data-theme" not in client.get("/accounts/login/").content.decode()


def test_an_unknown_theme_sets_nothing(client: Client) -> None:
    client.post("/theme/", {"theme": "pink"})

    assert "evenkeel_theme" not in client.cookies


def test_the_way_back_never_leaves_the_site(client: Client) -> None:
    response = client.post("/theme/", {"theme": "dark", "next": "https://elsewhere.example/"})

    assert response["Location"] == "/"


def test_a_theme_is_not_chosen_by_a_link(client: Client) -> None:
    assert client.get("/theme/").status_code == 405

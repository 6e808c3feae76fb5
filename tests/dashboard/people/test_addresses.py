"""Behind a web server: each visitor has their own address, for the throttle and in the list of sessions."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.models import User
from tests.dashboard.people.conftest import PASSWORD


@pytest.fixture(autouse=True)
def _one_proxy(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1


def sign_in_from(forwarded: str, password: str) -> int:
    browser = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forwarded})
    return browser.post("/accounts/login/", {"login": "ana", "password": password}).status_code


def test_who_guesses_locks_out_nobody_else(owner: User) -> None:
    answers = [sign_in_from("198.51.100.7", "wrong") for _ in range(8)]

    assert answers[-1] == 429
    assert sign_in_from("203.0.113.5", PASSWORD) == 302


def test_an_address_that_the_visitor_made_up_is_not_believed(owner: User) -> None:
    answers = [sign_in_from(f"192.0.2.{number}, 198.51.100.7", "wrong") for number in range(8)]

    assert answers[-1] == 429


def test_the_list_of_sessions_shows_the_visitors_address(owner: User) -> None:
    browser = Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "203.0.113.5"})
    browser.post("/accounts/login/", {"login": "ana", "password": PASSWORD})

    page = browser.get("/accounts/sessions/").content.decode()

    assert "203.0.113.5" in page
    assert "10.0.0.1" not in page


def test_without_a_header_the_address_of_the_connection_counts(owner: User) -> None:
    browser = Client(REMOTE_ADDR="10.0.0.1")
    browser.post("/accounts/login/", {"login": "ana", "password": PASSWORD})

    assert "10.0.0.1" in browser.get("/accounts/sessions/").content.decode()

"""What no database keeps may be typed all the same: a page answers, and finds nothing or the rest of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client

from tests.dashboard.conftest import make_listing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("typed", ["%00", "MUG%00", "%ED%A0%BD", "%C3%28"])
def test_a_search_takes_any_bytes(browser: Client, shop: SimpleNamespace, typed: str) -> None:
    listing = make_listing(shop.north, None)
    for path in (f"/skus/{shop.tee.pk}/merge/", f"/listings/{listing.pk}/find/", "/search/", "/skus/", "/listings/"):
        assert browser.get(f"{path}?q={typed}").status_code == 200, path


def test_a_consent_that_was_tampered_with_is_refused_with_words(browser: Client) -> None:
    answer = browser.get("/channels/connect/callback/?state=a%00b&code=c%00d&%00=e")

    assert answer.status_code == 422
    assert "could not be connected" in answer.content.decode()


def test_the_counter_takes_what_a_broken_scanner_types(browser: Client, shop: SimpleNamespace) -> None:
    type(shop.main).objects.filter(pk=shop.main.pk).update(is_shop=True)

    answer = browser.post(f"/shop/{shop.main.pk}/add/", {"code": "CAP\x00-NVY\x1b"}, follow=True)

    assert answer.status_code == 200
    assert shop.cap.code in answer.content.decode()


@pytest.mark.parametrize("odd", ["1", "a\x00b", "//elsewhere.example", "https://elsewhere.example/", ""])
def test_a_way_back_that_is_none_leads_to_the_rows_own_page(browser: Client, shop: SimpleNamespace, odd: str) -> None:
    listing = make_listing(shop.north, None)

    answer = browser.post(f"/listings/{listing.pk}/ignore/", {"next": odd})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/listings/")

"""A person's own page, and how times and numbers follow it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from dashboard.models import User
from dashboard.templatetags.evenkeel import decimal, units
from dashboard.times import exact
from inventory import formats
from inventory.models import AuditEntry
from tests.dashboard.people.conftest import PASSWORD
from tests.factories import make_sku, make_warehouse

pytestmark = pytest.mark.django_db

PROFILE = {
    "first_name": "Ana",
    "last_name": "Lopes",
    "email": "ana@example.com",
    "time_zone": "",
    "date_style": "day",
    "number_style": "comma",
}
MOMENT = datetime(2026, 12, 31, 23, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("style", "said", "short"),
    [
        ("day", "31 Dec 2026, 23:05:09 UTC", "31 Dec"),
        ("month", "Dec 31, 2026, 11:05:09 p.m. UTC", "Dec 31"),
        ("iso", "2026-12-31 23:05:09 UTC", "2026-12-31"),
    ],
)
def test_dates_in_each_style(style: str, said: str, short: str) -> None:
    with formats.use(style, "comma"):
        assert exact(MOMENT) == said
        assert formats.day(MOMENT) == short


@pytest.mark.parametrize(
    ("style", "grouped", "money"),
    [
        ("comma", "−1,234,567", "1,234.50"),
        ("point", "−1.234.567", "1.234,50"),
        ("space", "−1\u202f234\u202f567", "1\u202f234,50"),
    ],
)
def test_numbers_in_each_style(style: str, grouped: str, money: str) -> None:
    with formats.use("day", style):
        assert units(-1_234_567) == grouped
        assert decimal("1234.5") == money


def test_every_page_follows_the_person_who_looks(browser: Client, owner: User) -> None:
    sku = make_sku("TEE", on_hand=1234)
    warehouse = make_warehouse()
    path = f"/inventory/warehouses/{warehouse.pk}/movements/"

    browser.post(
        "/account/", {**PROFILE, "time_zone": "America/New_York", "date_style": "month", "number_style": "point"}
    )

    assert "1.234" in browser.get(f"/skus/{sku.pk}/").content.decode()
    page = browser.get(path).content.decode()
    assert "a.m. E" in page or "p.m. E" in page, "Eastern time"
    other = Client()
    other.force_login(User.objects.create_user("ben"))
    assert "1,234" in other.get(f"/skus/{sku.pk}/").content.decode(), "the next request is another person's"


def test_the_email_changes_with_the_password_only(browser: Client, owner: User, ben: User) -> None:
    new = {**PROFILE, "email": "new@example.com"}

    assert browser.post("/account/", new).status_code == 422
    assert browser.post("/account/", {**new, "password": "wrong"}).status_code == 422
    assert browser.post("/account/", {**new, "email": "BEN@example.com", "password": PASSWORD}).status_code == 422
    owner.refresh_from_db()
    assert owner.email == "ana@example.com"

    assert browser.post("/account/", {**new, "password": PASSWORD}).status_code == 302
    owner.refresh_from_db()
    assert owner.email == "new@example.com"
    entry = AuditEntry.objects.get(action="user.profile")
    assert entry.before["email"] == "ana@example.com"
    assert PASSWORD not in str(entry.after)


def test_a_time_zone_that_is_gone_reads_as_utc(browser: Client, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(time_zone="Mars/Olympus")

    assert browser.get("/skus/").status_code == 200

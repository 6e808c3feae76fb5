"""The strict policy needs pages without inline style, script or handler; here that is seen in the markup."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.test import Client

from dashboard.models import User
from tests.dashboard.conftest import make_listing

FORBIDDEN = [
    re.compile(r"<[^>]+\sstyle="),
    re.compile(r"<[^>]+\son[a-z]+="),
    re.compile(r"<[^>]+\shx-on"),
    re.compile(r"<style"),
    re.compile(r"<script(?![^>]*\ssrc=)"),
    re.compile(r"javascript:"),
]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/components/",
        "/skus/",
        "/skus/new/",
        "/skus/{tee}/",
        "/skus/{tee}/adjust/",
        "/inventory/warehouses/",
        "/inventory/warehouses/{main}/",
        "/inventory/warehouses/{main}/movements/",
        "/accounts/password/change/",
        "/accounts/logout/",
        "/nowhere/",
    ],
)
def test_nothing_inline(browser: Client, user: User, shop: SimpleNamespace, path: str) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    make_listing(shop.north, shop.tee, accounted=10, shown=10)

    response = browser.get(path.format(tee=shop.tee.pk, main=shop.main.pk))

    html = response.content.decode()
    assert [pattern.pattern for pattern in FORBIDDEN if pattern.search(html)] == []
    assert "unsafe" not in response["Content-Security-Policy"]
    assert html.count("<h1") == 1
    assert "<main" in html

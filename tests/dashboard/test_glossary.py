from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.test import Client

from dashboard import glossary
from tests.dashboard.conftest import make_listing


def test_the_page_of_words_has_each_word_once(browser: Client, shop: SimpleNamespace) -> None:
    body = browser.get("/words/").content.decode()

    assert re.findall(r'<div id="([a-z-]+)"><dt>', body) == list(glossary.TERMS)


@pytest.mark.parametrize("key", ["on-hand", "reserved", "available", "unsellable", "accounted"])
def test_a_word_on_a_sku_page_explains_itself_once(browser: Client, shop: SimpleNamespace, key: str) -> None:
    make_listing(shop.north, shop.tee)

    body = browser.get(f"/skus/{shop.tee.pk}/").content.decode()

    assert body.count(f'id="term-{key}"') == 1
    assert f'popovertarget="term-{key}"' in body

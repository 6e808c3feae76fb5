"""Tokens: client credentials, consent, refreshing; the signed way back."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from sandbox.shopify import ShopifySimulator
from tests.sandbox.shopify.conftest import Admin


def token(shop: ShopifySimulator, **sent: Any) -> requests.Response:
    known = {"client_id": shop.client_id, "client_secret": shop.client_secret}
    return requests.post(f"{shop.url}/admin/oauth/access_token", data={**known, **sent}, timeout=5)


def works(shop: ShopifySimulator, made: str) -> bool:
    with Admin(shop, made) as admin:
        return admin.send_query("{ shop { name } }").status_code == 200


def test_client_credentials_make_a_token_for_a_day(shop: ShopifySimulator) -> None:
    answer = token(shop, grant_type="client_credentials").json()
    shop.options.same_organisation = False
    other = token(shop, grant_type="client_credentials")
    wrong = token(shop, grant_type="client_credentials", client_secret="no")

    assert (answer["expires_in"], works(shop, answer["access_token"])) == (86_400, True)
    assert "write_inventory" in answer["scope"].split(",")
    assert (other.status_code, other.json()["error"]) == (400, "shop_not_permitted")
    assert wrong.json()["error"] == "invalid_client"


def test_a_consent_leads_back_signed_and_its_code_works_once(shop: ShopifySimulator) -> None:
    shop.options.auto_consent = True
    asked = {
        "client_id": shop.client_id,
        "scope": "read_orders,read_products",
        "redirect_uri": "https://app.example/cb",
        "state": "s1",
    }
    answer = requests.get(f"{shop.url}/admin/oauth/authorize", params=asked, allow_redirects=False, timeout=5)
    query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    signature = query.pop("hmac")
    message = urlencode(sorted(query.items())).encode()
    made = token(shop, code=query["code"]).json()

    assert signature == hmac.new(shop.client_secret.encode(), message, hashlib.sha256).hexdigest()
    assert (query["shop"], query["state"]) == ("north.myshopify.com", "s1")
    assert (made["scope"], works(shop, made["access_token"])) == ("read_orders,read_products", True)
    assert token(shop, code=query["code"]).status_code == 400


def test_a_page_asks_before_it_leads_back(shop: ShopifySimulator) -> None:
    asked = {
        "client_id": shop.client_id,
        "scope": "read_orders",
        "redirect_uri": "https://app.example/cb",
        "state": "s",
    }
    page = requests.get(f"{shop.url}/admin/oauth/authorize", params=asked, timeout=5).text
    link = page.partition('id="allow"')[0].rpartition('href="')[2].partition('"')[0]
    answer = requests.get(f"{shop.url}{link}", allow_redirects=False, timeout=5)

    assert "asks to be installed" in page
    assert answer.headers["Location"].startswith("https://app.example/cb?code=")


def test_expiring_tokens_are_refreshed_and_the_old_one_can_be_tried_again(shop: ShopifySimulator) -> None:
    code = shop.access.grant("https://app.example/cb", ("read_orders",))
    first = token(shop, code=code, expiring="1").json()
    second = token(shop, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    repeated = token(shop, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    third = token(shop, grant_type="refresh_token", refresh_token=second["refresh_token"]).json()
    late = token(shop, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert (first["expires_in"], first["refresh_token_expires_in"]) == (3600, 90 * 86_400)
    assert repeated["refresh_token"] == second["refresh_token"] != third["refresh_token"]
    assert late.json()["error"] == "invalid_grant"


def test_uninstalling_kills_everything(shop: ShopifySimulator) -> None:
    made = shop.token
    shop.uninstall()

    assert works(shop, made) is False
    assert token(shop, grant_type="client_credentials").json()["error"] == "app_not_installed"

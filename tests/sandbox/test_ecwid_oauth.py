from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import requests

from sandbox.ecwid import EcwidSimulator
from tests.sandbox.conftest import Api

RETURN = "https://app.example.com/callback/"


def authorise(shop: EcwidSimulator, **changes: str) -> requests.Response:
    query = {
        "client_id": shop.client_id,
        "redirect_uri": RETURN,
        "response_type": "code",
        "scope": "read_catalog read_orders",
        "state": "s1",
        **changes,
    }
    return requests.get(f"{shop.url}/api/oauth/authorize", params=query, timeout=5, allow_redirects=False)


def decide(shop: EcwidSimulator, page: requests.Response, answer: str) -> requests.Response:
    link = re.search(rf'href="(/api/oauth/authorize/{answer}\?[^"]+)"', page.text)
    assert link
    return requests.get(shop.url + link[1], timeout=5, allow_redirects=False)


def exchange(shop: EcwidSimulator, code: str, **changes: str) -> requests.Response:
    query = {
        "client_id": shop.client_id,
        "client_secret": shop.client_secret,
        "code": code,
        "redirect_uri": RETURN,
        "grant_type": "authorization_code",
        **changes,
    }
    return requests.get(f"{shop.url}/api/oauth/token", params=query, timeout=5)


def returned(response: requests.Response) -> dict[str, list[str]]:
    assert response.status_code == 302
    assert response.headers["Location"].startswith(RETURN)
    return parse_qs(urlsplit(response.headers["Location"]).query)


def test_consent_gives_a_code_and_the_code_a_token(shop: EcwidSimulator, api: Api) -> None:
    answer = returned(decide(shop, authorise(shop), "allow"))
    token = exchange(shop, answer["code"][0]).json()

    assert answer["state"] == ["s1"]
    assert {name: token[name] for name in ("token_type", "scope", "store_id")} == {
        "token_type": "bearer",
        "scope": "read_catalog read_orders",
        "store_id": 1003,
    }
    api.headers["Authorization"] = f"Bearer {token['access_token']}"
    assert api.get("/products").status_code == 200
    assert api.get("/profile").json()["errorCode"] == "INSUFFICIENT_APP_SCOPE"


def test_a_refusal_comes_back_as_access_denied(shop: EcwidSimulator) -> None:
    assert returned(decide(shop, authorise(shop), "deny"))["error"] == ["access_denied"]


def test_a_second_exchange_kills_the_token_already_issued(shop: EcwidSimulator, api: Api) -> None:
    shop.options.auto_consent = True
    code = returned(authorise(shop))["code"][0]
    token = exchange(shop, code).json()["access_token"]

    second = exchange(shop, code)

    api.headers["Authorization"] = f"Bearer {token}"
    assert (second.status_code, second.json()) == (400, {"error": "invalid_grant"})
    assert api.get("/products").json()["errorCode"] == "INVALID_API_TOKEN"


def test_the_exchange_must_match_the_consent(shop: EcwidSimulator) -> None:
    shop.options.auto_consent = True
    code = returned(authorise(shop))["code"][0]

    refused = [
        exchange(shop, code, redirect_uri=RETURN.rstrip("/")),
        exchange(shop, code, client_secret="guess"),
        exchange(shop, code, grant_type="password"),
        exchange(shop, "guess"),
    ]

    assert [each.status_code for each in refused] == [400] * 4
    assert exchange(shop, code).status_code == 200


def test_a_scope_the_app_is_not_registered_for_is_refused() -> None:
    with EcwidSimulator(app_scopes=("read_catalog",), auto_consent=True) as shop:
        answer = authorise(shop)

    assert answer.status_code == 400
    assert "read_orders" in answer.text


def test_an_old_code_has_expired() -> None:
    now = [1_000_000.0]
    with EcwidSimulator(auto_consent=True, clock=lambda: now[0]) as shop:
        code = returned(authorise(shop))["code"][0]
        now[0] += 601

        assert exchange(shop, code).json() == {"error": "invalid_grant"}


def test_the_token_address_takes_post_only_when_the_knob_says_so(shop: EcwidSimulator) -> None:
    refused = requests.post(f"{shop.url}/api/oauth/token", data={"code": "x"}, timeout=5)
    shop.options.accept_token_post = True
    answered = requests.post(f"{shop.url}/api/oauth/token", data={"code": "x"}, timeout=5)

    assert (refused.status_code, answered.status_code) == (405, 400)

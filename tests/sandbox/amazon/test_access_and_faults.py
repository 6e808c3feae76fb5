from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.amazon import AmazonSimulator
from sandbox.amazon.options import INVENTORY
from tests.sandbox.amazon.world import Api, Clock, merchant


def ask(sim: AmazonSimulator, **form: str) -> requests.Response:
    given = {
        "grant_type": "refresh_token",
        "client_id": sim.access.client_id,
        "client_secret": sim.access.client_secret,
        "refresh_token": sim.access.refresh_token,
        **form,
    }
    return requests.post(f"{sim.url}/auth/o2/token", data=given, timeout=5)


def test_a_token_lasts_an_hour(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    sim.options.token_seconds = 3600.0
    token = ask(sim).json()
    api.headers["x-amz-access-token"] = token["access_token"]
    before = api.get("/sellers/v1/marketplaceParticipations").status_code
    clock.skip(3601)
    after = api.get("/sellers/v1/marketplaceParticipations")

    assert (token["token_type"], token["expires_in"], token["refresh_token"]) == ("bearer", 3600, "Atzr|sandbox")
    assert token["access_token"].startswith("Atza|")
    assert (before, after.status_code) == (200, 403)
    assert "expired" in after.json()["errors"][0]["details"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"refresh_token": "Atzr|other"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "everything"}, 400, "invalid_scope"),
    ],
)
def test_refused_tokens_are_oauth_shaped(sim: AmazonSimulator, form: dict[str, str], status: int, error: str) -> None:
    answer = ask(sim, **form)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert set(answer.json()) == {"error", "error_description"}


def test_a_revoked_seller_gets_no_token(sim: AmazonSimulator, api: Api) -> None:
    sim.access.revoke()
    refused = ask(sim).json()["error"]
    dead = api.get("/sellers/v1/marketplaceParticipations").status_code
    fresh = sim.access.authorise()

    assert (refused, dead) == ("invalid_grant", 403)
    assert ask(sim, refresh_token=fresh).status_code == 200


def test_the_apps_token_is_for_the_apps_operations(sim: AmazonSimulator, api: Api) -> None:
    app = api.as_app()

    assert app.get("/notifications/v1/destinations").status_code == 200
    assert api.get("/notifications/v1/destinations").status_code == 403
    assert app.get("/sellers/v1/marketplaceParticipations").status_code == 403


def test_a_missing_role_is_a_403(sim: AmazonSimulator, api: Api) -> None:
    sim.access.authorise(same=True, roles=(INVENTORY,))

    refused = api.item("TEE-M")

    assert refused["errors"][0] == {
        "code": "Unauthorized",
        "message": "Access to requested resource is denied.",
        "details": "",
    }
    assert "orders" in api.orders(lastUpdatedAfter="2020-01-01T00:00:00Z")


def test_calls_without_a_token_or_a_name_are_refused(sim: AmazonSimulator, api: Api) -> None:
    path = "/sellers/v1/marketplaceParticipations"

    assert requests.get(sim.url + path, timeout=5).status_code == 403
    assert api.get(path, headers={"User-Agent": "x" * 501}).status_code == 400
    assert api.get(path).headers["x-amzn-RequestId"]


@pytest.fixture
def slow_plan(sim: AmazonSimulator) -> None:
    sim.quotas.change("getListingsItem", 0.5, 2)


@pytest.mark.usefixtures("slow_plan")
def test_a_bucket_refills_at_its_rate(sim: AmazonSimulator, api: Api, clock: Clock) -> None:
    answers = [api.item("TEE-M") for _ in range(3)]
    clock.skip(2.1)

    assert [bool(each.get("errors")) for each in answers] == [False, False, True]
    assert answers[2]["errors"][0]["code"] == "QuotaExceeded"
    assert "sku" in api.item("TEE-M")
    last = api.get(sim.requests[-1].path, params=sim.requests[-1].query)
    assert (last.status_code, last.headers["x-amzn-RateLimit-Limit"]) == (429, "0.5")


@pytest.mark.parametrize(
    ("fault", "status", "left"),
    [
        ("error_before", 500, 5),
        ("error_after", 500, 7),
        ("html", 200, 5),
        ("empty", 200, 5),
        ("unauthorized", 403, 5),
        ("rate_limited", 429, 5),
        ("invalid", 200, 5),
        ("never_applied", 200, 5),
    ],
)
def test_faults_of_a_write(sim: AmazonSimulator, api: Api, fault: str, status: int, left: int) -> None:
    sim.faults.set(fault, next=1)

    answer = api.patch_item("TEE-M", merchant(7))

    assert answer.status_code == status
    assert sim.quantity_of("TEE-M") == left
    assert api.patch_item("TEE-M", merchant(7)).json()["status"] == "ACCEPTED"


def test_a_write_that_times_out_was_taken(sim: AmazonSimulator, api: Api) -> None:
    sim.faults.set("timeout_after", next=1, seconds=0.01)

    with pytest.raises(requests.ConnectionError):
        api.patch_item("TEE-M", merchant(7))

    assert sim.quantity_of("TEE-M") == 7


def test_faults_of_reads(sim: AmazonSimulator, api: Api) -> None:
    sim.faults.set("error_reads", next=1)
    sim.faults.set("token_error", next=1)

    assert api.item("TEE-M")["errors"][0]["code"] == "InternalFailure"
    assert ask(sim).status_code == 500
    assert api.patch_item("TEE-M", merchant(7)).status_code == 200


def test_a_page_of_a_search_shifts(sim: AmazonSimulator, api: Api) -> None:
    for number in range(3):
        sim.add_item(f"S{number}", quantity=1)
    sim.faults.set("shift_page", next=1)
    path = f"/listings/2021-08-01/items/{sim.seller_id}"
    asked: dict[str, Any] = {"marketplaceIds": sim.options.marketplaces[0], "pageSize": 2}

    api.get(path, params=asked)

    assert sim.store.items.all()[0].sku == "SHIFTED-PAGE"

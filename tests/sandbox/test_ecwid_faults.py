from __future__ import annotations

import pytest
import requests

from sandbox.ecwid import EcwidSimulator
from sandbox.faults import BadFault, UnknownFault
from tests.sandbox.conftest import Api, Receiver


def adjust(api: Api, product_id: int) -> requests.Response:
    return api.put(f"/products/{product_id}/inventory", json={"quantityDelta": -1})


@pytest.fixture
def product_id(shop: EcwidSimulator) -> int:
    return shop.add_product(sku="A", quantity=10).id


@pytest.mark.parametrize(("fault", "left"), [("error_before", 10), ("error_after", 9)])
def test_500_before_and_after_applying(shop: EcwidSimulator, api: Api, product_id: int, fault: str, left: int) -> None:
    shop.faults.set(fault, next=1)

    answer = adjust(api, product_id)

    assert (answer.status_code, answer.json()["errorCode"]) == (500, "INTERNAL_ERROR")
    assert shop.quantity(product_id) == left
    assert adjust(api, product_id).status_code == 200


def test_a_write_that_times_out_has_been_applied(shop: EcwidSimulator, api: Api, product_id: int) -> None:
    shop.faults.set("timeout_after", next=1, seconds=0.01)

    with pytest.raises(requests.ConnectionError):
        adjust(api, product_id)

    assert shop.quantity(product_id) == 9
    assert shop.requests[-1].status == 0


def test_a_held_connection_outlasts_the_clients_patience(shop: EcwidSimulator, api: Api, product_id: int) -> None:
    shop.faults.set("timeout_after", next=1, seconds=30)

    with pytest.raises(requests.ReadTimeout):
        api.put(f"/products/{product_id}/inventory", json={"quantityDelta": -1}, timeout=0.1)

    assert shop.quantity(product_id) == 9


def test_odd_answers_apply_nothing(shop: EcwidSimulator, api: Api, product_id: int) -> None:
    shop.faults.set("html", next=1)
    html = adjust(api, product_id)
    shop.faults.set("empty", next=1)
    empty = adjust(api, product_id)
    shop.faults.set("plan_402", next=1)
    plan = adjust(api, product_id)
    shop.faults.set("rate_limited", next=1, seconds=7)
    limited = adjust(api, product_id)
    shop.faults.set("not_updated", next=1)
    ignored = adjust(api, product_id)

    assert (html.status_code, html.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (empty.status_code, empty.content) == (200, b"")
    assert (plan.status_code, plan.json()["errorCode"]) == (402, "NOT_AVAILABLE_ON_CURRENT_PLAN")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert ignored.json() == {"updateCount": 0}
    assert shop.quantity(product_id) == 10


def test_reads_can_fail_while_writes_work(shop: EcwidSimulator, api: Api, product_id: int) -> None:
    shop.faults.set("error_reads", probability=1)

    assert api.get("/products").status_code == 500
    assert adjust(api, product_id).status_code == 200


def test_faults_combine(shop: EcwidSimulator, api: Api, product_id: int) -> None:
    shop.faults.set("slow", next=1, seconds=0.02)
    shop.faults.set("error_after", next=1)

    answer = adjust(api, product_id)

    assert answer.status_code == 500
    assert answer.elapsed.total_seconds() >= 0.02
    assert shop.quantity(product_id) == 9


def test_an_expired_token_works_again_only_when_renewed(shop: EcwidSimulator, api: Api, product_id: int) -> None:
    shop.access.expire()
    dead = adjust(api, product_id)
    new = shop.access.renew()

    assert dead.json()["errorCode"] == "INVALID_API_TOKEN"
    assert adjust(api, product_id).status_code == 403
    api.headers["Authorization"] = f"Bearer {new}"
    assert adjust(api, product_id).status_code == 200


def test_a_page_that_shifts_repeats_one_product_and_later_hides_one(shop: EcwidSimulator, api: Api) -> None:
    for number in range(6):
        shop.add_product(sku=f"S{number}", quantity=1)

    def scan() -> list[str]:
        pages = [
            api.get("/products", params={"sortBy": "ADDED_TIME_ASC", "limit": 3, "offset": offset}).json()["items"]
            for offset in (0, 3)
        ]
        return [item["sku"] for page in pages for item in page]

    shop.faults.set("shift_page", next=1)
    inserted = scan()
    shop.faults.set("shift_page", next=1)
    removed = scan()

    assert inserted == ["S0", "S1", "S2", "S2", "S3", "S4"]
    assert removed == ["SHIFTED-PAGE", "S0", "S1", "S3", "S4", "S5"]


def test_a_store_that_goes_down_comes_back_with_its_state(
    shop: EcwidSimulator, api: Api, product_id: int, receiver: Receiver
) -> None:
    adjust(api, product_id)
    address = shop.base_url

    shop.stop()
    with pytest.raises(requests.ConnectionError):
        adjust(api, product_id)
    shop.set_webhook(receiver.url)
    shop.buy(product_id)
    shop.start()
    receiver.wait_for(2)

    assert shop.base_url == address
    assert adjust(api, product_id).status_code == 200
    assert shop.quantity(product_id) == 7


def test_senseless_settings_are_refused(shop: EcwidSimulator) -> None:
    with pytest.raises(UnknownFault):
        shop.faults.set("gremlins", next=1)
    with pytest.raises(BadFault):
        shop.faults.set("html", next=-1)
    with pytest.raises(BadFault):
        shop.faults.set("html", probability=1.5)

    assert not any(setting["next"] or setting["probability"] for setting in shop.faults.describe().values())

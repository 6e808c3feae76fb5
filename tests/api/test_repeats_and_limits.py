"""A repeated POST is answered as before, a polled read costs nothing while nothing changes, and calls are counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from api import limits
from api.models import KeptAnswer
from inventory.models import Movement, Sku, Warehouse
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db


def test_any_post_with_a_key_is_done_once_and_answered_the_same(api: Api) -> None:
    body = {"code": "TEE", "name": "Tee"}

    first = api.post("skus/", body, key="k1")
    Sku.objects.update(name="Changed since")
    again = api.post("skus/", {"name": "Tee", "code": "TEE"}, key='"k1"')

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert_problem(api.post("skus/", {**body, "name": "Other"}, key="k1"), 422, "idempotency-key-reused")
    # A key belongs to its address.
    assert api.post("warehouses/", {"code": "W", "name": "W"}, key="k1").status_code == 201


def test_what_moves_stock_is_answered_from_the_store_and_guarded_by_the_ledger(api: Api, tee: Sku) -> None:
    body = {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 2}
    first = api.post("stock/receipts/", body, key="k")
    api.post("stock/receipts/", {**body, "units": 5}, key="other")

    assert api.post("stock/receipts/", body, key="k").json() == first.json()
    KeptAnswer.objects.all().delete()  # as if a crash had come before the answer was kept
    assert api.post("stock/receipts/", body, key="k").json() == first.json()
    assert Movement.objects.filter(kind="receipt", on_hand_delta=2).count() == 1


def test_a_refused_request_does_not_use_up_its_key(api: Api, main: Warehouse) -> None:
    assert api.post("skus/", {"code": ""}, key="k").status_code == 400
    assert api.post("skus/", {"code": "TEE"}, key="k").status_code == 201


def test_a_twin_waits_while_the_first_is_at_work_and_goes_on_where_that_died(api: Api, user: Any) -> None:
    body = {"code": "TEE"}
    assert api.post("skus/", body, key="k").status_code == 201
    Sku.objects.all().delete()
    KeptAnswer.objects.update(status=None, body=None)

    waiting = api.post("skus/", body, key="k")
    assert_problem(waiting, 409, "request-under-way")
    assert waiting.headers["Retry-After"] == "1"

    KeptAnswer.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert api.post("skus/", body, key="k").status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "é", "a\tb"])
def test_a_key_that_can_t_be_used_is_refused(api: Api, key: str) -> None:
    body = assert_problem(api.post("skus/", {"code": "TEE"}, key=key.encode().decode("latin-1")), 400, "invalid-input")

    assert body["errors"][0]["field"] == "Idempotency-Key"


def test_a_read_carries_an_etag_and_is_304_until_something_changes(api: Api, tee: Sku) -> None:
    first = api.get("stock/")
    etag = first.headers["ETag"]

    same = api.client.get("/api/v1/stock/", headers={"If-None-Match": etag})
    api.post("stock/receipts/", {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 1}, key="k")
    other = api.client.get("/api/v1/stock/", headers={"If-None-Match": etag})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
    assert other.headers["ETag"] != etag


def test_calls_are_counted_told_and_limited_for_each_token(
    api: Api, caller: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(limits, "_clock", lambda: 1_000_010)
    settings.API_CALLS_PER_MINUTE = 2

    answers = [api.get("skus/") for _ in range(3)]

    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"2"}
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert_problem(answers[2], 429, "too-many-requests")
    assert answers[2].headers["Retry-After"] == answers[2].headers["RateLimit-Reset"] == "10"
    monkeypatch.setattr(limits, "_clock", lambda: 1_000_020)
    assert api.get("skus/").headers["RateLimit-Remaining"] == "1"
    assert caller("stock:read").get("skus/").status_code == 200


def test_a_limiter_that_is_away_limits_nobody(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "add", away)

    assert api.get("skus/").status_code == 200

"""Every refusal has one shape and one content type, and none tells a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from api import tokens
from api.models import ApiToken
from api.permissions import SCOPES
from dashboard.models import User
from inventory import operations
from inventory.models import Sku, Warehouse
from tests.api.conftest import Api

NOBODY = "00000000-0000-4000-8000-000000000000"


def assert_problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "errors"} <= set(body)
    assert (body["type"], body["status"]) == (f"urn:evenkeel:problem:{name}", status)
    assert body["detail"]
    return body


ENDPOINTS = [
    ("GET", "warehouses/", "stock:read"),
    ("POST", "warehouses/", "stock:write"),
    ("GET", "skus/", "stock:read"),
    ("POST", "skus/", "stock:write"),
    ("PATCH", "skus/1/", "stock:write"),
    ("POST", "skus/1/archive/", "stock:write"),
    ("GET", "stock/", "stock:read"),
    ("POST", "stock/receipts/", "stock:write"),
    ("POST", "stock/adjustments/", "stock:write"),
    ("POST", "stock/transfers/", "stock:write"),
    ("POST", "stock/counts/", "stock:write"),
    ("POST", "stock/returns/", "stock:write"),
    ("POST", "stock/adjustments/batch/", "stock:write"),
    ("POST", "stock/reclassifications/", "stock:write"),
    ("POST", "skus/batch/", "stock:write"),
    ("GET", "movements/", "stock:read"),
    ("GET", "shipments/", "stock:read"),
    ("POST", "shipments/", "shipments:write"),
    ("GET", "reservations/", "stock:read"),
    ("POST", "reservations/", "reservations:write"),
    ("POST", f"reservations/{NOBODY}/release/", "reservations:write"),
    ("POST", f"reservations/{NOBODY}/fulfil/", "reservations:write"),
    ("POST", f"reservations/{NOBODY}/backorder/", "reservations:write"),
    ("GET", "stock/runs-out/", "stock:read"),
    ("GET", "channels/", "channels:read"),
    ("PATCH", "channels/1/", "channels:write"),
    ("POST", "channels/", "channels:write"),
    ("POST", "channels/test/", "channels:write"),
    ("POST", "channels/1/disconnect/", "channels:write"),
    ("GET", "channels/1/preview/", "channels:read"),
    ("GET", "platforms/", "channels:read"),
    ("GET", "imports/", "channels:read"),
    ("GET", "listings/", "channels:read"),
    ("POST", "listings/map/", "channels:write"),
    ("POST", "listings/1/ignore/", "channels:write"),
    ("POST", "listings/ignore-beside/", "channels:write"),
    ("GET", "sandbox/", "channels:read"),
    ("POST", "sandbox/load/", "channels:write"),
    ("POST", "sandbox/clear/", "channels:write"),
    ("POST", "orders/1/fetch/", "channels:write"),
    ("POST", "orders/fetch/", "channels:write"),
    ("POST", "inbox/1/replay/", "channels:write"),
    ("POST", "inbox/replay/", "channels:write"),
    ("GET", "changes/", "changes:read"),
    ("GET", "tokens/", "tokens:read"),
    ("DELETE", "tokens/1/", "tokens:write"),
    ("PATCH", "listings/1/", "channels:write"),
    ("GET", "orders/", "orders:read"),
    ("GET", "inbox/", "channels:read"),
    ("GET", "pushes/", "channels:read"),
    ("GET", "reconciliation-runs/", "reconciliation:read"),
    ("POST", "reconciliation-runs/", "reconciliation:write"),
    ("POST", "reconciliation-runs/1/stop/", "reconciliation:write"),
    ("POST", "reconciliation-runs/1/allow/", "reconciliation:write"),
    ("GET", "reconciliation-runs/1/findings/", "reconciliation:read"),
    ("GET", "discrepancies/", "reconciliation:read"),
    ("POST", "discrepancies/resolve/", "reconciliation:write"),
    ("POST", "discrepancies/1/resolve/", "reconciliation:write"),
    ("POST", "discrepancies/1/undo/", "reconciliation:write"),
    ("GET", "discrepancy-batches/", "reconciliation:read"),
    ("GET", "discrepancy-batches/1/results/", "reconciliation:read"),
    ("POST", "discrepancy-batches/1/stop/", "reconciliation:write"),
    ("POST", "discrepancy-batches/1/undo/", "reconciliation:write"),
    ("GET", "count-tasks/", "reconciliation:read"),
    ("POST", "count-tasks/", "reconciliation:write"),
    ("POST", "count-tasks/1/cancel/", "reconciliation:write"),
    ("GET", "reconciliation-schedule/", "reconciliation:read"),
    ("PATCH", "reconciliation-schedule/", "reconciliation:write"),
    ("GET", "tolerances/", "reconciliation:read"),
    ("POST", "tolerances/", "reconciliation:write"),
    ("GET", "hold-backs/", "reconciliation:read"),
    ("POST", "hold-backs/", "reconciliation:write"),
    ("GET", "pos/sales/", "stock:read"),
    ("POST", "pos/sales/", "sales:write"),
    ("POST", "pos/sales/batch/", "sales:write"),
    ("POST", "pos/sales/1/resolve/", "stock:write"),
    ("GET", "events/", "webhooks:read"),
    ("GET", "webhooks/", "webhooks:read"),
    ("POST", "webhooks/", "webhooks:write"),
    ("DELETE", f"webhooks/{NOBODY}/", "webhooks:write"),
    ("POST", f"webhooks/{NOBODY}/rotate/", "webhooks:write"),
    ("GET", "deliveries/", "webhooks:read"),
    ("POST", "deliveries/1/replay/", "webhooks:write"),
    ("POST", "hooks/", "webhooks:write"),
    ("DELETE", f"hooks/{NOBODY}/", "webhooks:write"),
    ("GET", "hooks/samples/", "webhooks:read"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
def test_each_endpoint_wants_its_scope_and_names_it(
    caller: Callable[..., Api], method: str, path: str, scope: str
) -> None:
    without = caller(*(other for other in SCOPES if other != scope))

    body = assert_problem(without.send(method, path, {}), 403, "missing-scope")

    assert body["scope"] == scope
    assert scope in body["detail"]
    assert caller(scope).send(method, path, {}).status_code != 403


@pytest.mark.parametrize(("method", "path", "scope"), ENDPOINTS)
@pytest.mark.django_db
def test_without_a_token_there_is_401_and_no_redirect(method: str, path: str, scope: str) -> None:
    answer = Client().generic(method, f"/api/v1/{path}", b"{}", content_type="application/json")

    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic YTpi", "Bearer a b", "Bearer \xff", "Token x"])
@pytest.mark.django_db
def test_a_bad_token_is_401(header: str) -> None:
    answer = Client().get("/api/v1/skus/", headers={"Authorization": header})

    assert_problem(answer, 401, "unauthorized")


def test_a_session_does_not_open_the_api(user: User) -> None:
    client = Client()
    client.force_login(user)

    assert client.get("/api/v1/skus/").status_code == 401


def test_a_revoked_token_and_one_of_a_person_who_left_are_401(api: Api, user: User) -> None:
    assert api.get("skus/").status_code == 200
    user.is_active = False
    user.save()
    assert_problem(api.get("skus/"), 401, "unauthorized")
    user.is_active = True
    user.save()
    tokens.revoke(prefix=ApiToken.objects.get().prefix, user=user, now=ApiToken.objects.get().created_at)
    assert_problem(api.get("skus/"), 401, "unauthorized")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/nothing/", "/api/", "/api/v2/skus/", "/api/v1/skus/abc/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.django_db
def test_an_address_that_does_not_exist_is_404(method: str, path: str) -> None:
    assert_problem(Client().generic(method, path), 404, "not-found")


@pytest.mark.parametrize("path", ["skus/999/", "skus/999999999999999999/", f"reservations/{NOBODY}/"])
def test_a_row_that_does_not_exist_is_404(api: Api, path: str) -> None:
    assert_problem(api.get(path), 404, "not-found")


def test_a_method_that_does_not_exist_is_405(api: Api) -> None:
    for method in ("DELETE", "PUT", "BREW"):
        answer = api.send(method, "skus/", {})
        assert_problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "raw",
    [b"{", b"", b"\xff\xfe", b'{"code": NaN}', b"[" * 100_000, b'{"code": ' + b"9" * 5000 + b"}", b"{'code': 1}"],
    ids=["cut", "empty", "not-utf8", "nan", "deep", "long-number", "python"],
)
def test_a_malformed_body_is_400(api: Api, raw: bytes) -> None:
    answer = api.client.generic("POST", "/api/v1/skus/", raw, content_type="application/json")

    assert_problem(answer, 400, "malformed-body" if raw else "invalid-input")
    assert not Sku.objects.exists()


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_400(api: Api, body: object) -> None:
    answer = api.send("POST", "skus/", raw=json.dumps(body).encode())

    assert_problem(answer, 400, "invalid-input")


def test_another_content_type_is_415(api: Api) -> None:
    answer = api.client.post("/api/v1/skus/", {"code": "TEE"})

    assert_problem(answer, 415, "unsupported-media-type")


def test_another_answer_than_json_is_406(api: Api) -> None:
    answer = api.client.get("/api/v1/skus/", headers={"Accept": "text/csv"})

    assert_problem(answer, 406, "not-acceptable")


def test_a_body_without_end_is_413(api: Api) -> None:
    answer = api.client.generic(
        "POST", "/api/v1/skus/", b'{"code": "' + b"x" * 1_048_577 + b'"}', content_type="application/json"
    )

    assert_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (RuntimeError("the password is hunter2"), 500, "internal-error"),
        (IntegrityError("table secrets, key (hunter2)"), 409, "conflict"),
        (OperationalError("postgres://user:hunter2@db is away"), 503, "unavailable"),
    ],
)
def test_what_nobody_expected_says_nothing_of_itself(
    api: Api, tee: Sku, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, name: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(operations, "receive", fail)
    answer = api.post("stock/receipts/", {"sku": "TEE-BLK-M", "warehouse": "MAIN", "units": 1}, key="k")

    assert_problem(answer, status, name)
    assert b"hunter2" not in answer.content
    assert b"Traceback" not in answer.content


def test_head_and_options_work(api: Api, main: Warehouse) -> None:
    assert api.send("HEAD", "skus/").status_code == 200
    assert api.send("OPTIONS", "skus/").status_code == 200

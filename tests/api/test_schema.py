"""The OpenAPI description is valid, says what is true, and its page works under the strict policy."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from tests.api.test_errors import ENDPOINTS

STOCK_CHANGES = ("adjustments", "counts", "receipts", "reclassifications", "returns", "transfers")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema() -> Any:
    """The description as anybody gets it; drawing it takes a second, so it is drawn once."""
    answer = Client().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    return answer.json()


def test_the_schema_is_valid_and_needs_no_sign_in(schema: Any) -> None:
    validate(schema)
    assert schema["openapi"] == "3.1.0"
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_the_schema_raises_no_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO(), stderr=io.StringIO())


def test_the_schema_has_every_endpoint_with_its_scope(schema: Any) -> None:
    paths = schema["paths"]

    for method, path, scope in ENDPOINTS:
        template = re.sub(r"/[0-9a-f-]{36}/", "/{uuid}/", f"/api/v1/{path}")
        operation = paths[re.sub(r"/\d+/", "/{id}/", template)][method.lower()]
        assert operation["description"].endswith(f"Scope: `{scope}`.")
        assert "application/problem+json" in operation["responses"]["401"]["content"]


def test_the_schema_tells_where_a_key_is_needed(schema: Any) -> None:
    paths = schema["paths"]

    keyed = {
        path
        for path, operations in paths.items()
        for parameter in operations.get("post", {}).get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter.get("required")
    }

    stock = {f"/api/v1/stock/{name}/" for name in STOCK_CHANGES}
    assert keyed == {*stock, "/api/v1/reservations/"}


def test_the_page_has_nothing_inline() -> None:
    page = Client().get("/api/docs/")
    text = page.content.decode()

    assert page.status_code == 200
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "<style" not in text
    assert "style=" not in text
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    script = Client().get(re.findall(r'src="(/api/docs/[^"]*)"', text)[0])
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert b"/api/schema/" in script.content

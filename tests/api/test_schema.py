"""The OpenAPI description is valid, says what is true, and its page works under the strict policy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from jsonschema import FormatChecker
from jsonschema.validators import Draft202012Validator
from openapi_spec_validator import validate

from api.views.description import description
from tests.api.test_errors import ENDPOINTS

FORMAT_CHECKER = FormatChecker(["date-time", "uuid"])
STOCK_CHANGES = ("adjustments", "counts", "receipts", "reclassifications", "returns", "transfers")
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema() -> Any:
    """The description as it is drawn once in each process, with no warning."""
    reset_generator_stats()
    description.cache_clear()
    drawn = description()
    assert not GENERATOR_STATS, "manage.py spectacular --validate says what"
    return json.loads(json.dumps(drawn, default=str))


def test_the_schema_is_valid_and_needs_no_sign_in(schema: Any) -> None:
    answer = Client().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})

    assert answer.status_code == 200
    assert answer.json() == schema
    validate(schema)
    assert schema["openapi"] == "3.1.0"
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def operations(schema: Any) -> Iterator[tuple[str, str, Any]]:
    for path, each in schema["paths"].items():
        for method, operation in each.items():
            yield method, path, operation


def test_every_body_has_an_example_that_its_schema_allows(schema: Any) -> None:
    wrong = []
    for method, path, operation in operations(schema):
        bodies = [("request", operation.get("requestBody", {})), *operation["responses"].items()]
        for status, body in bodies:
            for media_type in body.get("content", {}).values():
                root = {**media_type["schema"], "components": schema["components"]}
                validator = Draft202012Validator(root, format_checker=FORMAT_CHECKER)
                said = media_type.get("examples") or {"": {"value": media_type["example"]}}
                for example in said.values():
                    value = example["value"]
                    for error in validator.iter_errors(value):
                        if status == "request" and error.validator == "required":
                            continue  # what is only read is required of answers alone; the fuzz test sends these
                        wrong.append(f"{method} {path} {status}: {error.json_path} {error.message}")
                    if value in (None, {}) and status != "request":
                        wrong.append(f"{method} {path} {status}: empty")

    assert wrong == []


def test_every_operation_tells_its_limits_and_what_a_reader_may_save(schema: Any) -> None:
    for method, path, operation in operations(schema):
        answers = operation["responses"]
        assert "Retry-After" in answers["429"]["headers"], path
        done = next(answer for status, answer in answers.items() if status.startswith("2"))
        assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(done["headers"])
        assert ("304" in answers) == (method == "get")
        assert ("ETag" in done["headers"]) == (method == "get")
        if method == "post":
            assert "409" in answers
            assert any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"])


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

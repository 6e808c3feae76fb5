"""The command that a bridge's author runs."""

from __future__ import annotations

import json
from io import StringIO

import pytest
import requests
from django.conf import settings
from django.core.management import call_command
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from sandbox.wms import Bridge


def run(bridge: Bridge, *, token: str = "") -> str:
    out = StringIO()
    try:
        call_command("check_wms", bridge.url, "--token", token or bridge.token, stdout=out)
    except SystemExit as ended:
        out.write(f"status {ended.code}")
    return out.getvalue()


def test_the_reference_bridge_keeps_every_promise(bridge: Bridge) -> None:
    bridge.add_location("Q2", "Quay 2")
    for number in range(5):
        bridge.set_stock(f"S{number}", "Q1", number)
        bridge.set_stock(f"S{number}", "Q2", number)
    bridge.ship("1042", "Q1", [{"sku": "S4", "quantity": 1}])
    said = run(bridge)
    assert said.count("ok ") == 7, said
    assert said.endswith("All promises are kept.\n")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("as_of_moves", "as_of changes"),
        ("odd_quantity", "is negative"),
        ("incomplete", "not complete"),
        ("duplicate_row", "stands twice"),
        ("html", "did not answer with JSON"),
        ("error", "answered 500, not 200"),
        ("hang_up", "did not answer (ConnectionError)"),
    ],
)
def test_a_broken_promise_is_named(bridge: Bridge, fault: str, words: str) -> None:
    for number in range(5):
        bridge.set_stock(f"S{number}", "Q1", number)
    bridge.faults.set(fault, probability=1.0)
    said = run(bridge)
    assert words in said
    assert said.endswith("status 1")


def test_a_token_that_is_not_the_bridges_lets_nothing_pass_but_its_refusal(bridge: Bridge) -> None:
    bridge.set_stock("TEE", "Q1", 5)

    said = run(bridge, token="mine")

    assert said.count("ok ") == 1, said
    assert "6 of 7 promises are not kept." in said


def test_the_bridge_answers_as_the_published_contract_says(bridge: Bridge) -> None:
    document = json.loads((settings.BASE_DIR / "static" / "wms-v1.openapi.json").read_bytes())
    validate(document)
    bridge.set_stock("TEE", "Q1", 5)
    bridge.ship("1042", "Q1", [{"sku": "TEE", "quantity": 1}])
    for path, params in (
        ("/v1/locations", {}),
        ("/v1/stock", {}),
        ("/v1/shipments", {"since": "2000-01-01T00:00:00Z"}),
    ):
        answer = requests.get(
            bridge.url + path, params=params, headers={"Authorization": f"Bearer {bridge.token}"}, timeout=5
        )
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())

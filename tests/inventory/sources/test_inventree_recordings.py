"""The simulator answers what a real InvenTree was recorded to answer. Where it doesn't, the simulator is wrong."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.inventree import InvenTree

CONTRACTS = os.environ.get("EVENKEEL_CONTRACTS", "")
FOLDER = Path(CONTRACTS).parent / "recordings" / "inventree" if CONTRACTS else None
TOKENS = {
    "Token inv-REDACTED-ADMIN": "Token inv-admin",
    "Bearer inv-REDACTED-ADMIN": "Bearer inv-admin",
    "Token inv-REDACTED-READONLY": "Token inv-readonly",
    "Token inv-REDACTED-NORIGHTS": "Token inv-norights",
    "Token inv-REDACTED": "Token inv-wrong",
    "Basic <base64 user:password>": "Basic " + base64.b64encode(b"sync_ro:read-only").decode(),
}
NOT_KEPT = {"permissions"}  # what a user may do beyond the roles; nothing of ours asks for it

pytestmark = pytest.mark.skipif(
    FOLDER is None or not FOLDER.is_dir(),
    reason="needs recordings: set EVENKEEL_CONTRACTS to the contracts beside them",
)


@pytest.fixture(scope="module")
def server() -> Iterator[InvenTree]:
    with InvenTree(filled=True) as running:
        running.store.today = lambda: "2026-11-21"
        yield running


def exchanges() -> list[Any]:
    if FOLDER is None:
        return []
    found = [each for path in sorted(FOLDER.glob("*.json")) for each in json.loads(path.read_bytes())]
    return [pytest.param(each, id=each["name"]) for each in found]


@pytest.mark.parametrize("exchange", exchanges())
def test_the_simulator_answers_as_recorded(server: InvenTree, exchange: dict[str, Any]) -> None:
    request, recorded = exchange["request"], exchange["response"]
    headers = dict(request["headers"])
    if "Authorization" in headers:
        headers["Authorization"] = TOKENS[headers["Authorization"]]

    answer = requests.request(
        request["method"], server.url + request["path"], headers=headers, json=request["body"], timeout=5
    )

    assert answer.status_code == recorded["status"]
    assert answer.headers["Content-Type"].startswith("application/json")
    said = answer.json()
    if isinstance(recorded["body"], dict) and "_truncated_list_of" in recorded["body"]:
        assert len(said) == recorded["body"]["_truncated_list_of"]
        return
    assert _comparable(said, server.url) == _comparable(recorded["body"], server.url)


def _comparable(body: Any, url: str) -> Any:
    text = re.sub(r"http://127\.0\.0\.1:\d+", url, json.dumps(body))
    text = re.sub(r"inv-REDACTED-READONLY", "inv-readonly", text)
    found = json.loads(text)
    return {name: value for name, value in found.items() if name not in NOT_KEPT} if isinstance(found, dict) else found

"""Connecting a stock source without the browser."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inventory.models import StockLevel, Warehouse
from inventory.sources.models import Source
from sandbox.wms import Bridge
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def credentials(tmp_path: Path, bridge: Bridge) -> Path:
    file = tmp_path / "bridge.json"
    file.write_text(json.dumps({"token": bridge.token}))
    return file


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("connect_source", *arguments, "--json", stdout=out)
    facts: dict[str, Any] = json.loads(out.getvalue())
    return facts


def test_a_source_is_connected_mapped_and_read(bridge: Bridge, credentials: Path, main: Warehouse) -> None:
    tee = make_sku("TEE")
    bridge.set_stock("TEE", "Q1", 5)

    facts = run(
        *("wms", "--name", "Quay", "--base-url", bridge.url, "--credentials", str(credentials)),
        *("--warehouse", f"{main.code}=Quay 1", "--pull-seconds", "60"),
    )

    source = Source.objects.get(pk=facts["id"])
    assert (source.name, source.pull_seconds, facts["events_url"]) == ("Quay", 60, source.events_url)
    assert facts["events_secret"].startswith("whsec_")
    work(source)
    assert StockLevel.objects.get(sku=tee, warehouse=main).on_hand == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--warehouse", "NOWHERE=Quay 1"), "There is no warehouse NOWHERE"),
        (("--warehouse", "MAIN=Quay 9"), "it has no place Quay 9. There are: Quay 1"),
        (("--warehouse", "MAIN"), "CODE=PLACE"),
        (("--pull-seconds", "3"), "30 to 86400"),
    ],
)
def test_what_is_wrong_is_said(
    bridge: Bridge, credentials: Path, main: Warehouse, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        run("wms", "--name", "Quay", "--base-url", bridge.url, "--credentials", str(credentials), *arguments)


def test_a_warehouse_that_another_source_has_is_left_to_it(
    bridge: Bridge, credentials: Path, wms: Source, main: Warehouse
) -> None:
    back = make_warehouse("BACK")
    common = ("wms", "--name", "Quay", "--base-url", bridge.url, "--credentials", str(credentials))
    with pytest.raises(CommandError, match="Central speaks for Main warehouse already"):
        run(*common, "--warehouse", f"{main.code}=Q1")
    assert run(*("csv", "--name", "Files"))["events_url"] == ""
    assert not back.source_locations.exists()


def test_credentials_that_lack_or_fail_connect_nothing(bridge: Bridge, tmp_path: Path, main: Warehouse) -> None:
    with pytest.raises(CommandError, match="token must stand in the file"):
        run("wms", "--name", "Quay", "--base-url", bridge.url)
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"token": "not-the-token"}')
    with pytest.raises(CommandError, match="token"):
        run("wms", "--name", "Quay", "--base-url", bridge.url, "--credentials", str(wrong))
    assert not Source.objects.exists()

"""docs/api.md is right: its examples are run, in order, against a server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import resolve
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from api import tokens
from api.models import Endpoint
from api.permissions import SCOPES
from api.webhooks.kinds import KINDS
from channels.models import Channel, HoldBack, Listing
from dashboard.models import User
from inventory import verify
from inventory.models import Reservation, Sku, StockLevel
from inventory.shops.models import SaleLine
from inventory.sources.models import ExternalShipment, Pull
from reconciliation.models import BatchItem, Discrepancy, Run, Tolerance
from sandbox.ecwid import EcwidSimulator
from tests.api.conftest import make_channel, make_listing, make_order, make_sku
from tests.factories import make_discrepancy

# The server starts before the fixture that tells WhiteNoise to look files up.
pytestmark = pytest.mark.filterwarnings("ignore:No directory at:UserWarning")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def blocks(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) >= 5
    return "\n".join(found)


@pytest.fixture
def environment(live_server: LiveServer) -> Iterator[dict[str, str]]:
    user = User.objects.create_user("ana", role="owner")
    channel = make_channel("North")
    make_listing(channel, external_sku="CAP")
    cap = make_sku("CAP")
    make_discrepancy(make_listing(channel, "p-2", sku=cap, mapping="mapped", accounted=7), shows=9)
    make_listing(channel, "p-3", sku=cap, mapping="mapped", accounted=0)
    make_order(channel, "8", now=timezone.now())
    token = tokens.issue(user=user, scopes=list(SCOPES))
    with EcwidSimulator(store_id=1003, name="Hearth", time_scale=0.00001) as store:
        yield {
            "PATH": os.environ["PATH"],
            "EVENKEEL_URL": live_server.url,
            "EVENKEEL_TOKEN": token,
            "STORE_URL": store.base_url,
            "STORE_TOKEN": store.token,
            "STORE_SECRET": store.client_secret,
        }


def run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def levels() -> dict[str, tuple[int, int]]:
    rows = StockLevel.objects.select_related("warehouse")
    return {level.warehouse.code: (level.on_hand, level.reserved) for level in rows}


@pytest.mark.django_db(transaction=True)
def test_the_shell_examples_do_what_they_say(environment: dict[str, str]) -> None:
    run(["bash", "-euo", "pipefail", "-c", blocks("sh")], environment)

    # The shop was counted after the sale there, so the count has seen it.
    assert levels() == {"MAIN": (26, 0), "SHOP": (6, 0)}
    assert ExternalShipment.objects.get().lines.get().loose == 1
    assert (SaleLine.objects.get().state, Channel.objects.get(name="Hearth").mode) == ("booked", "live")
    assert Pull.objects.get().state == "decided"
    assert Reservation.objects.get().state == "fulfilled"
    assert Listing.objects.get(ref="p-1").sku == Sku.objects.get(code="CAP-1")
    assert not Endpoint.objects.existing().exists()
    assert (Discrepancy.objects.get().state, Run.objects.get().state) == ("snoozed", "running")
    assert (Tolerance.objects.get().under_units, HoldBack.objects.get().units) == (1, 2)
    assert list(verify.differences()) == []


@pytest.mark.django_db(transaction=True)
def test_the_python_examples_do_what_they_say(environment: dict[str, str]) -> None:
    run([sys.executable, "-c", blocks("python")], environment)

    assert levels() == {"MAIN": (37, 0), "SHOP": (-1, 0)}
    assert sorted(SaleLine.objects.values_list("state", flat=True)) == ["booked", "waiting"]
    assert Pull.objects.get().state == "decided"
    assert Endpoint.objects.get().kinds == ["stock.available_changed", "sync.failed"]
    assert Reservation.objects.get().state == "released"
    assert Listing.objects.get(ref="p-1").mapping == "mapped"
    assert Channel.objects.get(name="Hearth").mode == "live"
    assert BatchItem.objects.get().discrepancy == Discrepancy.objects.get()
    assert list(verify.differences()) == []


def test_the_documentation_names_every_scope_and_event() -> None:
    text = DOCUMENT.read_text()

    assert [scope for scope in SCOPES if f"| `{scope}` |" not in text] == []
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []


@pytest.mark.parametrize("name", ["zapier", "make"])
def test_the_how_to_of_a_tool_names_addresses_that_exist(name: str) -> None:
    text = (DOCUMENT.parent / f"{name}.md").read_text()
    paths = re.findall(r"/api/v1/([^\s`\"?]*)", text)

    assert {"me/", "hooks/", "hooks/samples/", "stock/adjustments/"} <= set(paths)
    for path in paths:
        match = resolve("/api/v1/" + re.sub(r"\{.*\}", "00000000-0000-4000-8000-000000000000", path))
        assert match.view_name != "api:nothing", path
    [block] = re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    call = json.loads(block)
    assert set(call.get("data") or call["body"]) == {"sku", "warehouse", "units", "reason"}

"""docs/api.md is right: its examples are run, in order, against a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from api import tokens
from api.permissions import SCOPES
from channels.models import Channel, HoldBack, Listing
from dashboard.models import User
from inventory import verify
from inventory.models import Reservation, StockLevel
from reconciliation.models import BatchItem, Discrepancy, Run, Tolerance
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
def environment(live_server: LiveServer) -> dict[str, str]:
    user = User.objects.create_user("ana", role="owner")
    channel = make_channel("North")
    make_listing(channel, external_sku='TEE/BLK "M"')
    cap = make_sku("CAP")
    make_discrepancy(make_listing(channel, "p-2", sku=cap, mapping="mapped", accounted=7), shows=9)
    make_listing(channel, "p-3", sku=cap, mapping="mapped", accounted=0)
    make_order(channel, "8", now=timezone.now())
    token = tokens.issue(user=user, scopes=list(SCOPES))
    return {"PATH": os.environ["PATH"], "EVENKEEL_URL": live_server.url, "EVENKEEL_TOKEN": token}


def run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def levels() -> dict[str, tuple[int, int]]:
    rows = StockLevel.objects.select_related("warehouse")
    return {level.warehouse.code: (level.on_hand, level.reserved) for level in rows}


@pytest.mark.django_db(transaction=True)
def test_the_shell_examples_do_what_they_say(environment: dict[str, str]) -> None:
    run(["bash", "-euo", "pipefail", "-c", blocks("sh")], environment)

    assert levels() == {"MAIN": (29, 0), "SHOP": (6, 0)}
    assert Reservation.objects.get().state == "fulfilled"
    assert Listing.objects.get(ref="p-1").mapping == "mapped"
    assert (Discrepancy.objects.get().state, Run.objects.get().state) == ("snoozed", "running")
    assert (Tolerance.objects.get().under_units, HoldBack.objects.get().units) == (1, 2)
    assert list(verify.differences()) == []


@pytest.mark.django_db(transaction=True)
def test_the_python_examples_do_what_they_say(environment: dict[str, str]) -> None:
    run([sys.executable, "-c", blocks("python")], environment)

    assert levels() == {"MAIN": (38, 0)}
    assert Reservation.objects.get().state == "released"
    assert Listing.objects.get(ref="p-1").mapping == "mapped"
    assert Channel.objects.get().mode == "live"
    assert BatchItem.objects.get().discrepancy == Discrepancy.objects.get()
    assert list(verify.differences()) == []


def test_the_documentation_names_every_scope() -> None:
    text = DOCUMENT.read_text()

    assert [scope for scope in SCOPES if f"| `{scope}` |" not in text] == []

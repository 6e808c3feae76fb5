"""The sandbox is loaded and cleared by a program as by one click; the worker does it."""

from __future__ import annotations

import pytest

from channels.models import Sandbox
from inventory.models import AuditEntry, Warehouse
from tests.api.conftest import Api, make_channel
from tests.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db


def test_it_is_loaded_looked_at_and_cleared(api: Api, main: Warehouse) -> None:
    assert api.get("sandbox/").json() == {"state": "none", "problem": "", "channels": [], "obstacles": []}

    loading = api.post("sandbox/load/")

    assert (loading.status_code, loading.json()["state"]) == (202, "loading")
    assert_problem(api.post("sandbox/load/"), 409, "conflict")
    channel = make_channel("North (sandbox)", warehouse=main)
    type(channel).objects.update(is_sandbox=True)
    Sandbox.objects.update(state="loaded")
    looked_at = api.get("sandbox/").json()
    assert (looked_at["state"], [each["name"] for each in looked_at["channels"]]) == ("loaded", ["North (sandbox)"])
    assert looked_at["obstacles"]  # it sells from a real warehouse
    assert_problem(api.post("sandbox/clear/"), 409, "conflict")
    assert Sandbox.objects.get().state == "loaded"
    type(main).objects.update(is_sandbox=True)

    clearing = api.post("sandbox/clear/")

    assert (clearing.status_code, clearing.json()["state"]) == (202, "clearing")
    trail = AuditEntry.objects.filter(action__startswith="sandbox.").order_by("pk")
    assert list(trail.values_list("action", "actor")) == [
        ("sandbox.load", "user:ana"),
        ("sandbox.clear", "user:ana"),
    ]

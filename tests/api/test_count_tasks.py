"""Counts to make: asked for by a program or by a discrepancy, ended by a count, or not asked for any longer."""

from __future__ import annotations

import pytest
from django.utils import timezone

from inventory.models import AuditEntry, Sku, Warehouse
from reconciliation import queue
from reconciliation.models import CountTask
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem
from tests.factories import make_channel, make_discrepancy, make_listing

pytestmark = pytest.mark.django_db
PLACE = {"sku": "TEE-BLK-M", "warehouse": "MAIN"}


def test_a_count_is_asked_for_once_and_ended_by_counting(api: Api, tee: Sku) -> None:
    asked = api.post("count-tasks/", {**PLACE, "reason": "Not seen for a year"})

    assert asked.status_code == 201
    task = asked.json()
    assert (task["state"], task["asked_by"], task["reason"]) == ("open", "user:ana", "Not seen for a year")
    assert api.post("count-tasks/", {**PLACE, "reason": "Again"}).json() == task
    assert api.get("count-tasks/", state="open", **PLACE).json()["results"] == [task]

    count = api.post("stock/counts/", {**PLACE, "counted": 9}, key="count-1").json()
    queue.wake(now=timezone.now())

    ended = api.get(f"count-tasks/{task['id']}/").json()
    assert (ended["state"], ended["count"]) == ("done", count["id"])
    assert AuditEntry.objects.filter(action="count.ask", actor="user:ana").count() == 1


def test_a_discrepancy_that_waited_for_a_count_comes_back_when_none_is_asked_for(api: Api, tee: Sku) -> None:
    main = Warehouse.objects.get()
    row = make_discrepancy(make_listing(make_channel(warehouses=[main]), tee, quantity=5), ledger_says=5, shows=7)
    rested = api.post(f"discrepancies/{row.pk}/resolve/", {"action": "recount", "version": row.version})
    assert rested.status_code == 200, rested.content
    [task] = api.get("count-tasks/", discrepancy=str(row.pk)).json()["results"]

    cancelled = api.post(f"count-tasks/{task['id']}/cancel/")
    queue.wake(now=timezone.now())

    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert api.post(f"count-tasks/{task['id']}/cancel/").json() == cancelled.json()
    row.refresh_from_db()
    assert row.state == "open"
    assert AuditEntry.objects.filter(action="count.cancel").count() == 1


def test_what_nobody_counts_here_is_refused(api: Api, tee: Sku, main: Warehouse) -> None:
    bundle = Sku.objects.create(code="TRIO", is_bundle=True)

    assert_problem(api.post("count-tasks/", {**PLACE, "sku": bundle.code}), 400, "invalid-input")
    Warehouse.objects.update(kept_by="channel:amazon")
    assert_problem(api.post("count-tasks/", PLACE), 409, "kept-elsewhere")
    assert_problem(api.post("count-tasks/", {**PLACE, "warehouse": "NOWHERE"}), 400, "invalid-input")
    assert not CountTask.objects.exists()

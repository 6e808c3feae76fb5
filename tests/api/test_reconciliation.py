"""Runs and discrepancies over the API, against a store that is really read and written to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels import tasks
from inventory.models import Movement, Warehouse
from reconciliation import batches
from reconciliation.models import Discrepancy, Run
from tests.api.conftest import Api
from tests.api.test_errors import assert_problem
from tests.channels.core.conftest import at_full_speed, sim, store
from tests.channels.core.world import Store
from tests.factories import make_channel, make_discrepancy, make_listing, make_sku
from tests.reconciliation.world import by_hand, differing, reconcile

__all__ = ["at_full_speed", "sim", "store"]


def rows(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_run_is_started_read_to_its_end_and_tells_what_it_found(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=40)
    row.delete()

    started = api.post("reconciliation-runs/", {"channel": store.channel.pk})

    assert started.status_code == 201
    [run] = started.json()["runs"]
    assert (run["state"], run["scope"], run["trigger"], run["requested_by"]) == (
        "running",
        "full",
        "request",
        "user:ana",
    )
    again = api.post("reconciliation-runs/", {"channel": store.channel.pk}).json()["runs"]
    assert [each["id"] for each in again] == [run["id"]]
    reconcile(store, Run.objects.get())
    ended = api.get(f"reconciliation-runs/{run['id']}/").json()
    assert (ended["state"], ended["opened"], ended["percent_read"]) == ("done", 1, 100)
    [finding] = rows(api.get(f"reconciliation-runs/{run['id']}/findings/", state="opened"))
    assert (finding["ledger_says"], finding["channel_shows"], finding["difference"]) == (7, 40, 33)
    assert rows(api.get(f"reconciliation-runs/{run['id']}/findings/", state="healed")) == []
    [found] = rows(api.get("discrepancies/", run=str(run["id"])))
    assert found["id"] == finding["discrepancy"]
    assert (found["sku"], found["difference"], found["severity"], found["cause"]) == ("TEE", 33, "high", "hand-edit")


def test_a_sku_or_a_selection_is_compared_alone_and_a_run_is_stopped(api: Api, store: Store) -> None:
    listing = differing(store, "TEE", ours=7, theirs=9).listing
    assert listing is not None

    [by_sku] = api.post("reconciliation-runs/", {"sku": "TEE"}).json()["runs"]
    [by_listing] = api.post("reconciliation-runs/", {"listings": [listing.pk]}).json()["runs"]

    assert (by_sku["scope"], by_sku["sku"], by_sku["listings_expected"]) == ("selection", "TEE", 1)
    assert (by_listing["scope"], by_listing["sku"]) == ("selection", None)
    stopped = api.post(f"reconciliation-runs/{by_sku['id']}/stop/")
    assert (stopped.status_code, stopped.json()["state"], stopped.json()["decided_by"]) == (200, "stopped", "user:ana")
    assert api.post(f"reconciliation-runs/{by_sku['id']}/stop/").json() == stopped.json()
    assert api.post(f"reconciliation-runs/{by_sku['id']}/allow/").json()["state"] == "stopped"
    assert [row["id"] for row in rows(api.get("reconciliation-runs/", state="running"))] == [by_listing["id"]]


def test_a_run_of_nothing_that_is_there_is_refused(api: Api, store: Store) -> None:
    bad: list[object] = [{}, {"channel": 10**6}, {"channel": "x"}, {"channel": 0}, {"sku": "NONE"}, {"listings": []}]
    bad += [{"listings": [10**6]}, {"listings": ["1"]}, {"listings": [1], "sku": "TEE"}, {"all": True}]

    for body in bad:
        assert_problem(api.post("reconciliation-runs/", body), 400, "invalid-input")

    make_sku("UNSOLD")
    assert_problem(api.post("reconciliation-runs/", {"sku": "UNSOLD"}), 409, "not-possible")
    assert not Run.objects.exists()


def test_ours_is_kept_once_and_taken_back(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=40)
    address = f"discrepancies/{row.pk}"

    done = api.post(f"{address}/resolve/", {"action": "keep-ours", "version": row.version}, key="k-1")

    assert done.status_code == 200, done.content
    assert done.json()["effects"] == [
        {"where": "channel", "name": "North", "units": -33, "sentence": "North: 40 → 7 (−33)."}
    ]
    assert done.json()["discrepancy"]["state"] == "resolved"
    store.publish()
    assert store.shows("TEE") == 7
    repeat = api.post(f"{address}/resolve/", {"action": "keep-ours", "version": row.version}, key="k-1")
    assert (repeat.json(), repeat["Idempotent-Replayed"]) == (done.json(), "true")
    refused = api.post(f"{address}/resolve/", {"action": "keep-ours", "version": row.version})
    body = assert_problem(refused, 409, "picture-moved")
    assert body["discrepancy"]["state"] == "resolved"

    undone = api.post(f"{address}/undo/")
    store.publish()

    assert (undone.status_code, undone.json()["state"], undone.json()["undone_by"]) == (200, "open", "user:ana")
    assert store.shows("TEE") == 40
    assert_problem(api.post(f"{address}/undo/"), 409, "not-possible")


def test_theirs_is_taken_into_the_ledger_with_a_reason(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=9)
    address, body = f"discrepancies/{row.pk}/resolve/", {"action": "take-theirs", "version": row.version}

    refused = assert_problem(api.post(address, body), 400, "invalid-input")
    done = api.post(address, {**body, "warehouse": Warehouse.objects.get().code, "reason": "Counted"})

    assert refused["errors"][0]["field"] == "reason"
    assert (done.status_code, done.json()["discrepancy"]["resolution_reason"]) == (200, "Counted")
    movement = Movement.objects.get(kind="adjustment")
    assert (movement.on_hand_delta, movement.actor, movement.reason) == (2, "user:ana", "Counted")


def test_what_has_moved_is_shown_instead_of_acted_on(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=40)
    by_hand(store, "TEE", 30)

    body = assert_problem(
        api.post(f"discrepancies/{row.pk}/resolve/", {"action": "keep-ours", "version": row.version}),
        409,
        "picture-moved",
    )

    assert "The channel shows 30 now" in body["detail"]
    assert (body["discrepancy"]["channel_shows"], body["discrepancy"]["version"]) == (30, row.version + 1)
    assert store.shows("TEE") == 30


def test_a_store_that_does_not_answer_leaves_everything_as_it_is(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=40)
    store.sim.stop()

    answer = api.post(f"discrepancies/{row.pk}/resolve/", {"action": "keep-ours", "version": row.version})

    body = assert_problem(answer, 503, "store-not-asked")
    assert answer["Retry-After"] == "15"
    assert "Nothing was done" in body["detail"]
    row.refresh_from_db()
    assert row.state == "open"


def test_the_verbs_that_write_nothing(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=40)
    address = f"discrepancies/{row.pk}"
    later = (timezone.now() + timedelta(days=2)).isoformat()

    def decide(**body: object) -> Any:
        version = Discrepancy.objects.get().version
        return api.post(f"{address}/resolve/", {"version": version, **body}).json()["discrepancy"]

    assert decide(action="snooze", until=later)["state"] == "snoozed"
    assert api.post(f"{address}/undo/").json()["state"] == "open"
    assert decide(action="ignore", reason="A display piece")["state"] == "ignored"
    assert api.post(f"{address}/undo/").json()["state"] == "open"
    assert decide(action="recount", warehouse="MAIN")["resolution"] == "recount"
    assert store.shows("TEE") == 40


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "keep-ours"},
        {"action": "burn", "version": 1},
        {"action": "keep-ours", "version": -1},
        {"action": "keep-ours", "version": "1"},
        {"action": "keep-ours", "version": 1, "verb": "x"},
        {"action": "take-theirs", "version": 1, "warehouse": "NOWHERE", "reason": "x"},
        {"action": "snooze", "version": 1},
        {"action": "snooze", "version": 1, "until": "2020-01-01T00:00:00Z"},
        {"action": "change-mapping", "version": 1, "sku": "NONE"},
        {"action": "ignore", "version": 1, "reason": "x" * 301},
    ],
)
def test_a_decision_that_makes_no_sense_is_named_and_changes_nothing(api: Api, main: Warehouse, body: object) -> None:
    row = make_discrepancy(make_listing(make_channel(), make_sku("TEE", on_hand=7), quantity=7), shows=9)

    problem = assert_problem(api.post(f"discrepancies/{row.pk}/resolve/", body), 400, "invalid-input")

    assert problem["errors"]
    row.refresh_from_db()
    assert (row.state, row.version) == ("open", 1)


def test_many_are_decided_and_each_has_its_result(api: Api, store: Store) -> None:
    good, moved, old = [differing(store, code, ours=7, theirs=10) for code in ("TEE", "MUG", "CAP")]
    by_hand(store, "MUG", 12)
    items = [
        {"id": good.pk, "version": good.version},
        {"id": moved.pk, "version": moved.version},
        {"id": old.pk, "version": old.version + 1},
        {"id": good.pk, "version": good.version},
        {"id": 10**6, "version": 1},
        {"id": "x"},
        None,
    ]

    answer = api.post("discrepancies/resolve/", {"action": "keep-ours", "discrepancies": items})

    assert answer.status_code == 202, answer.content
    told = [(each["discrepancy"], each["status"]) for each in answer.json()["results"]]
    assert told == [
        (good.pk, "waiting"),
        (moved.pk, "waiting"),
        (old.pk, "moved"),
        (good.pk, "refused"),
        (10**6, "refused"),
        (None, "invalid"),
        (None, "invalid"),
    ]
    batch = answer.json()["batch"]
    assert (batch["state"], batch["total"], batch["waiting"]) == ("running", 2, 2)
    tasks.run_lane(batches.lane_of(store.channel.pk))
    store.publish()
    address = f"discrepancy-batches/{batch['id']}"
    assert api.get(f"{address}/").json()["state"] == "done"
    results = {row["discrepancy"]: row["state"] for row in rows(api.get(f"{address}/results/"))}
    assert results == {good.pk: "done", moved.pk: "moved"}
    assert [row["discrepancy"] for row in rows(api.get(f"{address}/results/", state="moved"))] == [moved.pk]
    assert (store.shows("TEE"), store.shows("MUG"), store.shows("CAP")) == (7, 12, 10)

    undoing = api.post(f"{address}/undo/")
    tasks.run_lane(batches.lane_of(store.channel.pk))
    store.publish()

    assert (undoing.status_code, undoing.json()["undoes"]) == (202, batch["id"])
    assert store.shows("TEE") == 10
    assert_problem(api.post(f"{address}/undo/"), 409, "not-possible")


def test_nothing_that_can_be_decided_starts_nothing(api: Api, main: Warehouse) -> None:
    answer = api.post("discrepancies/resolve/", {"action": "keep-ours", "discrepancies": [{"id": 10**6, "version": 1}]})

    assert (answer.status_code, answer.json()["batch"]) == (202, None)
    for body in ({"action": "keep-ours"}, {"action": "keep-ours", "discrepancies": []}):
        assert_problem(api.post("discrepancies/resolve/", body), 400, "invalid-input")


def test_a_batch_is_stopped(api: Api, store: Store) -> None:
    row = differing(store, "TEE", ours=7, theirs=10)
    asked = {"action": "keep-ours", "discrepancies": [{"id": row.pk, "version": row.version}]}
    batch = api.post("discrepancies/resolve/", asked).json()["batch"]

    stopped = api.post(f"discrepancy-batches/{batch['id']}/stop/")

    assert (stopped.json()["state"], stopped.json()["waiting"]) == ("stopped", 0)
    [result] = rows(api.get(f"discrepancy-batches/{batch['id']}/results/"))
    assert (result["state"], result["message"]) == ("skipped", "Stopped before its turn.")


def test_discrepancies_are_narrowed_as_the_queue_is(api: Api, main: Warehouse, annex: Warehouse) -> None:
    north, south = make_channel("North", warehouses=[main]), make_channel("South", warehouses=[main, annex])
    over = make_discrepancy(make_listing(north, make_sku("OVER"), quantity=5), shows=9, severity=3)
    under = make_discrepancy(make_listing(south, make_sku("UNDER"), quantity=9), shows=7, cause="lost-push")
    endless = make_discrepancy(
        make_listing(north, make_sku("ENDLESS"), quantity=3), shows=None, severity=4, state="snoozed"
    )

    def found(**parameters: str) -> set[str]:
        return {row["sku"] for row in rows(api.get("discrepancies/", **parameters))}

    assert found() == {"OVER", "UNDER", "ENDLESS"}
    assert found(state="snoozed") == {"ENDLESS"}
    assert found(channel=str(south.uuid)) == {"UNDER"}
    assert found(sku="OVER") == {"OVER"}
    assert found(sku="over") == set()
    assert found(listing=str(under.listing_id)) == {"UNDER"}
    assert found(warehouse="ANNEX") == {"UNDER"}
    assert found(cause="lost-push") == {"UNDER"}
    assert [found(direction=each) for each in ("over", "under", "none")] == [{"OVER"}, {"UNDER"}, {"ENDLESS"}]
    assert found(severity="high") == {"OVER", "ENDLESS"}
    assert found(search="und") == {"UNDER"}
    assert found(first_seen_until="2026-01-01T00:00:00Z") == set()
    assert api.get(f"discrepancies/{endless.pk}/").json()["difference"] is None
    assert api.get(f"discrepancies/{over.pk}/").json()["evidence"] == []
    for bad in ({"status": "open"}, {"severity": "3"}, {"direction": "up"}, {"run": "x"}):
        assert_problem(api.get("discrepancies/", **bad), 400, "invalid-input")


def test_it_is_assigned_and_noted(api: Api, main: Warehouse) -> None:
    row = make_discrepancy(make_listing(make_channel(), make_sku("TEE"), quantity=7), shows=9)
    address = f"discrepancies/{row.pk}"

    assert api.patch(f"{address}/", {"assignee": "ana"}).json()["assignee"] == "ana"
    assert [each["id"] for each in rows(api.get("discrepancies/", assignee="ana"))] == [row.pk]
    assert api.patch(f"{address}/", {"assignee": None}).json()["assignee"] is None
    for body in ({}, {"assignee": "nobody-there"}, {"assignee": 1, "state": "open"}):
        assert_problem(api.patch(f"{address}/", body), 400, "invalid-input")

    noted = api.post(f"{address}/notes/", {"text": "Ben counts it tonight."})
    assert (noted.status_code, noted.json()["actor"]) == (201, "user:ana")
    assert rows(api.get(f"{address}/notes/")) == [noted.json()]
    assert_problem(api.post(f"{address}/notes/", {"text": ""}), 400, "invalid-input")
    assert_problem(api.post(f"discrepancies/{row.pk + 1}/notes/", {"text": "x"}), 404, "not-found")


def test_the_number_of_queries_does_not_grow_with_the_rows(api: Api, main: Warehouse) -> None:
    channel = make_channel("North", warehouses=[main])

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            api.get(path)
        return len(captured)

    make_discrepancy(make_listing(channel, make_sku("A"), quantity=5), shows=9)
    queries("discrepancies/")  # the token's first use is noted
    few = queries("discrepancies/")
    for number in range(5):
        make_discrepancy(make_listing(channel, make_sku(f"B{number}"), quantity=5), shows=9)

    assert queries("discrepancies/") == few

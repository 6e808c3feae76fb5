"""A warehouse system behind the contract: readings that count whole or not at all, compared as of their moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inventory import operations
from inventory.errors import KeyConflict
from inventory.models import Movement, Reservation, Warehouse
from inventory.sources import comparing, connecting, mapping, pulls
from inventory.sources.contract import BadCredentials
from inventory.sources.models import Pull, PullDifference, PullProblem, Reading, Source
from inventory.sources.registry import opened
from inventory.sources.wms import source as adapter
from sandbox.wms import Bridge
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import level, order, read, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "PAGE", 2)


def test_a_reading_brings_the_ledger_to_what_lies_there(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    tee, mug, cap = make_sku("TEE", on_hand=10), make_sku("MUG", on_hand=4), make_sku("CAP", on_hand=2)
    bridge.set_stock("TEE", "Q1", 10)
    bridge.set_stock("MUG", "Q1", 7, unsellable=1)
    bridge.set_stock("NEW", "Q1", 5)

    pull = read(wms)

    assert pull.state == Pull.State.APPLIED, pull.problem
    assert (level(tee, main), level(mug, main), level(cap, main)) == ((10, 0), (7, 0), (0, 0))
    assert (pull.rows, pull.matched, pull.adjusted, pull.skipped) == (3, 1, 2, 1)
    assert Movement.objects.filter(actor="source:Central").count() == 2
    assert PullProblem.objects.get().sentence.startswith("No SKU of yours has the code NEW")
    assert Reading.objects.get(sku=mug).expected == 4
    assert read(wms).adjusted == 0


def test_what_moved_after_the_reading_is_not_undone(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=10)
    bridge.set_stock("TEE", "Q1", 12)
    connecting.read_now(wms, actor="user:ana", now=timezone.now())
    pull = Pull.objects.get()
    with opened(wms) as (source, connection):
        while pull.phase != Pull.Phase.APPLY:
            pulls.step(pull, source, connection, now=timezone.now())
        later = timezone.now()
        operations.receive(sku=tee, warehouse=main, units=5, key="late", actor="user:ana", now=later)
        pulls.step(pull, source, connection, now=timezone.now())

    assert level(tee, main) == (17, 0)
    assert PullDifference.objects.get().difference == 2


@pytest.mark.parametrize(
    ("fault", "times", "words"),
    [
        ("as_of_moves", 1, "counted anew while it was read"),
        ("incomplete", 1, "not complete"),
        ("html", 1, "not JSON"),
        ("error", 3, "answered 500: Something broke"),
        ("hang_up", 3, "could not be reached"),
    ],
)
def test_a_reading_that_breaks_on_its_third_page_changes_nothing(
    wms: Source, bridge: Bridge, main: Warehouse, pages_of_two: None, fault: str, times: int, words: str
) -> None:
    skus = [make_sku(f"S{number}", on_hand=1) for number in range(14)]
    for sku in skus:
        bridge.set_stock(sku.code, "Q1", 9)
    connecting.read_now(wms, actor="user:ana", now=timezone.now())
    pull = Pull.objects.get()
    with opened(wms) as (source, connection):
        while pull.pages < 2:
            pulls.step(pull, source, connection, now=timezone.now())
        bridge.faults.set(fault, next=times)
        pulls.step(pull, source, connection, now=timezone.now())

    assert pull.state == Pull.State.DISCARDED
    assert words in pull.problem
    assert {level(sku, main) for sku in skus} == {(1, 0)}
    assert not pull.pulled.exists()
    wms.refresh_from_db()
    assert wms.failures == 1
    assert read(wms).state == Pull.State.APPLIED
    assert {level(sku, main) for sku in skus} == {(9, 0)}


@pytest.mark.parametrize("fault", ["duplicate_row", "odd_quantity"])
def test_a_doubtful_row_spoils_its_sku_and_no_other(wms: Source, bridge: Bridge, main: Warehouse, fault: str) -> None:
    cap, tee = make_sku("CAP", on_hand=3), make_sku("TEE", on_hand=3)
    bridge.set_stock("CAP", "Q1", 5)
    bridge.set_stock("TEE", "Q1", 5)
    bridge.faults.set(fault, next=1)

    pull = read(wms)

    assert (level(cap, main), level(tee, main)) == ((3, 0), (5, 0))
    assert pull.problems.get().sku_code == "CAP"


@pytest.mark.parametrize(
    ("quantity", "units"),
    [
        ("7", 7),
        ("7.000", 7),
        (7.0, 7),
        (2.5, None),
        ("1E5", None),
        (10**15, None),
        (-1, None),
        (None, None),
        ("", None),
    ],
)
def test_quantities_are_taken_as_they_are_written_or_not_at_all(
    wms: Source, bridge: Bridge, main: Warehouse, quantity: Any, units: int | None
) -> None:
    cap, tee = make_sku("00123", on_hand=3), make_sku("1E5", on_hand=3)
    bridge.set_stock("00123", "Q1", quantity)
    bridge.set_stock("1E5", "Q1", 5)

    pull = read(wms)

    assert (level(cap, main)[0], level(tee, main)[0]) == (3 if units is None else units, 5)
    assert [problem.sku_code for problem in pull.problems.all()] == (["00123"] if units is None else [])


def test_too_much_going_to_zero_waits_for_a_person(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    skus = [make_sku(f"S{number}", on_hand=1) for number in range(4)]
    bridge.set_stock("S0", "Q1", 1)

    pull = read(wms)

    assert pull.state == Pull.State.WAITING
    assert pull.problem == "It would set 3 of 4 SKUs that have stock to 0. Look at it before it counts."
    assert {level(sku, main) for sku in skus} == {(1, 0)}
    connecting.change(wms, actor="user:ana", now=timezone.now(), is_paused=True)
    assert pulls.decide(pull, apply=True, actor="user:ana", now=timezone.now())
    assert not pulls.decide(pull, apply=True, actor="user:ben", now=timezone.now()), "a second click"
    assert {level(sku, main) for sku in skus} == {(1, 0)}, "the lane applies it, one process at a time"
    work(wms)
    assert [level(sku, main)[0] for sku in skus] == [1, 0, 0, 0]
    assert not pulls.decide(pull, apply=True, actor="user:ben", now=timezone.now())


def test_a_renamed_location_stays_mapped_and_a_lost_one_is_not_taken_for_empty(
    wms: Source, bridge: Bridge, main: Warehouse
) -> None:
    tee = make_sku("TEE", on_hand=1)
    bridge.set_stock("TEE", "Q1", 6)
    bridge.rename_location("Q1", "Pier 1")
    assert read(wms).state == Pull.State.APPLIED
    bridge.add_location("Q2", "Quay 2")
    bridge.remove_location("Q1")

    pull = read(wms)

    assert pull.state == Pull.State.DISCARDED
    assert pull.problem.startswith("The location Pier 1 is not there any more.")
    assert level(tee, main) == (6, 0)


def test_stock_at_a_place_that_is_no_warehouse_is_told_once(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=6)
    bridge.set_stock("TEE", "Q1", 6)
    bridge.add_location("Q2", "Quay 2")
    bridge.set_stock("TEE", "Q2", 50)
    bridge.set_stock("MUG", "Q2", 5)
    make_sku("MUG")

    pull = read(wms)

    assert pull.problems.get().sentence == (
        "2 rows lie at Quay 2, which is no warehouse of yours: map it, or ignore it."
    )
    assert level(tee, main) == (6, 0)
    mapping.set_locations(wms, {"Q2": mapping.IGNORED}, actor="user:ana")
    assert not read(wms).problems.exists()


def test_a_clock_that_is_off_is_corrected(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    make_sku("TEE", on_hand=10)
    bridge.clock_offset = 300
    bridge.set_stock("TEE", "Q1", 10)

    read(wms)

    wms.refresh_from_db()
    assert wms.skew_seconds == pytest.approx(300, abs=3)
    assert abs(Reading.objects.get().as_of - timezone.now()) < timedelta(seconds=10)
    report = connecting.check(wms, now=timezone.now())
    assert "seconds ahead of ours" in report.warnings[0]


def test_what_the_source_has_promised_to_others_is_taken_off_once(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=10)
    connecting.change(wms, actor="user:ana", now=timezone.now(), reserves="source", knows_orders_after=0)
    order("1001", tee, main, sold=2)  # the source knows it, and has promised 3 more to others
    bridge.set_stock("TEE", "Q1", 10, allocated=5)

    read(wms)
    assert level(tee, main) == (10, 5)
    read(wms)
    assert level(tee, main) == (10, 5)

    connecting.change(wms, actor="user:ana", now=timezone.now(), knows_orders_after=900)
    wms.refresh_from_db()
    read(wms)
    assert level(tee, main) == (10, 7), "an order too new to be known there counts beside its figure"
    connecting.change(wms, actor="user:ana", now=timezone.now(), reserves="ledger")
    assert level(tee, main) == (10, 2)
    assert Reservation.objects.get(key=f"source:{wms.pk}").state == "released"


def test_a_difference_beyond_the_tolerance_waits_and_can_be_followed(
    wms: Source, bridge: Bridge, main: Warehouse
) -> None:
    tee, mug = make_sku("TEE", on_hand=100), make_sku("MUG", on_hand=100)
    connecting.change(wms, actor="user:ana", now=timezone.now(), on_difference="flag", tolerance_percent=5)
    wms.refresh_from_db()
    bridge.set_stock("TEE", "Q1", 96)
    bridge.set_stock("MUG", "Q1", 80)

    pull = read(wms)

    assert (pull.adjusted, pull.flagged) == (1, 1)
    assert (level(tee, main), level(mug, main)) == ((96, 0), (100, 0))
    reading = Reading.objects.get(outcome=Reading.Outcome.FLAGGED)
    operations.receive(sku=mug, warehouse=main, units=7, key="late", actor="user:ana", now=timezone.now())
    comparing.accept(reading, actor="user:ana", now=timezone.now(), reason="Counted")
    assert level(mug, main) == (87, 0)
    assert comparing.accept(reading, actor="user:ana", now=timezone.now(), reason="Counted") is None


def test_a_dead_token_stops_the_source_until_a_person_reconnects(wms: Source, bridge: Bridge) -> None:
    bridge.token, good = "another", bridge.token
    try:
        pull = read(wms)
        wms.refresh_from_db()
        assert pull.state == Pull.State.DISCARDED
        assert wms.connection == Source.Connection.RECONNECT
        assert good not in wms.connection_problem
        with pytest.raises(BadCredentials):
            connecting.reconnect(wms, credentials={"token": "x"}, base_url="", actor="user:ana", now=timezone.now())
        connecting.reconnect(wms, credentials={"token": "another"}, base_url="", actor="user:ana", now=timezone.now())
    finally:
        bridge.token = good
    wms.refresh_from_db()
    assert wms.connection == Source.Connection.OK
    assert wms.credentials["token"] == "another"


def test_a_warehouse_has_one_source(wms: Source, bridge: Bridge, main: Warehouse) -> None:
    other, _report = connecting.connect(
        kind="wms",
        name="Other",
        base_url=bridge.url,
        credentials={"token": bridge.token},
        options={},
        actor="user:ana",
        now=timezone.now(),
    )
    with pytest.raises(mapping.WarehouseTaken, match="Central speaks for Main warehouse already"):
        mapping.set_locations(other, {"Q1": main}, actor="user:ana")
    mapping.set_locations(other, {"Q1": make_warehouse("BACK")}, actor="user:ana")


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_reading_that_nobody_thought_of_ends_with_a_sentence_and_the_next_one_counts(
    wms: Source, bridge: Bridge, main: Warehouse, monkeypatch: pytest.MonkeyPatch, is_decided: bool
) -> None:
    skus = [make_sku(code, on_hand=10) for code in ("TEE", "MUG", "CAP")]
    for sku in skus:
        bridge.set_stock(sku.code, "Q1", 0 if is_decided else 7)
    apply = comparing.apply

    def unthought_of(*_args: object, **_named: object) -> None:
        raise KeyConflict("source:1:pull:1:1:1")

    monkeypatch.setattr(comparing, "apply", unthought_of)
    pull = read(wms)
    if is_decided:
        assert pulls.decide(pull, apply=True, actor="user:ana", now=timezone.now())
        work(wms)
        pull.refresh_from_db()

    assert (pull.state, "KeyConflict" in pull.problem) == (Pull.State.DISCARDED, True)
    wms.refresh_from_db()
    assert wms.next_pull_at is not None
    assert wms.next_pull_at > timezone.now()
    assert [level(sku, main) for sku in skus] == [(10, 0)] * 3

    monkeypatch.setattr(comparing, "apply", apply)
    pull = read(wms)
    if is_decided:
        assert pulls.decide(pull, apply=True, actor="user:ana", now=timezone.now())
        work(wms)
    assert [level(sku, main) for sku in skus] == [(0 if is_decided else 7, 0)] * 3

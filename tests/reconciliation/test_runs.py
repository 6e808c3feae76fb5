"""A run reads the whole channel, believes nothing it has not read again, and says why each number differs."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from channels import tasks
from channels.contract import CatalogPage, Unreachable
from channels.models import Listing
from channels.platforms.ecwid.platform import EcwidPlatform
from inventory.models import AuditEntry
from reconciliation import bulk, runs, schedule
from reconciliation.bulk import ShownRow
from reconciliation.models import DifferingQuantity, Discrepancy, Finding, Run, Schedule, ShownQuantity, Tolerance
from tests import factories
from tests.channels.core.world import Store, receive, sell, sell_all
from tests.reconciliation.world import by_hand, causes, differing, findings, go_on, read, reconcile


def product(store: Store, sku: str) -> int:
    found, _ = store.sim.store.find_sku(sku)
    return found.id


def test_a_night_finds_each_kind_of_difference_and_says_why(store: Store) -> None:
    sell_all(store, ("SAME", "MORE", "LESS", "SOLD", "ENDLESS", "GONE", "LOST", "SWAPPED"), 10)
    factories.make_sku("NEAR-1")
    reconcile(store)
    by_hand(store, "MORE", 14)
    by_hand(store, "LESS", 7)
    store.sim.buy(sku="SOLD", quantity=2)
    store.sim.set_unlimited(product(store, "ENDLESS"), unlimited=True)
    store.sim.delete_product(product(store, "GONE"))
    lost = store.listing("LOST")
    receive(lost.sku, 3)  # type: ignore[arg-type]
    store.publish()
    by_hand(store, "LOST", 10)  # the store says that it took the change, and has lost it
    swapped = factories.make_sku("OTHER", on_hand=1)
    by_hand(store, "SWAPPED", 9)
    store.sim.store.find_sku("SWAPPED")[0].sku = "OTHER"
    store.sim.add_product(sku="near1", quantity=4)
    store.forget_webhooks()

    run = reconcile(store)

    assert causes(store) == {
        "MORE": ("hand-edit", "open"),
        "LESS": ("hand-edit", "open"),
        "ENDLESS": ("tracking-switched", "open"),
        "GONE": ("listing-gone", "open"),
        "LOST": ("lost-push", "open"),
        "OTHER": ("mapping", "open"),
        "near1": ("listing-new", "open"),
    }
    assert (run.state, run.found, run.opened, run.open_after, run.listings_read) == ("done", 7, 7, 7, 8)
    assert run.calls > 0
    more = Discrepancy.objects.get(listing=store.listing("MORE"))
    assert (more.ledger_says, more.channel_shows, more.difference, more.proposal) == (10, 14, 4, "keep-ours")
    assert (more.get_severity_display(), more.run, more.agreed_at is None) == ("High", run, False)
    assert Discrepancy.objects.get(cause="lost-push").evidence[0]["kind"] == "push"
    assert Discrepancy.objects.get(cause="mapping").proposed_sku == swapped
    assert [d.listing.external_sku for d in Discrepancy.objects.all()][:2] == ["ENDLESS", "MORE"]  # worst first
    assert (ShownQuantity.objects.count(), DifferingQuantity.objects.count()) == (0, 0)


def test_the_next_night_brings_up_to_date_and_closes_what_agrees(store: Store) -> None:
    sell(store, "TEE", 10)
    sell(store, "MUG", 10)
    by_hand(store, "TEE", 14)
    by_hand(store, "MUG", 13)
    reconcile(store)
    assert Discrepancy.objects.open().count() == 2

    by_hand(store, "TEE", 10)
    by_hand(store, "MUG", 15)
    run = reconcile(store)

    assert causes(store) == {"TEE": ("hand-edit", "healed"), "MUG": ("hand-edit", "open")}
    mug = Discrepancy.objects.get(listing=store.listing("MUG"))
    assert (mug.difference, mug.version) == (5, 2)
    assert (run.found, run.opened, run.open_after, findings(run)) == (
        1,
        0,
        1,
        {"TEE": "healed", "MUG": "known"},
    )


def test_sales_that_nobody_heard_of_are_no_differences(store: Store) -> None:
    sell_all(store, ("A", "B", "C"), 10)
    store.sim.buy(sku="A", quantity=1)
    run = runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    store.sim.buy(sku="B", quantity=2)
    store.forget_webhooks()

    run = reconcile(store, run)

    assert (run.found, Discrepancy.objects.count(), store.accounted("A"), store.accounted("B")) == (0, 0, 9, 8)


def test_a_reading_that_died_goes_on_from_its_last_page_and_flags_nothing_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursors: list[str] = []
    pages = EcwidPlatform.catalog_page
    _small_pages(monkeypatch)
    sell_all(store, [f"SKU-{number}" for number in range(5)], 10)
    by_hand(store, "SKU-0", 14)

    def dies_on_the_third(self: EcwidPlatform, cursor: str) -> CatalogPage:
        cursors.append(cursor)
        if len(cursors) == 3:
            raise Unreachable("The connection to Ecwid broke off.")
        return pages(self, cursor)

    monkeypatch.setattr(EcwidPlatform, "catalog_page", dies_on_the_third)
    monkeypatch.setattr("reconciliation.scanning.KEEP_EVERY_ROWS", 1)
    run = runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    tasks.run_lane(runs.lane_of(store.channel.pk))
    run.refresh_from_db()
    assert (run.state, run.phase, run.is_read, run.problem) == (
        "running",
        "scan",
        False,
        "The connection to Ecwid broke off.",
    )
    assert Finding.objects.count() == 0

    run = reconcile(store, run)

    assert cursors[3] == cursors[2] != ""
    assert (run.state, run.found, run.listings_read) == ("done", 1, 5)


def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.platforms.ecwid.catalog_scan.PAGE", 2)


def test_readings_that_were_lost_are_read_anew_before_anything_is_compared(store: Store) -> None:
    sell(store, "TEE", 10)
    sell(store, "MUG", 10)
    run = runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    Run.objects.filter(pk=run.pk).update(phase=Run.Phase.COMPARE, is_read=True, listings_read=2)

    run = reconcile(store, run)

    assert (run.state, run.found, run.listings_read, Discrepancy.objects.count()) == ("done", 0, 2, 0)


def test_too_many_differences_stop_the_run_until_a_person_lets_it_go_on(store: Store) -> None:
    sell_all(store, [f"SKU-{number}" for number in range(5)], 10)
    for number in range(5):
        by_hand(store, f"SKU-{number}", 0)
    store.forget_webhooks()
    schedule.current()
    Schedule.objects.update(suspicious_least=3)

    run = reconcile(store)

    assert (run.state, run.problem) == (
        "suspicious",
        "5 of 5 listings differ, more than 10 %. Is the store's catalogue sound?",
    )
    assert (Discrepancy.objects.count(), Listing.objects.filter(check_due_at__isnull=False).count()) == (0, 0)

    runs.allow(run=run, actor="user:ana", now=timezone.now())
    run = reconcile(store, run)
    assert (run.state, run.found, Discrepancy.objects.open().count()) == ("done", 5, 5)
    assert AuditEntry.objects.get(action="run.allow").actor == "user:ana"


def test_a_run_can_be_stopped_and_leaves_no_suspicion_behind(store: Store) -> None:
    sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    store.forget_webhooks()
    run = runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    tasks.run_lane(runs.lane_of(store.channel.pk))

    assert runs.stop(run=run, actor="user:ben", now=timezone.now())
    go_on(store)

    run.refresh_from_db()
    assert (run.state, run.decided_by, findings(run)) == ("stopped", "user:ben", {"TEE": "unsettled"})
    assert not runs.stop(run=run, actor="user:ben", now=timezone.now())


@pytest.mark.parametrize(
    ("values", "theirs", "state", "shows"),
    [
        ({"over_units": 4, "policy": "correct"}, 14, "corrected", 10),
        ({"over_units": 3, "policy": "correct"}, 14, "opened", 14),
        ({"over_percent": 40}, 14, "left", 14),
        ({"under_percent": 50, "policy": "correct"}, 14, "opened", 14),
        ({"under_units": 1, "under_percent": 20, "policy": "correct"}, 8, "corrected", 10),
    ],
)
def test_what_is_within_the_tolerance_is_corrected_or_left_by_policy(
    store: Store, values: dict[str, Any], theirs: int, state: str, shows: int
) -> None:
    sell(store, "TEE", 10)
    Tolerance.objects.create(policy="leave")
    Tolerance.objects.create(channel=store.channel, **values)
    by_hand(store, "TEE", theirs)
    store.forget_webhooks()

    run = reconcile(store)
    store.publish()

    assert (findings(run), store.shows("TEE")) == ({"TEE": state}, shows)
    assert Discrepancy.objects.count() == (state == "opened")


def test_a_selection_is_read_without_the_rest(store: Store) -> None:
    tee = sell(store, "TEE", 10)
    sell(store, "MUG", 10)
    by_hand(store, "TEE", 14)
    by_hand(store, "MUG", 14)
    store.forget_webhooks()

    [run] = runs.start_for_sku(sku=tee, requested_by="user:ana", now=timezone.now())
    run = reconcile(store, run)

    assert (run.state, run.scope, run.sku, run.listings_read, findings(run)) == (
        "done",
        "selection",
        tee,
        1,
        {"TEE": "opened"},
    )


def test_the_night_begins_once_however_many_ask(store: Store, other: Store) -> None:
    schedule.set_channel_rule(channel=other.channel, is_nightly=False, suspicious_percent=None, actor="user:ana")
    now = timezone.now()
    schedule.current(now=now)
    assert runs.start_nightly(now=now) == []
    night = schedule.current().next_run_at
    assert night is not None

    first, second = runs.start_nightly(now=night), runs.start_nightly(now=night)

    assert ([run.channel.name for run in first if run.channel], second) == (["North"], [])
    following = schedule.current().next_run_at
    assert following is not None
    assert (following - night).days == 1


def test_a_listing_that_vanishes_between_two_readings_is_gone_and_not_wrong(store: Store) -> None:
    sell(store, "TEE", 10)
    by_hand(store, "TEE", 14)
    store.forget_webhooks()
    run = runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    tasks.run_lane(runs.lane_of(store.channel.pk))
    go_on(store)
    store.sim.delete_product(product(store, "TEE"))

    run = reconcile(store, run)

    row = Discrepancy.objects.get()
    assert (run.state, row.cause, row.channel_shows, row.difference) == ("done", "listing-gone", None, 0)


@pytest.mark.parametrize("quantity", [None, 7.5, True, 2**70])
def test_a_number_that_is_none_is_never_compared(
    store: Store, monkeypatch: pytest.MonkeyPatch, quantity: object
) -> None:
    sell(store, "TEE", 10)
    pages = EcwidPlatform.catalog_page

    def odd(self: EcwidPlatform, cursor: str) -> CatalogPage:
        page = pages(self, cursor)
        odd_ones = tuple(_with_quantity(listing, quantity) for listing in page.listings)
        return CatalogPage(listings=odd_ones, products=page.products, total=page.total, next_cursor=page.next_cursor)

    monkeypatch.setattr(EcwidPlatform, "catalog_page", odd)

    run = reconcile(store)

    assert (run.state, run.found, run.suspected, run.unreadable) == ("done", 0, 0, 1)


def _with_quantity(listing: Any, quantity: object) -> Any:
    return dataclasses.replace(listing, quantity=quantity)


def test_a_huge_number_is_a_discrepancy_that_the_ledger_does_not_take_over(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=10**9)
    assert read(store, "TEE").drift == 10**9 - 10
    assert row.get_severity_display() == "High"


def test_a_sale_booked_after_its_reading_was_noted_is_not_suspected(store: Store) -> None:
    """What was read agreed when it was compared as it came in; what was read last is still to be compared."""
    sell_all(store, ("NOTED", "YOUNG", "EDITED"), 10)
    run = runs.start(channel=store.fresh(), requested_by="user:ana", now=timezone.now())
    shown = {"NOTED": 10, "EDITED": 14, "YOUNG": 10}

    def read(*codes: str) -> None:
        listings = [store.listing(code) for code in codes]
        bulk.write_shown([ShownRow(run.pk, ls.ref, ls.product_ref, True, shown[ls.external_sku]) for ls in listings])

    read("NOTED", "EDITED")
    run.noted_to = bulk.note_differing(run)
    read("YOUNG")
    Listing.objects.update(accounted=F("accounted") - 2, accounted_version=F("accounted_version") + 1)

    bulk.compare(run)

    assert findings(run) == {"EDITED": "suspected", "YOUNG": "suspected"}


def test_a_run_that_ends_in_an_error_of_ours_says_so_and_makes_room_for_the_next(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(store, "TEE", 10)
    run = runs.start(channel=store.channel, requested_by="user:ana", now=timezone.now())
    write = bulk.write_shown

    def fails(*_args: object, **_named: object) -> None:
        raise KeyError("ref")

    monkeypatch.setattr(bulk, "write_shown", fails)
    with pytest.raises(KeyError):
        tasks.run_lane(runs.lane_of(store.channel.pk))

    run.refresh_from_db()
    assert (run.state, run.due_at, ShownQuantity.objects.count()) == (Run.State.FAILED, None, 0)
    assert "an error of ours (KeyError)" in run.problem

    monkeypatch.setattr(bulk, "write_shown", write)
    assert reconcile(store).state == Run.State.DONE

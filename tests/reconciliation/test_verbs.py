"""Decisions: previewed, checked against the live number, done at once or not at all, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels import mapping, readings
from channels.models import Listing
from inventory import counts
from inventory.models import AuditEntry, Movement
from reconciliation import queue, verbs
from reconciliation.models import Cause, CountTask, Discrepancy, Verb
from reconciliation.queue import Diagnosis
from reconciliation.verbs import Choice, NotPossible, PictureMoved
from tests import factories
from tests.channels.core.world import Store, level, no_differences, sell
from tests.reconciliation.world import by_hand, differing, read


def choose(row: Discrepancy, verb: Verb, **extra: object) -> Choice:
    return Choice(verb=verb, version=row.version, **extra)  # type: ignore[arg-type]


def do(row: Discrepancy, verb: Verb, **extra: object) -> Discrepancy:
    verbs.act(row, choose(row, verb, **extra), actor="user:ana", now=timezone.now())
    return Discrepancy.objects.get(pk=row.pk)


def take_back(row: Discrepancy) -> Discrepancy:
    verbs.undo(row, actor="user:ben", now=timezone.now())
    return Discrepancy.objects.get(pk=row.pk)


def test_keeping_ours_is_told_done_and_taken_back(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)

    told = verbs.preview(row, choose(row, Verb.KEEP_OURS))
    assert [(e.where, e.units, e.sentence) for e in told.effects] == [("channel", -4, "North: 14 → 10 (−4).")]

    row = do(row, Verb.KEEP_OURS)
    store.publish()
    assert (store.shows("TEE"), row.state, row.resolution, row.resolved_by) == (10, "resolved", "keep-ours", "user:ana")

    told = verbs.preview_undo(row)
    assert [(e.units, e.sentence) for e in told.effects] == [(4, "North: +4, back to what it showed.")]
    row = take_back(row)
    store.publish()

    assert (store.shows("TEE"), store.accounted("TEE"), store.listing("TEE").drift) == (14, 10, 4)
    assert (row.state, row.undone_by, row.is_live) == ("open", "user:ben", True)
    actions = list(AuditEntry.objects.filter(subject=f"discrepancy:{row.pk}").values_list("actor", "action"))
    assert actions == [("user:ben", "discrepancy.undo"), ("user:ana", "discrepancy.keep-ours")]


def test_keeping_ours_taken_back_before_it_went_out_sends_nothing(store: Store) -> None:
    row = do(differing(store, "TEE", ours=10, theirs=14), Verb.KEEP_OURS)

    take_back(row)
    store.publish()

    assert (store.shows("TEE"), store.accounted("TEE"), store.pushes("TEE")) == (14, 10, [])


def test_taking_theirs_moves_the_ledger_and_back(store: Store, other: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    sku = store.listing("TEE").sku
    assert sku is not None
    sell(other, "TEE", 10, sku=sku)
    row.refresh_from_db()

    choice = choose(row, Verb.TAKE_THEIRS, reason="Found four")
    told = verbs.preview(row, choice)
    assert [(e.where, e.name, e.units) for e in told.effects] == [
        ("ledger", "Main warehouse", 4),
        ("queue", "TEE", 0),
    ]
    verbs.act(row, choice, actor="user:ana", now=timezone.now())
    row.refresh_from_db()
    store.publish()
    other.publish()
    assert (store.shows("TEE"), other.shows("TEE"), level(sku), store.pushes("TEE")) == (14, 14, (14, 0), [])

    take_back(row)
    store.publish()
    other.publish()
    assert (store.shows("TEE"), other.shows("TEE"), level(sku), store.pushes("TEE")) == (14, 10, (10, 0), [])
    assert (store.listing("TEE").drift, no_differences()) == (4, True)


def test_a_number_that_moved_gives_the_new_picture_and_does_nothing(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    by_hand(store, "TEE", 13)
    moved = Movement.objects.count()

    with pytest.raises(PictureMoved, match="shows 13 now") as caught:
        do(row, Verb.TAKE_THEIRS, reason="Counted")

    picture = caught.value.picture
    assert picture is not None
    assert (picture.ledger_says, picture.channel_shows, picture.version, picture.is_over) == (10, 13, 2, False)
    assert (Movement.objects.count(), AuditEntry.objects.filter(action__startswith="discrepancy").count()) == (moved, 0)
    row.refresh_from_db()
    assert do(row, Verb.TAKE_THEIRS, reason="Counted").resolution == "take-theirs"


def test_nothing_is_half_done_when_a_sale_is_booked_in_between(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    anchor = readings.anchor

    def booked_first(*args: Any, **kwargs: Any) -> bool:
        Listing.objects.update(accounted_version=99)
        done: bool = anchor(*args, **kwargs)
        return done

    monkeypatch.setattr(readings, "anchor", booked_first)
    moved, noted = Movement.objects.count(), AuditEntry.objects.count()

    with pytest.raises(PictureMoved, match="booked in this moment"):
        do(row, Verb.TAKE_THEIRS, reason="Counted")

    row.refresh_from_db()
    assert (row.state, Movement.objects.count(), AuditEntry.objects.count()) == ("open", moved, noted)
    assert store.accounted("TEE") == 10


def test_what_agrees_by_now_has_healed_and_is_not_decided(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    by_hand(store, "TEE", 10)

    with pytest.raises(PictureMoved, match="nothing left to decide"):
        do(row, Verb.KEEP_OURS)

    row.refresh_from_db()
    assert (row.state, row.resolution, store.pushes("TEE")) == ("healed", "", [])


def test_two_people_decide_and_the_second_is_told(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    do(row, Verb.KEEP_OURS)

    with pytest.raises(PictureMoved, match="decided already: resolved"):
        do(row, Verb.TAKE_THEIRS, reason="Counted")
    assert Movement.objects.filter(kind="adjustment").count() == 0


def test_nothing_is_taken_back_once_something_has_moved(store: Store) -> None:
    row = do(differing(store, "TEE", ours=10, theirs=14), Verb.KEEP_OURS)
    store.publish()
    store.sim.buy(sku="TEE", quantity=1)
    store.hear()
    store.publish()

    with pytest.raises(PictureMoved, match="moved since"):
        take_back(row)

    assert (store.shows("TEE"), verbs.preview_undo(row).is_possible) == (9, False)


@pytest.mark.parametrize(
    ("verb", "extra", "message"),
    [
        (Verb.TAKE_THEIRS, {"reason": "  "}, "needs a reason"),
        (Verb.IGNORE, {}, "needs a reason"),
        (Verb.SNOOZE, {}, "until when"),
        (Verb.CHANGE_MAPPING, {}, "Choose the SKU"),
    ],
)
def test_a_choice_that_lacks_something_is_refused(
    store: Store, verb: Verb, extra: dict[str, str], message: str
) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    calls = len(store.sim.requests)

    with pytest.raises(NotPossible, match=message):
        do(row, verb, **extra)

    row.refresh_from_db()
    assert (row.state, row.version, len(store.sim.requests)) == ("open", 1, calls)


def test_an_archived_sku_or_another_mapping_is_no_longer_decided_on(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    listing = store.listing("TEE")
    sku, elsewhere = listing.sku, factories.make_sku("OTHER")
    assert sku is not None
    type(listing).objects.filter(pk=listing.pk).update(sku=elsewhere)
    with pytest.raises(PictureMoved, match="linked to OTHER"):
        do(row, Verb.KEEP_OURS)

    type(listing).objects.filter(pk=listing.pk).update(sku=sku)
    type(sku).objects.filter(pk=sku.pk).update(archived_at=timezone.now())
    with pytest.raises(NotPossible, match="archived"):
        do(row, Verb.TAKE_THEIRS, reason="Counted")


def test_a_recount_rests_until_it_is_counted(store: Store) -> None:
    row = do(differing(store, "TEE", ours=10, theirs=14), Verb.RECOUNT)
    task = CountTask.objects.get()
    assert (row.state, task.sku, task.warehouse.code, task.asked_by) == ("snoozed", row.sku, "MAIN", "user:ana")
    queue.wake(now=timezone.now())
    assert Discrepancy.objects.open().count() == 0

    counts.record(
        sku=task.sku, warehouse=task.warehouse, counted=14, key="count:1", actor="user:ana", now=timezone.now()
    )
    queue.wake(now=timezone.now())

    assert (CountTask.objects.get().state, Discrepancy.objects.open().count()) == ("done", 1)


def test_what_is_snoozed_or_ignored_comes_back_when_it_should(store: Store) -> None:
    row = do(differing(store, "TEE", ours=10, theirs=14), Verb.SNOOZE, until=timezone.now() + timedelta(hours=1))
    assert queue.wake(now=timezone.now()) == 0
    assert queue.wake(now=timezone.now() + timedelta(hours=2)) == 1
    row.refresh_from_db()

    row = do(row, Verb.IGNORE, reason="A display piece")
    listing, diagnosis = store.listing("TEE"), Diagnosis(cause=Cause.HAND_EDIT)
    same, _ = queue.show(listing, read(store, "TEE"), diagnosis, run=None, now=timezone.now())
    assert (same.state, same.version) == ("ignored", row.version)
    by_hand(store, "TEE", 15)
    other, _ = queue.show(listing, read(store, "TEE"), diagnosis, run=None, now=timezone.now())
    assert (other.pk, other.state, other.difference) == (row.pk, "open", 5)


def test_a_mapping_across_the_sandboxs_wall_is_refused_and_nothing_is_half_done(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    toy = factories.make_sku("TOY", on_hand=3)
    type(toy).objects.filter(pk=toy.pk).update(is_sandbox=True)
    toy.refresh_from_db()

    with pytest.raises(NotPossible, match="kept apart"):
        do(row, Verb.CHANGE_MAPPING, sku=toy)

    row.refresh_from_db()
    assert (row.state, store.listing("TEE").sku, store.accounted("TEE")) == ("open", row.sku, 10)


@pytest.mark.parametrize("verb", [Verb.CHANGE_MAPPING, Verb.KEEP_OURS, Verb.TAKE_THEIRS])
def test_what_was_linked_anew_since_is_not_taken_back(store: Store, verb: Verb) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    mug, cap = factories.make_sku("MUG", on_hand=3), factories.make_sku("CAP", on_hand=14)
    row = do(row, verb, sku=mug if verb == Verb.CHANGE_MAPPING else None, reason="Counted")
    mapping.link(listing=store.listing("TEE"), sku=cap, actor="user:cy", now=timezone.now())

    assert "linked anew" in verbs.preview_undo(row).problem
    with pytest.raises(PictureMoved, match="linked anew"):
        take_back(row)

    row.refresh_from_db()
    assert (row.state, store.listing("TEE").sku) == ("resolved", cap)


def test_another_mapping_takes_the_channel_to_the_other_skus_number(store: Store) -> None:
    row = differing(store, "TEE", ours=10, theirs=14)
    mug = factories.make_sku("MUG", on_hand=3)

    told = verbs.preview(row, choose(row, Verb.CHANGE_MAPPING, sku=mug))
    assert [(e.where, e.units) for e in told.effects] == [("mapping", 0), ("channel", -11)]
    row = do(row, Verb.CHANGE_MAPPING, sku=mug)
    store.publish()
    assert (store.shows("TEE"), store.listing("TEE").sku) == (3, mug)

    take_back(row)
    store.publish()
    assert (store.shows("TEE"), store.listing("TEE").sku, store.listing("TEE").drift) == (14, row.sku, 4)

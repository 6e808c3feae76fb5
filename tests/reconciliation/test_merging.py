"""Two SKUs that are one thing become one: nothing is lost, nothing is rewritten, and the old code means the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from channels import availability, mapping, rulings
from channels.models import HoldBack, Listing, MappingChange
from inventory import booking, bundles, catalogue, codes, operations, reservations
from inventory.batches import taking
from inventory.booking import Demand
from inventory.errors import InvalidQuantity
from inventory.merging import CannotMerge
from inventory.models import (
    AuditEntry,
    CountBatch,
    Movement,
    Reservation,
    ReservationLine,
    Sku,
)
from inventory.reservations import Request
from inventory.shops.finding import find_skus
from reconciliation import merging as whole
from reconciliation import tasks
from reconciliation.models import CountTask, Tolerance
from tests.channels.core.world import Store, level, no_differences, sell
from tests.factories import balances, make_channel, make_listing, make_sku, make_warehouse, stock
from tests.inventory.refusals import all_rows

pytestmark = pytest.mark.django_db

ANA = "user:ana"


@pytest.fixture
def old(db: None) -> Sku:
    """12 on hand in the main warehouse, 2 of them damaged beside."""
    return make_sku("OLD", on_hand=12, unsellable=2, barcode="4006381333931")


@pytest.fixture
def new(db: None) -> Sku:
    return make_sku("NEW", on_hand=5)


def merge(sku: Sku, into: Sku) -> Sku:
    return whole.merge(sku=sku, into=into, actor=ANA, now=timezone.now())


def reserve(sku: Sku, units: int, key: str) -> Reservation:
    return reservations.reserve([Request(sku=sku, units=units)], key=key, actor="api:shop", now=timezone.now())


def why_not(sku: Sku, into: Sku) -> list[str]:
    """Return the sentences of the refusal, which has changed nothing and which the preview says too."""
    before = all_rows()
    assert list(whole.preview(sku, into).obstacles) != []
    with pytest.raises(CannotMerge) as refused:
        merge(sku, into)
    assert all_rows() == before
    assert list(whole.preview(sku, into).obstacles) == refused.value.messages
    return refused.value.messages


# Stock and promises -----------------------------------------------------------------------------------------------


def test_stock_is_carried_over_by_movements_that_say_why(old: Sku, new: Sku) -> None:
    main, south = make_warehouse(), make_warehouse("SOUTH")
    stock(old, south, on_hand=3)
    before = list(Movement.objects.filter(sku=old).order_by("pk").values_list("pk", flat=True))

    merge(old, new)

    assert (balances(old, main), balances(old, south)) == ((0, 0, 0), (0, 0, 0))
    assert (balances(new, main), balances(new, south)) == ((17, 0, 2), (3, 0, 0))
    assert no_differences()
    carried = Movement.objects.filter(kind="merge").order_by("pk")
    told = [(m.sku.code, m.warehouse.code, m.on_hand_delta, m.unsellable_delta, m.actor) for m in carried]
    assert sorted(told) == [
        ("NEW", "MAIN", 12, 2, ANA), ("NEW", "SOUTH", 3, 0, ANA),
        ("OLD", "MAIN", -12, -2, ANA), ("OLD", "SOUTH", -3, 0, ANA),
    ]  # fmt: skip
    assert {movement.reason for movement in carried} == {"OLD was merged into NEW."}
    assert list(Movement.objects.filter(sku=old).order_by("pk").values_list("pk", flat=True))[: len(before)] == before


def test_a_sku_of_which_nothing_is_there_moves_nothing(new: Sku) -> None:
    merge(make_sku("EMPTY"), new)

    assert not Movement.objects.filter(kind="merge").exists()
    assert codes.sku_named("EMPTY") == new


def test_promises_are_kept_by_the_one_that_stays_and_can_be_fulfilled(old: Sku, new: Sku) -> None:
    held, shipped = reserve(old, 4, "a"), reserve(old, 1, "b")
    reservations.fulfil(reservation=shipped, actor="api:shop", now=timezone.now())
    both = reservations.reserve(
        [Request(sku=old, units=2), Request(sku=new, units=3)], key="c", actor="api:shop", now=timezone.now()
    )

    merge(old, new)

    assert balances(new, make_warehouse()) == (16, 9, 2)
    assert [(line.sku, line.reserved) for line in both.lines.all()] == [(new, 5)]
    assert not ReservationLine.objects.filter(sku=old).exists()
    for reservation in (held, both):
        reservations.fulfil(reservation=reservation, actor="api:shop", now=timezone.now())
    assert balances(new, make_warehouse()) == (7, 0, 2)
    assert no_differences()


def test_an_order_that_changes_later_follows_the_one_that_stays(store: Store) -> None:
    old, new = sell(store, "OLD", 10), make_sku("NEW", on_hand=1)
    first, second = store.sim.buy(sku="OLD", quantity=3), store.sim.buy(sku="OLD", quantity=2)
    store.hear()

    merge(old, new)
    store.hear()
    store.sim.ship(first.id)
    store.sim.cancel(second.id)
    store.hear()

    assert (level(old), level(new)) == ((0, 0), (8, 0))
    assert store.line(first).sku == new
    assert no_differences()
    store.publish()
    assert store.shows("OLD") == store.accounted("OLD") == 8


def test_a_return_of_what_was_shipped_before_comes_back_to_the_one_that_stays(old: Sku, new: Sku) -> None:
    main = make_warehouse()

    def book(*, sold: int, fulfilled: int) -> None:
        booking.book(
            [Demand(line_ref="1", sku_id=old.pk, sold=sold, fulfilled=fulfilled)],
            key="order:1:7", reference="7", warehouse_ids=[main.pk], actor="channel:North",
            now=timezone.now(), occurred_at=timezone.now(),
        )  # fmt: skip

    book(sold=3, fulfilled=3)
    merge(old, new)
    book(sold=2, fulfilled=2)

    assert (balances(old, main)[:2], balances(new, main)[:2]) == ((0, 0), (15, 0))
    assert no_differences()


def test_an_order_of_a_bundle_made_of_both_holds_the_sum(store: Store) -> None:
    old, new = make_sku("OLD", on_hand=9), make_sku("NEW", on_hand=9)
    kit = make_sku("KIT")
    bundles.set_components(bundle=kit, components={old.pk: 2, new.pk: 1}, actor=ANA, now=timezone.now())
    sell(store, "KIT", 4, sku=kit)
    order = store.sim.buy(sku="KIT", quantity=2)
    store.hear()
    assert (level(old), level(new)) == ((9, 4), (9, 2))

    merge(old, new)

    assert level(new) == (18, 6)
    assert bundles.components_of([kit.pk]) == {kit.pk: {new.pk: 3}}
    assert availability.explain(store.listing("KIT")).total == 4
    store.sim.ship(order.id)
    store.hear()
    assert (level(old), level(new)) == ((0, 0), (12, 0))
    assert no_differences()


# Listings and codes -----------------------------------------------------------------------------------------------


def test_its_listings_sell_the_other_and_show_the_sum(store: Store) -> None:
    old, new = sell(store, "OLD", 10), make_sku("NEW", on_hand=4)

    merge(old, new)

    listing = store.listing("OLD")
    assert (listing.sku, listing.mapping_kind) == (new, rulings.MERGED)
    assert listing.mapping_reason == "OLD was merged into NEW."
    change = MappingChange.objects.filter(listing=listing).first()
    assert change is not None
    assert (change.before_sku, change.after_sku, change.actor) == (old, new, ANA)
    store.publish()
    assert store.shows("OLD") == store.accounted("OLD") == 14


def test_two_items_of_one_store_are_named_before_and_go_on_after(old: Sku, new: Sku) -> None:
    north, south = make_channel(), make_channel("South")
    one, other = make_listing(north, old), make_listing(north, new)
    make_listing(south, old)

    [twice] = whole.preview(old, new).sold_twice

    assert (twice.channel, set(twice.listings)) == (north, {one, other})
    merge(old, new)
    assert set(Listing.objects.filter(sku=new)) == {one, other, *Listing.objects.filter(channel=south)}


def test_every_code_it_ever_had_means_the_other_wherever_it_comes_from(store: Store, old: Sku, new: Sku) -> None:
    catalogue.change_sku(sku=make_sku("OLDEST"), actor=ANA, code="OLDER")
    older = Sku.objects.get(code="OLDER")
    merge(older, old)
    merge(old, new)

    named = codes.skus_named(["OLDEST", "OLDER", "OLD", "NEW"])

    assert {code: sku.code for code, sku in named.items()} == dict.fromkeys(named, "NEW")
    assert len(named) == 4
    assert find_skus({("OLD", False), ("4006381333931", True)}) == {
        ("OLD", False): new, ("4006381333931", True): new,
    }  # fmt: skip
    store.sim.add_product(sku="OLDER", quantity=1)
    store.import_catalogue()
    assert store.listing("OLDER").sku == new, "a listing with the old code links by itself"


def test_the_one_that_stays_takes_the_barcode_only_where_it_has_none(old: Sku, new: Sku) -> None:
    merge(old, new)
    assert Sku.objects.get(pk=new.pk).barcode == "4006381333931"

    third = make_sku("THIRD", barcode="40063820")
    merge(third, new)
    assert Sku.objects.get(pk=new.pk).barcode == "4006381333931"
    assert find_skus({("40063820", True)}) == {("40063820", True): new}


def test_a_mapping_that_is_taken_back_to_it_leads_to_the_other(old: Sku, new: Sku) -> None:
    listing = make_listing(make_channel(), None, external_sku="X")
    mapping.link(listing=listing, sku=old, actor=ANA, now=timezone.now())
    mapping.unlink(listing=listing, actor=ANA, now=timezone.now())
    change = MappingChange.objects.filter(listing=listing).latest("pk")
    merge(old, new)

    mapping.take_back(change=change, actor=ANA, now=timezone.now())

    listing.refresh_from_db()
    assert listing.sku == new


# What people have set ---------------------------------------------------------------------------------------------


def test_what_is_set_for_it_moves_where_nothing_is_set_for_the_other(old: Sku, new: Sku) -> None:
    HoldBack.objects.create(sku=old, units=3)
    Tolerance.objects.create(sku=old, over_units=2)
    CountTask.objects.create(sku=old, warehouse=make_warehouse(), asked_by=ANA, asked_at=timezone.now())
    seen = whole.preview(old, new)

    merge(old, new)

    assert (seen.hold_back, seen.keeps_own_hold_back) == (3, False)
    assert (seen.has_tolerance, seen.keeps_own_tolerance, seen.count_tasks) == (True, False, 1)
    assert HoldBack.objects.get().sku == new
    assert Tolerance.objects.get().sku == new
    assert (CountTask.objects.get().sku, CountTask.objects.get().state) == (new, "open")


def test_what_is_set_for_the_other_stays(old: Sku, new: Sku) -> None:
    main = make_warehouse()
    for sku, units in ((old, 3), (new, 1)):
        HoldBack.objects.create(sku=sku, units=units)
        Tolerance.objects.create(sku=sku, over_units=units)
        CountTask.objects.create(sku=sku, warehouse=main, asked_by=ANA, asked_at=timezone.now())

    merge(old, new)

    assert (HoldBack.objects.get().sku, HoldBack.objects.get().units) == (new, 1)
    assert (Tolerance.objects.get().sku, Tolerance.objects.get().over_units) == (new, 1)
    assert {(task.sku, task.state) for task in CountTask.objects.all()} == {(old, "cancelled"), (new, "open")}


def test_bundles_are_made_of_the_other(old: Sku, new: Sku) -> None:
    kit, box = make_sku("KIT"), make_sku("BOX")
    bundles.set_components(bundle=kit, components={old.pk: 2, new.pk: 1}, actor=ANA, now=timezone.now())
    bundles.set_components(bundle=box, components={old.pk: 4}, actor=ANA, now=timezone.now())

    parts = whole.preview(old, new).parts
    merge(old, new)

    assert {(part.bundle, part.units) for part in parts} == {(kit, 3), (box, 4)}
    assert bundles.components_of([kit.pk, box.pk]) == {kit.pk: {new.pk: 3}, box.pk: {new.pk: 4}}


def test_of_two_bundles_the_one_that_stays_is_made_as_before(old: Sku, new: Sku) -> None:
    kit, box = make_sku("KIT"), make_sku("BOX")
    bundles.set_components(bundle=kit, components={old.pk: 2}, actor=ANA, now=timezone.now())
    bundles.set_components(bundle=box, components={new.pk: 1}, actor=ANA, now=timezone.now())
    listing = make_listing(make_channel(), kit)

    merge(kit, box)

    assert bundles.components_of([kit.pk, box.pk]) == {box.pk: {new.pk: 1}}
    listing.refresh_from_db()
    assert (listing.sku, availability.explain(listing).total) == (box, 5)


# What it leaves ---------------------------------------------------------------------------------------------------


def test_the_merged_one_stays_archived_with_its_history_and_changes_no_more(old: Sku, new: Sku) -> None:
    merge(old, new)
    old.refresh_from_db()

    assert (old.merged_into, old.archived_at is not None, old.code) == (new, True, "OLD")
    acts: list[Callable[[], Sku]] = [
        lambda: catalogue.restore_sku(sku=old, actor=ANA),
        lambda: catalogue.change_sku(sku=old, actor=ANA, name="Back"),
        lambda: bundles.set_components(bundle=old, components={}, actor=ANA, now=timezone.now()),
    ]
    for act in acts:
        with pytest.raises(ValidationError, match="OLD was merged into NEW"):
            act()
    with pytest.raises(InvalidQuantity, match="was merged into NEW"):
        operations.receive(sku=old, warehouse=make_warehouse(), units=1, key="k", actor=ANA, now=timezone.now())
    with pytest.raises(ValidationError, match="already"):
        catalogue.create_sku(code="OLD", actor=ANA)


def test_the_trail_tells_it_of_both(old: Sku, new: Sku) -> None:
    merge(old, new)

    entries = {entry.subject: entry for entry in AuditEntry.objects.filter(action__in=["sku.merge", "sku.take_in"])}
    assert entries[f"sku:{old.pk}"].before["on hand, reserved, unsellable"] == {"MAIN": [12, 0, 2]}
    assert entries[f"sku:{old.pk}"].after == {"merged into": "NEW", "listings": 0}
    assert entries[f"sku:{new.pk}"].after == {"merged": "OLD"}


# Refused ----------------------------------------------------------------------------------------------------------


def test_into_itself_archived_or_merged_is_refused(old: Sku, new: Sku) -> None:
    assert why_not(old, old) == ["A SKU can't be merged into itself."]
    gone = make_sku("GONE")
    catalogue.archive_sku(sku=gone, actor=ANA, now=timezone.now())
    assert why_not(old, gone) == ["GONE is archived: unarchive it first."]
    assert why_not(gone, old) == ["GONE is archived: unarchive it first."]
    merge(old, new)
    assert why_not(old, make_sku("X")) == ["OLD has been merged into NEW already."]
    assert why_not(Sku.objects.get(code="X"), old) == ["OLD has been merged into NEW already."]


def test_what_would_nest_bundles_is_refused(old: Sku, new: Sku) -> None:
    kit = make_sku("KIT")
    bundles.set_components(bundle=kit, components={old.pk: 2}, actor=ANA, now=timezone.now())

    assert why_not(old, kit) == ["KIT is a bundle of OLD: merged, it would contain itself."]
    assert why_not(kit, old) == ["KIT is a bundle of OLD: merged, it would contain itself."]
    [sentence] = why_not(new, kit)
    assert sentence.startswith("KIT is a bundle and NEW is not")
    [sentence] = why_not(kit, new)
    assert sentence.startswith("KIT is a bundle and NEW is not")


def test_the_sandbox_stays_apart(old: Sku) -> None:
    toy = catalogue.create_sku(code="TOY", actor=ANA, is_sandbox=True)

    assert why_not(old, toy) == ["The sandbox is kept apart: its SKUs are merged only with each other."]


def test_a_count_that_waits_is_decided_first(old: Sku, new: Sku) -> None:
    batch = taking.keep(
        [taking.Counted(sku_id=new.pk, warehouse_id=make_warehouse().pk, units=7)],
        kind=CountBatch.Kind.FILE, name="night.csv", actor=ANA, now=timezone.now(),
    )  # fmt: skip

    [sentence] = why_not(old, new)

    assert sentence.startswith("“night.csv” is a count that waits for you")
    taking.take(batch, actor=ANA, now=timezone.now())
    merge(old, new)
    assert balances(new, make_warehouse())[0] == 19


# The preview ------------------------------------------------------------------------------------------------------


def test_the_preview_says_what_comes_of_it_and_changes_nothing(old: Sku, new: Sku) -> None:
    listing, other = make_listing(make_channel(), old), make_listing(make_channel("South"), new)
    make_listing(make_channel("East", warehouses=[make_warehouse("FAR")]), new)
    reserve(old, 4, "a")
    before = all_rows()

    seen = whole.preview(old, new)

    assert all_rows() == before
    [row] = seen.levels
    assert (row.of_sku, row.of_into, row.total, row.available) == ((12, 4, 2), (5, 0, 0), (17, 4, 2), 13)
    assert (seen.promises, seen.relinked, list(seen.codes)) == (1, 1, ["OLD"])
    assert [(each.listing, each.before, each.after) for each in seen.shown] == [(listing, 8, 13), (other, 5, 13)]
    merge(old, new)
    assert {pk: row.total for pk, row in availability.explain_many([*Listing.objects.all()]).items()} == {
        listing.pk: 13, other.pk: 13, Listing.objects.get(channel__name="East").pk: 0,
    }  # fmt: skip


# What came late ---------------------------------------------------------------------------------------------------


def test_what_was_written_for_it_by_someone_who_had_read_it_before_follows(old: Sku, new: Sku) -> None:
    stale = Sku.objects.get(pk=old.pk)
    listing = make_listing(make_channel(), None)
    merge(old, new)
    assert not whole.late().exists()
    operations.receive(sku=stale, warehouse=make_warehouse(), units=6, key="late", actor=ANA, now=timezone.now())
    reserve(stale, 2, "late")
    Listing.objects.filter(pk=listing.pk).update(sku=stale, mapping="mapped")
    assert tasks.has_due(timezone.now())

    assert whole.follow(now=timezone.now()) == 1

    assert (balances(old, make_warehouse()), balances(new, make_warehouse())) == ((0, 0, 0), (23, 2, 2))
    listing.refresh_from_db()
    assert listing.sku == new
    assert no_differences()
    assert not whole.late().exists()

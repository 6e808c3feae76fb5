"""Mappings in bulk: a store matched by itself, files in and out, SKUs made, and each of them undone whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from channels import linking, mapping, mapping_runs, mapping_sheets
from channels.models import Channel, Listing, MappingChange, MappingLine, MappingRun, MappingSuggestion, OrderLine
from inventory import catalogue, sheets
from inventory.models import AuditEntry, Sku
from tests import factories
from tests.channels.core.store_of_10000 import Store, make_store

pytestmark = pytest.mark.django_db

ANA = "user:ana"


@pytest.fixture
def north(db: None) -> Channel:
    return factories.make_channel("North")


def fill(channel: Channel, store: Store) -> dict[int, int]:
    """Write the store's items and SKUs into the database; return the SKUs' ids by their numbers in the fixture."""
    rows = [
        Sku(code=sku.code, name=sku.name, barcode=sku.barcode, match_key=next(iter(sku.keys), "")) for sku in store.skus
    ]
    Sku.objects.bulk_create(rows)
    Listing.objects.bulk_create(
        Listing(
            channel=channel,
            ref=f"p{item.id}",
            product_ref=f"p{item.id}",
            title=item.title,
            external_sku=item.code,
            barcode=item.barcode,
            tracked=True,
        )
        for item in store.items
    )
    return {sku.id: row.pk for sku, row in zip(store.skus, rows, strict=True)}


def test_a_whole_store_is_matched_and_the_rest_waits_with_suggestions(north: Channel, now: datetime) -> None:
    store = make_store(listings=400, seed=5)
    ids = fill(north, store)

    linked = linking.match(channel=north, now=now)

    by_ref = dict(Listing.objects.filter(mapping="mapped").values_list("ref", "sku_id"))
    wrong = [
        item.id for item in store.items if by_ref.get(f"p{item.id}") not in (None, ids.get(store.label[item.id] or 0))
    ]
    assert wrong == []
    assert linked == len(by_ref) >= 380
    run = MappingRun.objects.get()
    assert (run.kind, run.state, run.changed, run.changes.count()) == ("match", "done", linked, linked)
    waiting = Listing.objects.all().unmapped()
    assert waiting.filter(suggested_at=None).count() == 0
    assert MappingSuggestion.objects.filter(listing__in=waiting).values("listing").distinct().count() >= 8
    # Again there is nothing to do, and nothing changes.
    assert linking.match(channel=north, now=now) == 0
    assert MappingRun.objects.count() == 1


def test_undoing_a_match_gives_all_back_but_what_was_decided_since(north: Channel, now: datetime) -> None:
    tee, cap, mug = (factories.make_sku(code) for code in ("TEE", "CAP", "MUG"))
    listings = [factories.make_listing(north, None, external_sku=code) for code in ("TEE", "CAP")]
    linking.match(channel=north, now=now)
    mapping.link(listing=listings[1], sku=mug, actor=ANA, now=now)
    run = MappingRun.objects.get()
    assert mapping_runs.changed_since(run) == 1

    mapping_runs.undo(run=run, actor=ANA, now=now)
    run = mapping_runs.finish(MappingRun.objects.get())

    assert (run.state, run.kept, run.undone_by) == ("undone", 1, ANA)
    assert list(Listing.objects.order_by("pk").values_list("mapping", "sku")) == [
        ("unmapped", None),
        ("mapped", mug.pk),
    ]
    assert linking.match(channel=north, now=now) == 0  # it was taken away: it does not link by itself again
    with pytest.raises(mapping_runs.NotNow):
        mapping_runs.undo(run=run, actor=ANA, now=now)
    assert tee.listings.count() == cap.listings.count() == 0


@pytest.fixture
def shop(north: Channel, now: datetime) -> Channel:
    """TEE sells the tee and shows 7; CAP waits and shows 3; OLD sells the mug."""
    tee, mug = factories.make_sku("TEE", on_hand=9), factories.make_sku("MUG", on_hand=5)
    factories.make_listing(north, tee, ref="p1", quantity=7)
    factories.make_listing(north, None, ref="p2", quantity=3, external_sku="CAP", title="=cap()")
    factories.make_listing(north, mug, ref="p3", quantity=5, external_sku="OLD")
    return north


def content_of(response: HttpResponseBase) -> bytes:
    assert isinstance(response, HttpResponse)
    return response.content


def bring_in(text: str, now: datetime, *, makes_skus: bool = False) -> MappingRun:
    run = mapping_runs.read_file(name="map.csv", content=text.encode(), makes_skus=makes_skus, actor=ANA, now=now)
    mapping_runs.work_for(60)
    run.refresh_from_db()
    return run


def said(run: MappingRun) -> Iterator[tuple[int, str, str]]:
    for line in run.lines.order_by("number"):
        yield line.number, line.action, line.problem


def test_a_file_is_previewed_line_by_line_and_changes_nothing(shop: Channel, now: datetime) -> None:
    factories.make_sku("CUP", on_hand=2)
    gone = factories.make_sku("GONE")
    catalogue.archive_sku(sku=gone, actor=ANA, now=now)

    run = bring_in(
        "channel,listing,store_sku,sku,mapping\n"
        "North,p1,,MUG,mapped\n"  # 2: another SKU
        "north,,CAP,CUP,\n"  # 3: by the store's code, in another case
        ",p3,,,unmapped\n"  # 4
        "North,p9,,TEE,\n"  # 5
        "South,p1,,TEE,\n"  # 6
        "North,,,TEE,\n"  # 7
        "North,p3,,GONE,\n"  # 8
        "North,p3,,NEW-1,\n"  # 9
        "North,p3,,TEE,ignored\n"  # 10
        "North,p3,,,mapped\n"  # 11
        "North,p3,,,perhaps\n"  # 12
        "North,p1,,,\n",  # 13
        now,
    )

    assert run.state == "preview"
    assert list(said(run)) == [
        (2, "link", ""),
        (3, "link", ""),
        (4, "unlink", ""),
        (5, "bad", "North has no listing “p9”."),
        (6, "bad", "There is no channel “South”."),
        (7, "bad", "It names no listing: fill in listing, or store_sku."),
        (8, "bad", "The SKU “GONE” is archived."),
        (9, "bad", "No SKU has the code “NEW-1”."),
        (10, "bad", "It says ignored and names a SKU: leave one of them out."),
        (11, "bad", "It says mapped and names no SKU: say unmapped to take the mapping away."),
        (12, "bad", "“perhaps” is no mapping: say mapped, unmapped or ignored."),
        (13, "nothing", ""),
    ]
    moves = {line.number: (line.shows, line.target) for line in run.lines.filter(target__isnull=False)}
    assert moves == {2: (7, 5), 3: (3, 2)}
    assert Listing.objects.get(ref="p1").sku == Sku.objects.get(code="TEE")
    assert MappingChange.objects.count() == 0
    mapping_runs.discard(run=run, now=now)
    assert MappingLine.objects.count() == 0


def test_lines_that_contradict_each_other_are_bad_wherever_they_stand(shop: Channel, now: datetime) -> None:
    run = bring_in("listing,sku,mapping\np2,TEE,\np1,MUG,\np2,MUG,\np1,MUG,\n", now)

    assert list(said(run)) == [
        (2, "bad", "Line 4 says otherwise about this listing."),
        (3, "link", ""),
        (4, "bad", "Line 2 says otherwise about this listing."),
        (5, "link", ""),
    ]


def test_a_file_is_applied_and_undone_whole(shop: Channel, now: datetime) -> None:
    waiting = factories.make_listing(shop, None, ref="p4", external_sku="NEW-1")
    run = bring_in("listing,sku,mapping\np1,MUG,\np2,,ignored\np3,,unmapped\np4,NEW-1,\n", now, makes_skus=True)
    assert [action for _number, action, _problem in said(run)] == ["link", "ignore", "unlink", "make"]
    # Decided otherwise between preview and apply: the line is left, and says so.
    mapping.link(listing=waiting, sku=Sku.objects.get(code="TEE"), actor=ANA, now=now)

    mapping_runs.apply(run=run, actor=ANA, now=now)
    mapping_runs.work_for(60)
    run.refresh_from_db()

    now_mapped = {each.ref: (each.mapping, each.sku.code if each.sku else None) for each in Listing.objects.all()}
    assert now_mapped == {
        "p1": ("mapped", "MUG"), "p2": ("ignored", None), "p3": ("unmapped", None), "p4": ("mapped", "TEE"),
    }  # fmt: skip
    assert (run.state, run.changed) == ("done", 3)
    assert run.lines.get(number=5).problem == "It was decided otherwise since the preview."
    assert Listing.objects.get(ref="p1").due_at is not None
    assert "map.csv, line 2" in MappingChange.objects.get(listing__ref="p1").reason
    assert AuditEntry.objects.filter(action="mapping.apply_file", actor=ANA).count() == 1

    mapping_runs.undo(run=run, actor=ANA, now=now)
    mapping_runs.work_for(60)

    back = {each.ref: (each.mapping, each.sku.code if each.sku else None) for each in Listing.objects.all()}
    assert back == {
        "p1": ("mapped", "TEE"), "p2": ("unmapped", None), "p3": ("mapped", "MUG"), "p4": ("mapped", "TEE"),
    }  # fmt: skip


def test_what_is_taken_out_can_be_brought_back_unchanged(shop: Channel, now: datetime) -> None:
    linking.match(channel=shop, now=now)
    rows = mapping_sheets.rows(Listing.objects.order_by("pk"))
    response = sheets.answer("mappings", "csv", mapping_sheets.HEADERS, rows)
    assert isinstance(response, StreamingHttpResponse)
    text = response.getvalue().decode()
    book = sheets.answer(
        "mappings", "xlsx", mapping_sheets.HEADERS, mapping_sheets.rows(Listing.objects.order_by("pk"))
    )

    run = bring_in(text, now)

    assert "'=cap()" in text  # a title is no formula
    assert {action for _number, action, _problem in said(run)} == {"nothing"}
    lines = sheets.read(content_of(book), required=["listing", "sku"], optional=mapping_sheets.OPTIONAL)
    assert [line.cells["listing"] for line in lines] == ["p1", "p2", "p3"]


def test_a_sku_that_was_renamed_is_understood(shop: Channel, now: datetime) -> None:
    catalogue.change_sku(sku=Sku.objects.get(code="TEE"), code="TEE-2", actor=ANA)

    run = bring_in("listing,sku\np2,TEE\n", now)

    assert list(said(run)) == [(2, "link", "")]
    assert run.lines.get().sku == Sku.objects.get(code="TEE-2")
    factories.make_listing(shop, None, external_sku="TEE")
    Listing.objects.filter(ref="p1").update(state="gone")
    assert linking.match(channel=shop, now=now) == 1


def test_many_skus_are_made_in_slices_and_undone(
    north: Channel, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping_runs, "AT_ONCE", 2)
    for code in ("A-1", "B-1", "C-1", "D-1", "D-1", "e-1"):
        factories.make_listing(north, None, external_sku=code)
    factories.make_sku("E 1")

    run = mapping_runs.finish(mapping_runs.create_missing_skus(channel=north, actor=ANA, now=now))

    assert (run.state, run.total, run.made, run.changed) == ("done", 3, 3, 3)
    assert sorted(Sku.objects.active().values_list("code", flat=True)) == ["A-1", "B-1", "C-1", "E 1"]
    factories.stock(Sku.objects.get(code="B-1"), factories.make_warehouse(), on_hand=1)
    mapping_runs.undo(run=run, actor=ANA, now=now)
    mapping_runs.work_for(60)
    # One has stock by now and stays a SKU.
    assert sorted(Sku.objects.active().values_list("code", flat=True)) == ["B-1", "E 1"]
    assert Listing.objects.filter(mapping="mapped").count() == 0


def test_one_decision_is_taken_back_unless_it_is_not_the_last(shop: Channel, now: datetime) -> None:
    listing = Listing.objects.get(ref="p2")
    mapping.create_sku(listing=listing, actor=ANA, now=now)
    first = MappingChange.objects.get()

    mapping.take_back(change=first, actor=ANA, now=now)

    listing.refresh_from_db()
    assert (listing.mapping, listing.sku) == ("unmapped", None)
    assert Sku.objects.get(code="CAP").archived_at is not None
    with pytest.raises(mapping.ChangedSince):
        mapping.take_back(change=first, actor=ANA, now=now)
    assert [change.after_mapping for change in MappingChange.objects.filter(listing=listing)] == ["unmapped", "mapped"]


def test_the_reports_tell_what_is_held_and_what_sells_unmapped(shop: Channel, now: datetime) -> None:
    watching = factories.make_channel("Watching", mode="observe")
    factories.make_listing(watching, Sku.objects.get(code="TEE"), ref="w1")
    factories.make_listing(shop, Sku.objects.get(code="TEE"), ref="p5", tracked=False)
    factories.make_listing(shop, None, ref="p6", quantity=0, last_pushed_at=now)
    Listing.objects.filter(ref="p6").update(mapping="ignored")
    waits = factories.make_listing(shop, None, ref="p7", quantity=0)
    order = shop.orders.create(ref="1", first_seen_at=now)
    OrderLine.objects.create(order=order, ref="1", variant_ref="p7", listing=waits, ordered=1, sold=1)
    factories.make_listing(shop, None, ref="p8", quantity=0)

    held = dict(Listing.objects.all().not_pushing().values_list("ref", "obstacle"))
    selling = dict(Listing.objects.all().pushing_unmapped().values_list("ref", "ground"))

    assert held == {"w1": "observe", "p5": "unlimited"}
    assert selling == {"p2": "offered", "p6": "written", "p7": "waiting"}


def test_a_workbook_is_brought_in_as_a_csv_is(shop: Channel, now: datetime) -> None:
    book = sheets.answer("m", "xlsx", ["listing", "sku"], [("p2", "TEE")])

    run = mapping_runs.read_file(name="m.xlsx", content=content_of(book), makes_skus=False, actor=ANA, now=now)

    assert mapping_runs.finish(run).lines.get().action == "link"

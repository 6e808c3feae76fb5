"""InvenTree: many rows for one SKU, a tree of locations, statuses, shipments that are polled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import timezone

from inventory.models import Sku, StockLevel, Warehouse
from inventory.sources import connecting, pulls
from inventory.sources.contract import BadCredentials, Connection, Rejected
from inventory.sources.inventree import source as adapter
from inventory.sources.inventree.source import InvenTreeSource
from inventory.sources.models import Pull, Source
from inventory.sources.registry import opened
from inventory.verify import differences
from sandbox.inventree import InvenTree
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import connect, level, order, read

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def running() -> Iterator[InvenTree]:
    with InvenTree(filled=True) as server:
        yield server


@pytest.fixture
def server(running: InvenTree) -> InvenTree:
    running.reset()
    return running


@pytest.fixture
def back(db: None) -> Warehouse:
    return make_warehouse("BACK")


@pytest.fixture
def source(server: InvenTree, main: Warehouse, back: Warehouse) -> Source:
    """The main warehouse with its bins, and the shop floor."""
    return connect("inventree", server.url, {"token": server.token}, {"1": main, "4": back})


def test_rows_of_a_part_add_up_by_status_and_by_the_tree_of_locations(
    source: Source, main: Warehouse, back: Warehouse
) -> None:
    codes = ("MUG-350", "TEE-BLK-S", "TEE-BLK-M", "TEE", "CAM-9", "CABLE-OFC", "CANDLE-1", "POSTER-A2")
    skus = {code: make_sku(code, on_hand=7 if code == "POSTER-A2" else 0) for code in codes}

    pull = read(source)

    assert pull.state == Pull.State.APPLIED, pull.problem
    assert level(skus["MUG-350"], main) == (150, 0), "both bins; damaged, quarantined and unplaced ones don't count"
    assert StockLevel.objects.get(sku=skus["MUG-350"], warehouse=main).unsellable == 5
    assert level(skus["MUG-350"], back) == (8, 0)
    assert level(skus["TEE-BLK-S"], main) == (40, 0)
    assert level(skus["TEE-BLK-M"], back) == (3, 0)
    assert level(skus["TEE"], main) == (0, 0), "a template has no stock of its own"
    assert level(skus["CAM-9"], main) == (3, 0)
    assert level(skus["POSTER-A2"], main) == (0, 0), "a part without any row has none"
    problems = {each.sku_code: each.sentence for each in pull.problems.exclude(sku_code="")}
    assert "is no whole number of units" in problems["CABLE-OFC"]
    assert "stands for two items (8 and 9)" in problems["CANDLE-1"]
    assert problems.keys() == {"CABLE-OFC", "CANDLE-1"}


def test_a_template_may_have_the_stock_of_its_variants(server: InvenTree, main: Warehouse) -> None:
    options = {"variants": "template", "sellable": "10,50,55,85"}
    source = connect(
        "inventree", server.url, {"token": server.token}, {"1": main, "4": main, "5": main}, options=options
    )
    template, mug = make_sku("TEE"), make_sku("MUG-350")

    read(source)

    assert (level(template, main), level(mug, main)) == ((55, 0), (163, 0))


def test_rows_that_shift_between_pages_are_noticed(
    source: Source, server: InvenTree, main: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 5)
    mug = make_sku("MUG-350")
    server.faults.set("row_moves", next=1)

    pull = read(source)

    assert pull.state == Pull.State.DISCARDED
    assert "changed while they were read" in pull.problem
    assert level(mug, main) == (0, 0)
    assert read(source).state == Pull.State.APPLIED


def test_a_shipped_sales_order_leaves_once(source: Source, server: InvenTree, main: Warehouse) -> None:
    old = server.place_order("999", [("TEE-BLK-S", 1.0)])
    server.ship(old)  # before the first reading: none of our business
    tee = make_sku("TEE-BLK-S")
    read(source)
    assert level(tee, main) == (39, 0)
    order("1042", tee, main, sold=4)

    shipment = server.place_order("#1042", [("TEE-BLK-S", 4.0)])
    server.store.worker_running = False
    server.ship(shipment)
    pull = read(source)
    source.refresh_from_db()
    assert level(tee, main) == (39, 4), "without its worker InvenTree has not shipped"
    assert "background worker does not run" in source.memory["warnings"][0]

    server.store.run_worker()
    pull = read(source)
    assert (level(tee, main), pull.adjusted) == ((35, 0), 0)
    order("1042", tee, main, sold=4, fulfilled=4)
    read(source)
    assert level(tee, main) == (35, 0)
    assert list(differences()) == []


def test_what_ships_while_stock_is_read_is_left_for_the_next_reading(
    source: Source, server: InvenTree, main: Warehouse
) -> None:
    """InvenTree keeps days, not moments: whether the stock was read before or after can't be told."""
    tee = make_sku("TEE-BLK-S")
    read(source)
    order("1042", tee, main, sold=4)
    shipment = server.place_order("1042", [("TEE-BLK-S", 4.0)])
    connecting.read_now(source, actor="user:ana", now=timezone.now())
    pull = Pull.objects.get(state="reading")
    with opened(source) as (client, connection):
        while pull.phase != Pull.Phase.SHIPPED_AFTER:
            pulls.step(pull, client, connection, now=timezone.now())
        server.ship(shipment)
        while pull.state == Pull.State.READING:
            pulls.step(pull, client, connection, now=timezone.now())

    assert (level(tee, main), pull.adjusted) == ((36, 0), 0)
    assert read(source).adjusted == 0


def test_a_row_that_moves_while_it_is_read_is_read_again(source: Source, server: InvenTree, main: Warehouse) -> None:
    """A carried pallet that is on neither page looks like a loss; one part read in one piece does not."""
    tee = make_sku("TEE-BLK-S")
    read(source)
    connecting.read_now(source, actor="user:ana", now=timezone.now())
    pull = Pull.objects.get(state="reading")
    with opened(source) as (client, connection):
        while pull.phase != Pull.Phase.APPLY:
            pulls.step(pull, client, connection, now=timezone.now())
        pull.pulled.filter(sku_code="TEE-BLK-S", row_ref="stock:7").delete()
        pulls.step(pull, client, connection, now=timezone.now())

    assert (level(tee, main), pull.adjusted) == ((40, 0), 0)


def test_a_page_that_fails_or_a_location_that_is_gone_leaves_all_as_it_is(
    source: Source, server: InvenTree, main: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 5)
    mug = make_sku("MUG-350", on_hand=1)
    connecting.read_now(source, actor="user:ana", now=timezone.now())
    pull = Pull.objects.get()
    with opened(source) as (tree, connection):
        while pull.pages < 2:
            pulls.step(pull, tree, connection, now=timezone.now())
        server.faults.set("error", next=3)
        pulls.step(pull, tree, connection, now=timezone.now())
    assert (pull.state, level(mug, main)) == (Pull.State.DISCARDED, (1, 0))

    server.store.locations[1].name = "Old main"
    assert read(source).state == Pull.State.APPLIED, "a name is only a name"
    del server.store.locations[1]
    for each in server.store.locations.values():
        each.parent = None
    server.store.items = {pk: each for pk, each in server.store.items.items() if each.location not in (1, 2, 3)}
    pull = read(source)
    assert (pull.state, level(mug, main)) == (Pull.State.DISCARDED, (150, 0))
    assert pull.problem.startswith("The location Old main is not there any more.")


@pytest.mark.parametrize("prefix", ["", "Token ", "Bearer "])
def test_a_token_may_be_pasted_with_its_word(server: InvenTree, prefix: str) -> None:
    client = InvenTreeSource(Connection(base_url=server.url + "/api", credentials={"token": prefix + server.token}))
    report = client.check()
    client.close()
    assert report.account == "InvenTree (sync_ro)"
    assert ("Background worker", "runs") in report.facts
    assert report.warnings == ()


def test_name_and_password_become_a_token_and_are_not_kept(server: InvenTree) -> None:
    source, report = connecting.connect(
        kind="inventree",
        name="Stock",
        base_url=server.url,
        credentials={"username": "sync_ro", "password": "read-only"},
        options={},
        actor="user:ana",
        now=timezone.now(),
    )
    assert source.credentials.keys() == {"token", "expires_on"}
    assert source.credentials["token"] == server.token
    assert dict(report.facts)["Token valid until"] == source.credentials["expires_on"]
    with pytest.raises(BadCredentials, match="401"):
        connecting.reconnect(
            source,
            credentials={"username": "sync_ro", "password": "wrong"},
            base_url="",
            actor="user:ana",
            now=timezone.now(),
        )


def test_rights_that_lack_are_named(server: InvenTree) -> None:
    client = InvenTreeSource(Connection(base_url=server.url, credentials={"token": "inv-norights"}))
    with pytest.raises(BadCredentials, match="may not view part, stock, stock_location"):
        client.check()
    client.close()
    admin = InvenTreeSource(Connection(base_url=server.url, credentials={"token": "inv-admin"}))
    assert admin.check().warnings == ("The token belongs to an administrator. One that may only view is enough.",)
    admin.close()


def test_something_else_at_the_address_is_said_to_be_no_inventree(server: InvenTree) -> None:
    client = InvenTreeSource(Connection(base_url=server.url + "/elsewhere", credentials={"token": "x"}))
    with pytest.raises(Rejected, match="404"):
        client.check()
    client.close()


def test_skus_are_matched_to_the_letter(source: Source, main: Warehouse) -> None:
    lower: Sku = make_sku("mug-350")
    read(source)
    assert level(lower, main) == (0, 0)

"""Many counts at once: what a file says is checked line by line, previewed, taken, and undone whole."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboard.models import User
from inventory import bundles, verify
from inventory.batches import reading, taking
from inventory.batches.models import CountBatch
from inventory.errors import KeptElsewhere
from inventory.models import Movement, StockCount, Warehouse
from tests import factories
from tests.factories import balances, make_sku, make_warehouse

pytestmark = pytest.mark.django_db


def _batch(lines: list[taking.Counted], now: datetime) -> CountBatch:
    return taking.keep(lines, kind=CountBatch.Kind.FILE, name="counts.csv", actor="user:ana", now=now)


def _counted(sku: object, units: int, code: str = "MAIN") -> taking.Counted:
    return taking.Counted(sku_id=sku.pk, warehouse_id=make_warehouse(code).pk, units=units)  # type: ignore[attr-defined]


def test_counts_are_taken_with_a_movement_each_and_undone_to_what_was(now: datetime) -> None:
    tee, mug, cap = make_sku("TEE", on_hand=4), make_sku("MUG"), make_sku("CAP", on_hand=2)
    batch = _batch([_counted(tee, 9), _counted(mug, 3), _counted(cap, 2)], now)
    assert balances(tee, make_warehouse()) == (4, 0, 0)

    assert taking.take(batch, actor="user:ana", now=now)

    assert [balances(sku, make_warehouse())[0] for sku in (tee, mug, cap)] == [9, 3, 2]
    assert StockCount.objects.filter(batch=batch).count() == 3
    assert not taking.take(batch, actor="user:ana", now=now)  # once is enough

    assert taking.undo(batch, actor="user:bea", now=now)
    assert [balances(sku, make_warehouse())[0] for sku in (tee, mug, cap)] == [4, 0, 2]
    assert (batch.state, batch.undone_by, batch.kept) == ("undone", "user:bea", 0)
    assert not taking.undo(batch, actor="user:bea", now=now)
    assert list(verify.differences()) == []


def test_undo_leaves_what_has_changed_since(now: datetime) -> None:
    tee, mug = make_sku("TEE"), make_sku("MUG")
    batch = _batch([_counted(tee, 9), _counted(mug, 3)], now)
    taking.take(batch, actor="user:ana", now=now)
    factories.stock(mug, make_warehouse(), on_hand=5)

    taking.undo(batch, actor="user:ana", now=now)

    assert (balances(tee, make_warehouse())[0], balances(mug, make_warehouse())[0]) == (0, 8)
    assert batch.kept == 1


def test_a_batch_that_was_cut_short_goes_on_without_counting_twice(now: datetime) -> None:
    tee, mug = make_sku("TEE"), make_sku("MUG")
    batch = _batch([_counted(tee, 9), _counted(mug, 3)], now)
    taking._count(batch, [_counted(tee, 9)], actor="user:ana", now=now)
    CountBatch.objects.update(state=CountBatch.State.TAKING)
    factories.stock(tee, make_warehouse(), on_hand=1)  # after its count

    taking.take(batch, actor="user:ana", now=now + timedelta(minutes=1))

    assert (balances(tee, make_warehouse())[0], balances(mug, make_warehouse())[0]) == (10, 3)
    assert Movement.objects.filter(kind="count").count() == 2


def test_a_warehouse_that_others_keep_is_refused_before_anything_is_counted(now: datetime) -> None:
    tee = make_sku("TEE")
    batch = _batch([_counted(tee, 9), _counted(tee, 9, "FBA")], now)
    Warehouse.objects.filter(code="FBA").update(kept_by="channel:Amazon")

    with pytest.raises(KeptElsewhere):
        taking.take(batch, actor="user:ana", now=now)
    assert not Movement.objects.exists()


def test_a_large_batch_takes_no_query_per_line(now: datetime) -> None:
    def count(lines: int) -> int:
        skus = [make_sku(f"{lines}-{number}") for number in range(lines)]
        batch = _batch([_counted(sku, 5) for sku in skus], now)
        with CaptureQueriesContext(connection) as queries:
            taking.take(batch, actor="user:ana", now=now)
        return sum(query["sql"].startswith("SELECT") for query in queries)  # the ledger writes level by level

    assert count(3) == count(40)


def test_a_file_is_read_line_by_line_and_every_bad_one_has_its_sentence() -> None:
    tee = make_sku("TEE")
    bundle = make_sku("SET")
    bundles.set_components(bundle=bundle, components={tee.pk: 2}, actor="user:ana", now=factories.NOW)
    main, shop = make_warehouse("MAIN"), make_warehouse("SHOP")
    Warehouse.objects.create(code="FBA", name="Held", kept_by="channel:Amazon")
    content = (
        "sku;on_hand;warehouse\nTEE;5;\nTEE;7;SHOP\nTEE;9;SHOP\nNOPE;1;\n"
        "TEE;1E5;MAIN\nSET;1;\nTEE;1;X\nTEE;1;FBA\nTEE;-2;MAIN\n"
    )

    lines, problems = reading.read(content.encode(), warehouse=main)

    assert {(line.warehouse_id, line.units) for line in lines} == {(main.pk, 5), (shop.pk, 7)}
    assert [problem.split(":")[0] for problem in problems] == [f"Line {n}" for n in (4, 5, 6, 7, 8, 9, 10)]
    assert problems[1] == "Line 5: there is no SKU “NOPE”."


def test_a_person_brings_a_file_looks_takes_and_undoes(client: Client, now: datetime) -> None:
    client.force_login(User.objects.create_user("ana", role="owner"))
    tee, main = make_sku("TEE", on_hand=4), make_warehouse()
    upload = SimpleUploadedFile("counts.csv", b"sku,on_hand\nTEE,9\nNOPE,1\n", content_type="text/csv")

    answer = client.post("/inventory/counts/", {"file": upload, "warehouse": main.pk})
    batch = CountBatch.objects.get()
    assert answer["Location"] == f"/inventory/counts/{batch.pk}/"
    page = client.get(answer["Location"]).content.decode()
    assert "Line 3: there is no SKU “NOPE”." in page
    assert "Take 1 count" in page
    assert balances(tee, main) == (4, 0, 0)

    client.post(f"/inventory/counts/{batch.pk}/take/")
    assert balances(tee, main) == (9, 0, 0)
    assert "Undo it whole" in client.get(f"/inventory/counts/{batch.pk}/").content.decode()
    client.post(f"/inventory/counts/{batch.pk}/undo/")
    assert balances(tee, main) == (4, 0, 0)
    assert "Undone by ana." in client.get(f"/inventory/counts/{batch.pk}/").content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"code,units\nA,1\n", "Missing columns: sku, on_hand"), (b"sku,on_hand\n", "no line below"), (b"", "empty")],
)
def test_a_file_that_is_none_is_refused_with_what_to_do(client: Client, content: bytes, words: str) -> None:
    client.force_login(User.objects.create_user("ana", role="owner"))

    answer = client.post("/inventory/counts/", {"file": SimpleUploadedFile("counts.csv", content)})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not CountBatch.objects.exists()


def test_a_batch_that_is_not_wanted_is_discarded(client: Client, now: datetime) -> None:
    client.force_login(User.objects.create_user("ana", role="owner"))
    batch = _batch([_counted(make_sku("TEE"), 3)], now)

    client.post(f"/inventory/counts/{batch.pk}/discard/")
    client.post(f"/inventory/counts/{batch.pk}/take/")

    batch.refresh_from_db()
    assert batch.state == "discarded"
    assert not Movement.objects.exists()

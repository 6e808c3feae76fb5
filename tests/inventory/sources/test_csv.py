"""Files of stock: looked at before they count, whole or in part, uploaded or dropped into a folder."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from inventory.models import Sku, StockLevel, Warehouse
from inventory.sheets import UnreadableSheet
from inventory.sources import comparing, connecting, pulls
from inventory.sources.csv_files import files, folder
from inventory.sources.models import Pull, Source
from tests.factories import NOW, make_sku, make_warehouse
from tests.inventory.sources.world import level, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(main: Warehouse) -> Source:
    found, _report = connecting.connect(
        kind="csv", name="Counts", base_url="", credentials={}, options={}, actor="user:ana", now=timezone.now()
    )
    return found


def stage(source: Source, text: str | bytes, *, is_full: bool = False) -> Pull:
    content = text.encode() if isinstance(text, str) else text
    now = timezone.now()
    pull, _plan = files.stage(
        source,
        content,
        name="x.csv",
        is_full=is_full,
        trigger=Pull.Trigger.UPLOAD,
        actor="user:ana",
        as_of=now,
        now=now,
    )
    return pull


def apply(pull: Pull) -> Pull:
    assert pulls.decide(pull, apply=True, actor="user:ana", now=timezone.now())
    work(pull.source)
    pull.refresh_from_db()
    return pull


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"sku,location,on_hand\nA,MAIN,3\n", [("A", "MAIN", 3)]),
        (
            b"\xef\xbb\xbfSKU;Location;On_Hand\r\n00123;MAIN;1\r\n1E5;MAIN;2\r\n",
            [("00123", "MAIN", 1), ("1E5", "MAIN", 2)],
        ),
        (b"on_hand\tsku\tlocation\n4\t A \tMAIN\n\n", [("A", "MAIN", 4)]),
        ('sku,location,on_hand\n"Ä, ""x""",MAIN,5.0'.encode(), [('Ä, "x"', "MAIN", 5)]),
    ],
)
def test_files_come_in_many_forms(content: bytes, expected: list[tuple[str, str, int]]) -> None:
    rows = files.rows_of(content, as_of=NOW)
    assert [(row.sku, row.location_ref, row.on_hand) for row in rows] == expected
    assert not any(row.problem for row in rows)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A,MAIN,-1", "is negative"),
        ("A,MAIN,", "on_hand is empty"),
        ("A,MAIN,1E5", "no plain number"),
        ("A,MAIN,=1+1", "no plain number"),
        ("=cmd|' /C calc'!A0,MAIN,1", "begins like a formula"),
        ("A,MAIN,inf", "no plain number"),
        ("A,MAIN,1000000000000000", "is beyond"),
        (",MAIN,1", "sku is empty"),
        ("A,,1", "location is empty"),
        ("A,MAIN", "has 2 cells"),
        ("A,MAIN,1,2", "has 4 cells"),
    ],
)
def test_a_bad_line_fails_alone(line: str, words: str) -> None:
    rows = files.rows_of(f"sku,location,on_hand\nB,MAIN,1\n{line}\n".encode(), as_of=NOW)
    assert [row.sku for row in rows if not row.problem] == ["B"]
    bad = next(row for row in rows if row.problem)
    assert words in bad.problem
    assert bad.problem.startswith("Line 3")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"sku,location\nA,MAIN\n",
        b"sku,location,on_hand,price\n",
        b"sku,location,on_hand\n",
        b"\xff\xfes\x00",
        b"caf\xe9",
    ],
)
def test_a_file_that_can_t_be_understood_fails_whole(content: bytes) -> None:
    with pytest.raises(UnreadableSheet):
        files.rows_of(content, as_of=NOW)


def test_a_file_changes_nothing_before_it_is_applied(source: Source, main: Warehouse) -> None:
    tee, mug = make_sku("TEE", on_hand=5), make_sku("MUG", on_hand=5)
    pull = stage(source, "sku,location,on_hand,unsellable\nTEE,MAIN,8,\nNEW,MAIN,1,\nTEE2,NOWHERE,1,\n")

    assert pull.state == Pull.State.WAITING
    assert level(tee, main) == (5, 0)
    apply(pull)
    assert (level(tee, main), level(mug, main)) == ((8, 0), (5, 0)), "a partial file leaves the others alone"
    assert (pull.adjusted, pull.skipped) == (1, 2)


def test_a_large_file_costs_no_more_queries(source: Source, main: Warehouse) -> None:
    Sku.objects.bulk_create(Sku(code=f"S{number:05}", match_key=f"s{number}") for number in range(2000))
    skus = list(Sku.objects.order_by("pk"))
    StockLevel.objects.bulk_create(StockLevel(sku=sku, warehouse=main, on_hand=0) for sku in skus)

    def queries_for(lines: int) -> int:
        text = "sku,location,on_hand\n" + "".join(f"{sku.code},MAIN,{lines}\n" for sku in skus[:1])
        text += "".join(f"{sku.code},MAIN,0\n" for sku in skus[1:lines])
        with CaptureQueriesContext(connection) as queries:
            pull = apply(stage(source, text))
        assert (pull.state, pull.rows) == (Pull.State.APPLIED, lines)
        return len(queries)

    few, many = queries_for(200), queries_for(2000)
    assert many - few <= 1800 / 30, "rows are written and read in batches; SQLite takes 999 values at a time"


def test_what_a_crash_cut_short_goes_on_and_counts_all(
    source: Source, main: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    skus = [make_sku(f"S{number}", on_hand=1) for number in range(4)]
    monkeypatch.setattr(comparing, "CHUNK", 2)
    pull = stage(source, "sku,location,on_hand\n" + "".join(f"{sku.code},MAIN,5\n" for sku in skus))
    assert pulls.decide(pull, apply=True, actor="user:ana", now=timezone.now())

    def killed(*_args: object) -> None:
        raise SystemExit("the worker is gone")

    with monkeypatch.context() as crashing:
        crashing.setattr(comparing, "_keep_readings", killed)
        with pytest.raises(SystemExit):
            work(source)
    assert {level(sku, main) for sku in skus} == {(5, 0)}

    work(source)
    pull.refresh_from_db()
    assert (pull.state, pull.adjusted, pull.matched) == (Pull.State.APPLIED, 4, 0)
    assert {level(sku, main) for sku in skus} == {(5, 0)}


def test_a_full_file_counts_what_it_leaves_out_as_nothing(source: Source, main: Warehouse) -> None:
    back = make_warehouse("BACK")
    tee, mug, cap = make_sku("TEE", on_hand=5), make_sku("MUG", on_hand=5), make_sku("CAP", on_hand=2, warehouse=back)
    pull = stage(source, "sku,location,on_hand\nTEE,MAIN,5\n", is_full=True)
    assert pull.zeroed == 1
    apply(pull)
    assert (level(tee, main), level(mug, main), level(cap, back)) == ((5, 0), (0, 0), (2, 0))


def test_the_same_file_twice_does_nothing(source: Source, main: Warehouse) -> None:
    make_sku("TEE")
    text = "sku,location,on_hand\nTEE,MAIN,5\n"
    apply(stage(source, text))
    with pytest.raises(files.SameFile):
        stage(source, text)
    assert stage(source, text, is_full=True).state == Pull.State.WAITING


def test_a_line_that_stands_twice_counts_for_neither(source: Source, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=1)
    pull = apply(stage(source, "sku,location,on_hand\nTEE,MAIN,5\nTEE,MAIN,6\n"))
    assert level(tee, main) == (1, 0)
    assert "stands there twice" in pull.problems.get().sentence


def test_an_older_count_does_not_undo_a_newer_one(source: Source, main: Warehouse) -> None:
    tee = make_sku("TEE", on_hand=5)
    apply(stage(source, "sku,location,on_hand,as_of\nTEE,MAIN,8,2026-11-21T10:00:00Z\n"))
    apply(stage(source, "sku,location,on_hand,as_of\nTEE,MAIN,6,2026-11-21T09:30:00Z\n"))
    assert level(tee, main) == (8, 0)


@pytest.fixture
def drop(source: Source, settings: Settings, tmp_path: Path) -> Path:
    settings.DROP_FOLDER = str(tmp_path)
    folder.look(source, now=NOW)
    found = folder.folder_of(source)
    assert found is not None
    return found


def look(source: Source, now: datetime) -> None:
    source.refresh_from_db()
    folder.look(source, now=now)


def test_a_file_is_taken_when_it_has_stopped_growing(source: Source, drop: Path, main: Warehouse) -> None:
    tee = make_sku("TEE")
    path = drop / "count.csv"
    path.write_text("sku,location,on_hand\nTEE,MAIN,5")
    look(source, NOW)
    path.write_text("sku,location,on_hand\nTEE,MAIN,50\n")
    os.utime(path, ns=(1, 1))
    look(source, NOW + timedelta(seconds=5))
    assert level(tee, main) == (0, 0), "it was still being written"
    look(source, NOW + timedelta(seconds=10))

    assert level(tee, main) == (50, 0)
    assert [each.name for each in drop.iterdir() if each.is_file()] == []
    assert len(list((drop / "done").glob("*count.csv"))) == 1
    assert "1 lines: 0 agree, 1 adjusted" in next((drop / "done").glob("*.report.csv")).read_text()


def test_a_file_renamed_from_part_is_taken_at_once(source: Source, drop: Path, main: Warehouse) -> None:
    tee = make_sku("TEE")
    part = drop / "count.csv.part"
    part.write_text("sku,location,on_hand\nTEE,MAIN,5\n")
    look(source, NOW)
    part.rename(drop / "count.csv")
    look(source, NOW + timedelta(seconds=1))
    assert level(tee, main) == (5, 0)

    (drop / "again.csv.part").write_text("sku,location,on_hand\nTEE,MAIN,5\n")
    look(source, NOW + timedelta(seconds=2))
    (drop / "again.csv.part").rename(drop / "again.csv")
    look(source, NOW + timedelta(seconds=3))
    assert "taken before" in next((drop / "done").glob("*again.csv.report.csv")).read_text()


def test_bad_files_go_to_failed_and_alarming_ones_wait(source: Source, drop: Path, main: Warehouse) -> None:
    skus = [make_sku(f"S{number}", on_hand=3) for number in range(5)]
    connecting.change(source, actor="user:ana", now=timezone.now(), options={"mode": "full"})
    (drop / "bad.csv").write_text("code,qty\n")
    (drop / "photo.jpg").write_bytes(b"x")
    (drop / "few.csv").write_text("sku,location,on_hand\nS0,MAIN,3\n=x,MAIN,1\n")
    (drop / "link.csv").symlink_to("/etc/hostname")
    for seconds in (0, 5):
        look(source, NOW + timedelta(seconds=seconds))

    failed = {path.name.partition("-")[2] for path in (drop / "failed").iterdir()}
    assert failed == {"bad.csv", "bad.csv.report.csv", "photo.jpg", "photo.jpg.report.csv"}
    assert {level(sku, main) for sku in skus} == {(3, 0)}
    assert source.pulls.waiting().get().problem.startswith("It would set 4 of 5 SKUs")
    assert (drop / "link.csv").is_symlink(), "what only points elsewhere is left alone"
    report = next((drop / "done").glob("*few.csv.report.csv")).read_text()
    assert "\n=" not in report

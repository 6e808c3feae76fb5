"""What a stock source counts beyond the tolerance comes before a person, beside the ledger as of that moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from inventory import operations
from inventory.models import Warehouse
from inventory.sources import connecting, pulls
from inventory.sources.csv_files import files
from inventory.sources.models import Pull, Source
from reconciliation import verbs
from reconciliation.models import Discrepancy, Tolerance, Verb
from reconciliation.verbs import Choice, NotPossible, PictureMoved
from tests import factories
from tests.channels.core.world import level, no_differences

pytestmark = pytest.mark.django_db


@pytest.fixture
def main() -> Warehouse:
    return factories.make_warehouse()


@pytest.fixture
def source(main: Warehouse) -> Source:
    now = timezone.now()
    found, _ = connecting.connect(
        kind="csv", name="Counts", base_url="", credentials={}, options={}, actor="user:ana", now=now
    )
    connecting.change(found, actor="user:ana", now=now, on_difference="flag", tolerance_units=2)
    found.refresh_from_db()
    return found


def tell(source: Source, *, at: datetime | None = None, **counted: int) -> None:
    """Have the source say what lies in the main warehouse, by SKU."""
    now = timezone.now()
    text = "sku,location,on_hand\n" + "".join(f"{sku},MAIN,{units}\n" for sku, units in counted.items())
    pull, _ = files.stage(
        source,
        text.encode(),
        name=f"{len(counted)}.csv",
        is_full=False,
        trigger=Pull.Trigger.UPLOAD,
        actor="user:ana",
        as_of=at or now,
        now=now,
    )
    pulls.decide(pull, apply=True, actor="user:ana", now=now)
    pulls.apply_decided(source, now=now)


def do(row: Discrepancy, verb: Verb, **extra: str) -> Discrepancy:
    choice = Choice(verb=verb, version=row.version, **extra)  # type: ignore[arg-type]
    verbs.act(row, choice, actor="user:ana", now=timezone.now())
    return Discrepancy.objects.get(pk=row.pk)


def test_a_large_difference_is_shown_taken_over_and_taken_back(source: Source, main: Warehouse) -> None:
    tee = factories.make_sku("TEE", on_hand=100)
    counted_at = timezone.now() - timedelta(minutes=10)
    operations.receive(sku=tee, warehouse=main, units=5, key="later", actor="user:ana", now=timezone.now())

    tell(source, TEE=90, at=counted_at)

    row = Discrepancy.objects.get()
    assert (row.kind, row.source_name, row.sku, row.warehouse) == ("source", "Counts", tee, main)
    assert (row.ledger_says, row.channel_shows, row.difference) == (100, 90, -10)
    assert (row.get_severity_display(), row.proposal) == ("High", "recount")
    with pytest.raises(NotPossible, match="can't be told"):
        do(row, Verb.KEEP_OURS)

    row = do(row, Verb.TAKE_THEIRS, reason="They count every night")
    assert (level(tee, main), row.state) == ((95, 0), "resolved")
    verbs.undo(row, actor="user:ben", now=timezone.now())
    row.refresh_from_db()
    assert (level(tee, main), row.state, no_differences()) == ((105, 0), "open", True)


def test_what_a_later_reading_finds_in_order_has_healed_and_what_is_ignored_rests(
    source: Source, main: Warehouse
) -> None:
    factories.make_sku("TEE", on_hand=100)
    factories.make_sku("MUG", on_hand=100)
    tell(source, TEE=90, MUG=80)
    mug = Discrepancy.objects.get(sku__code="MUG")
    do(mug, Verb.IGNORE, reason="On loan")

    tell(source, TEE=100, MUG=80)
    states = dict(Discrepancy.objects.values_list("sku__code", "state"))
    assert states == {"TEE": "healed", "MUG": "ignored"}
    tell(source, MUG=70)

    assert Discrepancy.objects.get(sku__code="MUG").state == "open"


def test_the_tolerance_of_a_sku_goes_before_that_of_the_source(source: Source, main: Warehouse) -> None:
    tee = factories.make_sku("TEE", on_hand=100)
    Tolerance.objects.create(sku=tee, over_units=20, under_units=15)

    tell(source, TEE=86)
    assert (Discrepancy.objects.count(), level(tee, main)) == (0, (86, 0))
    tell(source, TEE=70)
    assert (Discrepancy.objects.get().difference, level(tee, main)) == (-16, (86, 0))


def test_stock_that_moved_since_gives_the_new_picture(source: Source, main: Warehouse) -> None:
    tee = factories.make_sku("TEE", on_hand=100)
    tell(source, TEE=90)
    row = Discrepancy.objects.get()
    operations.adjust(
        sku=tee,
        warehouse=main,
        units=-4,
        key="hand",
        actor="user:ana",
        now=timezone.now(),
        reason="Broken",
        occurred_at=timezone.now() - timedelta(hours=1),
    )

    with pytest.raises(PictureMoved, match="says 90 now, and the ledger 96") as caught:
        do(row, Verb.TAKE_THEIRS, reason="They count every night")

    assert caught.value.picture is not None
    assert (caught.value.picture.ledger_says, level(tee, main)) == (96, (96, 0))

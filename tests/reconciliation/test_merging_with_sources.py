"""Stock sources go on counting what has become one under two codes; what they told before it did counts once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from inventory.models import Sku, Warehouse
from inventory.sources import connecting, pulls, shipments
from inventory.sources.csv_files import files
from inventory.sources.models import ExternalShipmentLine, Pull, Reading, Source
from inventory.sources.shipments import Confirmation, Line
from reconciliation import merging
from reconciliation.models import Discrepancy
from tests.channels.core.world import level, no_differences
from tests.factories import make_sku, make_warehouse
from tests.inventory.sources.world import order

pytestmark = pytest.mark.django_db


@pytest.fixture
def main() -> Warehouse:
    return make_warehouse()


@pytest.fixture
def source(main: Warehouse) -> Source:
    found, _ = connecting.connect(
        kind="csv", name="Counts", base_url="", credentials={}, options={}, actor="user:ana", now=timezone.now()
    )
    return found


@pytest.fixture
def old(main: Warehouse) -> Sku:
    return make_sku("OLD", on_hand=5)


@pytest.fixture
def new(main: Warehouse) -> Sku:
    return make_sku("NEW", on_hand=7)


def tell(source: Source, *, is_full: bool = True, at: datetime | None = None, **counted: int) -> Pull:
    """Have the source say what lies in the main warehouse, by code."""
    now = timezone.now()
    text = "sku,location,on_hand\n" + "".join(f"{code},MAIN,{units}\n" for code, units in counted.items())
    text += "\n" * Pull.objects.count()  # the same file twice would be refused
    pull, _ = files.stage(
        source, text.encode(), name=f"{counted}.csv", is_full=is_full, trigger=Pull.Trigger.UPLOAD,
        actor="user:ana", as_of=at or now, now=now,
    )  # fmt: skip
    pulls.decide(pull, apply=True, actor="user:ana", now=now)
    pulls.apply_decided(source, now=now)
    pull.refresh_from_db()
    return pull


def merge(old: Sku, new: Sku) -> None:
    merging.merge(sku=old, into=new, actor="user:ana", now=timezone.now())


def confirm(order_ref: str, sku: str, units: int, main: Warehouse, *, ref: str) -> None:
    shipments.confirm(
        Confirmation(
            reporter="api:app", ref=ref, order_ref=order_ref, happened_at=timezone.now(),
            lines=(Line(line_ref="1", sku=sku, units=units, warehouse=main),),
        ),
        actor="api:app", now=timezone.now(),
    )  # fmt: skip


def test_what_lies_under_both_codes_is_added_up(source: Source, old: Sku, new: Sku) -> None:
    tell(source, OLD=5, NEW=7)
    merge(old, new)
    assert level(new) == (12, 0)

    assert tell(source, OLD=5, NEW=7).adjusted == 0
    tell(source, OLD=4, NEW=8, at=timezone.now() + timedelta(seconds=1))

    assert (level(old), level(new)) == ((0, 0), (12, 0))


def test_a_count_from_before_the_merge_is_compared_with_what_both_held(source: Source, old: Sku, new: Sku) -> None:
    counted_at = timezone.now()
    merge(old, new)

    tell(source, OLD=5, NEW=6, at=counted_at)

    assert level(new) == (11, 0)


def test_a_word_on_one_of_the_codes_says_nothing_of_the_whole(source: Source, old: Sku, new: Sku) -> None:
    tell(source, OLD=5, NEW=7)
    merge(old, new)

    tell(source, is_full=False, NEW=7)
    tell(source, is_full=False, OLD=4)
    assert level(new) == (12, 0)

    tell(source, is_full=False, OLD=4, NEW=7)
    assert level(new) == (11, 0)


def test_once_the_source_names_one_code_less_each_word_counts_again(source: Source, old: Sku, new: Sku) -> None:
    tell(source, OLD=5, NEW=7)
    merge(old, new)
    tell(source, NEW=12)
    assert level(new) == (12, 0)

    tell(source, is_full=False, NEW=9)

    assert level(new) == (9, 0)


def test_a_source_that_knows_the_old_code_alone_is_followed(source: Source, old: Sku) -> None:
    new = make_sku("NEW")
    tell(source, OLD=5)
    merge(old, new)

    tell(source, is_full=False, OLD=3)

    assert (level(old), level(new)) == ((0, 0), (3, 0))
    assert Reading.objects.get().sku == new


def test_open_differences_end_and_the_next_reading_speaks_of_both(source: Source, old: Sku, new: Sku) -> None:
    connecting.change(source, actor="user:ana", now=timezone.now(), on_difference="flag", tolerance_units=1)
    source.refresh_from_db()
    tell(source, OLD=20, NEW=7)
    assert Discrepancy.objects.get().sku == old
    assert merging.preview(old, new).differences == 1
    assert list(merging.preview(old, new).sources) == [source]

    merge(old, new)
    assert Discrepancy.objects.get().state == "healed"
    tell(source, OLD=20, NEW=7, at=timezone.now() + timedelta(seconds=1))

    row = Discrepancy.objects.get(state="open")
    assert (row.sku, row.ledger_says, row.channel_shows) == (new, 12, 27)


def test_a_parcel_that_was_confirmed_before_is_not_shipped_again(main: Warehouse, old: Sku, new: Sku) -> None:
    order("1042", old, main, sold=3)
    confirm("1042", "OLD", 1, main, ref="a")
    assert level(old) == (4, 2)

    merge(old, new)
    confirm("1042", "OLD", 2, main, ref="b")

    assert (level(old), level(new)) == ((0, 0), (9, 0))
    assert {line.sku for line in ExternalShipmentLine.objects.all()} == {new}
    assert no_differences()


def test_units_that_left_before_their_order_was_known_count_once(main: Warehouse, old: Sku, new: Sku) -> None:
    confirm("1042", "OLD", 2, main, ref="a")
    assert level(old) == (3, 0)
    merge(old, new)
    assert level(new) == (10, 0)

    order("1042", new, main, sold=2)
    shipments.match_waiting(now=timezone.now())

    assert (level(old), level(new)) == ((0, 0), (10, 0))
    assert no_differences()

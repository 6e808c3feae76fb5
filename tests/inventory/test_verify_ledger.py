"""verify_ledger finds every kind of corruption, and tells the balances of any past moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from inventory import operations, verify
from inventory.models import Reservation, Sku
from inventory.reservations import Request, fulfil, reserve
from tests.factories import make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db


def corrupt(sql: str) -> None:
    """Do what the models refuse."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount == 1


def found() -> list[str]:
    return sorted(str(difference) for difference in verify.differences())


@pytest.fixture
def sku(now: datetime) -> Sku:
    """10 units delivered, 2 damaged, 3 of the good ones reserved, 1 more shipped."""
    sku = make_sku(on_hand=10, unsellable=2)
    reserve([Request(sku=sku, units=3)], key="open", actor="api:shop", now=now)
    fulfil(
        reservation=reserve([Request(sku=sku, units=1)], key="shipped", actor="api:shop", now=now),
        actor="api:shop",
        now=now,
    )
    return sku


def test_a_sound_ledger_adds_up(sku: Sku) -> None:
    output = StringIO()

    call_command("verify_ledger", stdout=output)

    assert found() == []
    assert output.getvalue() == "The ledger adds up: every balance equals the sum of its movements.\n"


LEVEL, LAST = "UPDATE inventory_stocklevel SET ", "(SELECT max(id) FROM inventory_movement)"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (LEVEL + "on_hand = on_hand + 1", ["on_hand should be 9, is 10"]),
        (
            LEVEL + "reserved = reserved + 1",
            ["reserved by its reservations should be 3, is 4", "reserved should be 3, is 4"],
        ),
        (LEVEL + "unsellable = 0", ["unsellable should be 2, is 0"]),
        (
            "UPDATE inventory_reservationline SET reserved = 2 WHERE reserved = 3",
            ["reserved by its reservations should be 2, is 3"],
        ),
        (
            f"UPDATE inventory_movement SET on_hand_delta = -2 WHERE id = {LAST}",
            ["on_hand after movement {last} should be 8, is 9", "on_hand should be 8, is 9"],
        ),
        (
            f"UPDATE inventory_movement SET on_hand_after = 7 WHERE id = {LAST}",
            ["on_hand after movement {last} should be 9, is 7"],
        ),
        (
            f"DELETE FROM inventory_movement WHERE id = {LAST}",
            ["on_hand should be 10, is 9", "reserved should be 4, is 3"],
        ),
        ("DELETE FROM inventory_stocklevel", ["number of stock levels should be 1, is 0"]),
    ],
)
def test_each_kind_of_corruption_is_found(sql: str, expected: list[str], sku: Sku) -> None:
    shipped = Reservation.objects.get(key="shipped")
    last = f"reservation:{shipped.pk}:r1:{shipped.lines.get().pk}:fulfilled"

    corrupt(sql)

    assert found() == [f"TEE-BLK-M in MAIN: {what.format(last=last)}" for what in expected]


def test_a_movement_taken_from_the_middle_breaks_the_chain(sku: Sku) -> None:
    corrupt("DELETE FROM inventory_movement WHERE kind = 'return'")

    assert "TEE-BLK-M in MAIN: unsellable should be 0, is 2" in found()
    assert any("unsellable after movement" in sentence for sentence in found())


def test_the_command_prints_each_difference_and_fails(sku: Sku) -> None:
    corrupt(LEVEL + "on_hand = 0")
    output, errors = StringIO(), StringIO()

    with pytest.raises(SystemExit) as caught:
        call_command("verify_ledger", stdout=output, stderr=errors)

    assert caught.value.code == 1
    assert output.getvalue() == "TEE-BLK-M in MAIN: on_hand should be 9, is 0\n"
    assert errors.getvalue() == "The ledger does not add up: 1 differences.\n"


def balances_at(moment: datetime) -> list[list[str]]:
    output = StringIO()
    call_command("verify_ledger", as_of=moment.isoformat(), stdout=output)
    return [row.split("\t") for row in output.getvalue().splitlines()]


def test_the_balances_of_a_past_moment(now: datetime) -> None:
    main, shop = make_warehouse(), make_warehouse("SHOP")
    mug = make_sku("MUG")
    hour = timedelta(hours=1)
    operations.receive(sku=mug, warehouse=main, units=9, key="r", actor="user:ana", now=now)
    operations.transfer(sku=mug, source=main, destination=shop, units=4, key="t", actor="user:ana", now=now + hour)
    reserve([Request(sku=mug, units=2, warehouse=shop)], key="k", actor="api:shop", now=now + 2 * hour)

    header = ["sku", "warehouse", "on_hand", "reserved", "available", "unsellable"]
    assert balances_at(now - hour) == [header]
    assert balances_at(now) == [header, ["MUG", "MAIN", "9", "0", "9", "0"]]
    assert balances_at(now + 2 * hour) == [
        header,
        ["MUG", "MAIN", "5", "0", "5", "0"],
        ["MUG", "SHOP", "4", "2", "2", "0"],
    ]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-45T00:00", ""])
def test_a_moment_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(CommandError, match="--as-of takes a time such as"):
        call_command("verify_ledger", as_of=text, stdout=StringIO())


def test_a_moment_without_a_zone_is_utc(now: datetime) -> None:
    stock(make_sku("MUG"), make_warehouse(), on_hand=1)

    assert len(balances_at(now.replace(tzinfo=None))) == 2


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_too() -> None:
    make_sku(on_hand=3)

    assert found() == []

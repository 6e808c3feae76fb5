"""The ledger's writes on PostgreSQL, each as one statement: round trips are what a reservation costs.

The statement locks its levels in (SKU, warehouse) order and reads them once locked, so the guards judge the balances
as they are and not as they were when the statement began. Only if every entry passes are the levels moved, and only
moved levels have movements and signals: a statement that refuses has written nothing. Data-modifying parts of one
statement are all or nothing by themselves, so outside a transaction none is opened.

``ledger`` has the same in portable steps, for SQLite and for several entries on one level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connection, transaction

# The guards of an entry are NULL where it has none; a comparison with NULL is NULL and COALESCE lets it pass.
_MOVE = """
WITH wanted AS (
  SELECT * FROM unnest(
    %(place)s::int[], %(key)s::text[], %(sku_id)s::bigint[], %(warehouse_id)s::bigint[], %(kind)s::text[],
    %(on_hand)s::bigint[], %(reserved)s::bigint[], %(unsellable)s::bigint[],
    %(needs_available)s::bigint[], %(needs_on_hand)s::bigint[], %(needs_unsellable)s::bigint[]
  ) AS entry (
    place, key, sku_id, warehouse_id, kind, on_hand, reserved, unsellable,
    needs_available, needs_on_hand, needs_unsellable
  )
), locked AS (
  SELECT wanted.*, level.id AS level_id, level.on_hand AS on_hand_before, level.reserved AS reserved_before,
    level.unsellable AS unsellable_before
  FROM wanted JOIN inventory_stocklevel level
    ON level.sku_id = wanted.sku_id AND level.warehouse_id = wanted.warehouse_id
  ORDER BY level.sku_id, level.warehouse_id
  FOR UPDATE OF level
), checked AS (
  SELECT *,
    COALESCE(on_hand_before - reserved_before >= needs_available, TRUE)
    AND COALESCE(on_hand_before >= needs_on_hand, TRUE)
    AND COALESCE(unsellable_before >= needs_unsellable, TRUE) AS is_enough
  FROM locked
), decided AS (
  SELECT *, bool_and(is_enough) OVER () AND count(*) OVER () = %(count)s::int AS may_move FROM checked
), moved AS (
  UPDATE inventory_stocklevel level
  SET on_hand = level.on_hand + decided.on_hand, reserved = level.reserved + decided.reserved,
    unsellable = level.unsellable + decided.unsellable
  FROM decided WHERE level.id = decided.level_id AND decided.may_move
  RETURNING decided.place, decided.key, decided.sku_id, decided.warehouse_id, decided.kind, decided.on_hand,
    decided.reserved, decided.unsellable, level.on_hand AS on_hand_after, level.reserved AS reserved_after,
    level.unsellable AS unsellable_after
)"""
# One level needs no lock before its update: the guard stands in it, and is judged again once it has waited its turn.
_MOVE_ONE = """
WITH moved AS (
  UPDATE inventory_stocklevel level SET reserved = level.reserved + %(reserved)s::bigint
  WHERE level.sku_id = %(sku_id)s::bigint AND level.warehouse_id = %(warehouse_id)s::bigint
    AND level.on_hand - level.reserved >= %(needs_available)s::bigint
  RETURNING 0 AS place, %(key)s::text AS key, level.sku_id, level.warehouse_id, %(kind)s::text AS kind,
    0::bigint AS on_hand, %(reserved)s::bigint AS reserved, 0::bigint AS unsellable, level.on_hand AS on_hand_after,
    level.reserved AS reserved_after, level.unsellable AS unsellable_after
)"""
_SIGNAL = """, signalled AS (
  INSERT INTO inventory_stocksignal (sku_id, version, raised_at)
  SELECT DISTINCT sku_id, 1, %(now)s::timestamptz FROM moved WHERE on_hand <> reserved ORDER BY sku_id
  ON CONFLICT (sku_id) DO UPDATE SET version = inventory_stocksignal.version + 1
)"""
_MOVEMENT_COLUMNS = """
    key, sku_id, warehouse_id, kind, on_hand_delta, reserved_delta, unsellable_delta, on_hand_after, reserved_after,
    unsellable_after, reason, actor, occurred_at, recorded_at"""
_MOVEMENT_VALUES = """
    moved.sku_id, moved.warehouse_id, moved.kind, moved.on_hand, moved.reserved, moved.unsellable, on_hand_after,
    reserved_after, unsellable_after, %(reason)s::text, %(actor)s::text, %(occurred_at)s::timestamptz,
    %(now)s::timestamptz"""
_RESULT = """
  decided.place, decided.may_move, decided.is_enough, decided.on_hand_before, decided.reserved_before,
  decided.unsellable_before"""

POST = f"""{_MOVE}{_SIGNAL}, written AS (
  INSERT INTO inventory_movement ({_MOVEMENT_COLUMNS})
  SELECT moved.key, {_MOVEMENT_VALUES} FROM moved ORDER BY moved.place
  RETURNING id, sku_id, warehouse_id
)
SELECT {_RESULT}, written.id
FROM decided LEFT JOIN written
  ON written.sku_id = decided.sku_id AND written.warehouse_id = decided.warehouse_id
"""  # noqa: S608 - made of constants

_RESERVED = f"""{_SIGNAL}, reservation AS (
  INSERT INTO inventory_reservation
    (uuid, key, request_digest, reference, state, revision, expires_at, created_at)
  SELECT %(uuid)s::uuid, %(reservation_key)s::text, %(digest)s::text, %(reason)s::text, 'open', 0,
    %(expires_at)s::timestamptz, %(now)s::timestamptz
  FROM moved WHERE place = 0
  RETURNING id
), line AS (
  INSERT INTO inventory_reservationline (reservation_id, line_ref, sku_id, warehouse_id, reserved, fulfilled)
  SELECT reservation.id, '', sku_id, warehouse_id, reserved, 0 FROM moved, reservation ORDER BY place
), written AS (
  INSERT INTO inventory_movement ({_MOVEMENT_COLUMNS})
  SELECT 'reservation:' || reservation.id || ':' || moved.key, {_MOVEMENT_VALUES}
  FROM moved, reservation ORDER BY moved.place
)
"""  # noqa: S608 - made of constants
RESERVE = f"{_MOVE}{_RESERVED}SELECT {_RESULT}, reservation.id FROM decided LEFT JOIN reservation ON TRUE"  # noqa: S608
RESERVE_ONE = f"{_MOVE_ONE}{_RESERVED}SELECT id FROM reservation"  # noqa: S608 - made of constants


COLUMNS = (
    "key", "sku_id", "warehouse_id", "kind", "on_hand", "reserved", "unsellable", "needs_available", "needs_on_hand",
    "needs_unsellable",
)  # fmt: skip
EntryRow = tuple[str, int, int, str, int, int, int, int | None, int | None, int | None]


class Row(NamedTuple):
    """What became of one entry whose level exists: the balances before it, and the id of what was written."""

    place: int
    may_move: bool
    is_enough: bool
    on_hand: int
    reserved: int
    unsellable: int
    written_id: int | None


def is_supported() -> bool:
    return connection.vendor == "postgresql"


def run(
    statement: str,
    entries: Sequence[EntryRow],
    *,
    actor: str,
    now: datetime,
    occurred_at: datetime,
    reason: str,
    **more: str | UUID | datetime | None,
) -> dict[int, Row]:
    """Run POST or RESERVE for ``entries``, one per level, and return what became of each, by its position.

    An entry whose level does not exist is left out of the answer, and then nothing was written.
    """
    columns = [list(column) for column in zip(*entries, strict=True)]
    parameters: dict[str, Any] = {
        **dict(zip(COLUMNS, columns, strict=True)),
        "place": list(range(len(entries))),
        "count": len(entries),
        "actor": actor,
        "now": now,
        "occurred_at": occurred_at,
        "reason": reason,
        **more,
    }
    with _all_or_nothing(), _cursor() as cursor:
        cursor.execute(statement.encode(), parameters, prepare=True)
        return {row[0]: Row(*row) for row in cursor.fetchall()}


def reserve_one(entry: EntryRow, **cause: str | UUID | datetime | None) -> int | None:
    """Reserve on one level and return the reservation's id; None, and nothing written, if units or level are missing.

    On a level that all want, this is done more than twice as often a second as RESERVE, which tells what is short.
    """
    parameters = dict(zip(COLUMNS, entry, strict=True)) | cause
    with _all_or_nothing(), _cursor() as cursor:
        cursor.execute(RESERVE_ONE.encode(), parameters, prepare=True)
        row = cursor.fetchone()
    return None if row is None else row[0]


@contextmanager
def _cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """Give a cursor whose statements the server keeps prepared: Django's own sends text that is planned every time."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def _all_or_nothing() -> AbstractContextManager[object]:
    """Give a savepoint within a transaction, so that it survives a repeated key; a lone statement needs none."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()

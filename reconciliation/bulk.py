"""A run's readings by the hundred thousand: written without objects, compared in one pass.

On PostgreSQL rows come in by COPY; elsewhere by executemany. The statements themselves are the same on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from channels.models import Listing
from reconciliation.models import DifferingQuantity, Finding, Run, ShownQuantity

_DIFFERING = DifferingQuantity._meta.db_table
_SHOWN = ShownQuantity._meta.db_table
_LISTING = Listing._meta.db_table
_FINDING = Finding._meta.db_table

_COLUMNS = "run_id, ref, product_ref, tracked, quantity"
_TYPES = ["int8", "varchar", "varchar", "bool", "int8"]

# What disagrees shortly after its reading. What agreed then was in order, whatever has moved since.
_NOTE = f"""
INSERT INTO {_DIFFERING} (run_id, listing_id)
SELECT %(run)s, l.id FROM {_SHOWN} s JOIN {_LISTING} l ON l.channel_id = %(channel)s AND l.ref = s.ref
WHERE s.run_id = %(run)s AND s.id > %(noted_to)s AND s.tracked = TRUE AND s.quantity <> l.accounted
ON CONFLICT DO NOTHING
"""  # noqa: S608 — table names of ours

# Both sides in one pass: what only we know is gone, what only the channel knows is new. A quantity is suspected that
# differed when it was noted and still does: a sale booked in between explains the one or the other. The last readings
# are too young to have been noted. What was drifting
# before is looked at again, so that it can heal; what was dropped before, until someone was told. A pool that was read
# twice, because the catalogue shifted under the scan, is suspected once.
_COMPARE = f"""
INSERT INTO {_FINDING}
  (run_id, listing_id, ref, product_ref, state, cause, ledger_says, channel_shows, note)
SELECT %(run)s, l.id, COALESCE(l.ref, s.ref), COALESCE(l.product_ref, s.product_ref), 'suspected',
  CASE
    WHEN l.id IS NULL OR (l.state = 'gone' AND s.id IS NOT NULL) THEN 'listing-new'
    WHEN s.id IS NULL THEN 'listing-gone'
    WHEN s.tracked = FALSE THEN 'tracking-switched'
    ELSE ''
  END,
  l.accounted, s.quantity, ''
FROM (SELECT * FROM {_LISTING} WHERE channel_id = %(channel)s) l
FULL JOIN (SELECT * FROM {_SHOWN} WHERE run_id = %(run)s) s ON s.ref = l.ref
WHERE l.id IS NULL
  OR (l.state = 'gone' AND s.id IS NOT NULL)
  OR (l.state = 'active' AND s.id IS NULL AND l.created_at < %(began)s)
  OR (l.state = 'gone' AND s.id IS NULL AND l.mapping = 'mapped' AND l.accounted IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM {_FINDING} f WHERE f.listing_id = l.id AND f.cause = 'listing-gone' AND f.state <> 'dismissed'
  ))
  OR (l.state = 'active' AND l.drift <> 0 AND s.id IS NOT NULL)
  OR (l.state = 'active' AND l.mapping = 'mapped' AND (
    l.tracked <> s.tracked
    OR (s.tracked = TRUE AND s.quantity <> l.accounted AND (s.id > %(noted_to)s OR EXISTS (
      SELECT 1 FROM {_DIFFERING} d WHERE d.run_id = %(run)s AND d.listing_id = l.id
    )))
  ))
ON CONFLICT DO NOTHING
"""  # noqa: S608


class ShownRow(NamedTuple):
    """What one pool shows, as it is written. ``tracked`` None: the answer did not tell, nothing is compared."""

    run_id: int
    ref: str
    product_ref: str
    tracked: bool | None
    quantity: int | None


def write_shown(rows: Sequence[ShownRow]) -> None:
    """Add readings. Inside the caller's transaction, so that they stand with the cursor they were read up to."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # After a crash the readings are gone and are taken anew: no commit of them needs to be waited for.
            cursor.execute("SET LOCAL synchronous_commit = off")
            with cursor.copy(f"COPY {_SHOWN} ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(_TYPES)
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(
                f"INSERT INTO {_SHOWN} ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
                rows,
            )


@transaction.atomic
def note_differing(run: Run) -> int:
    """Note which readings since the last note disagree with what is accounted now; return the id of the last one."""
    with connection.cursor() as cursor:
        _in_one_pass(cursor, _NOTE, {"run": run.pk, "channel": run.channel_id, "noted_to": run.noted_to})
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {_SHOWN} WHERE run_id = %s", [run.pk])  # noqa: S608
        return int(cursor.fetchone()[0])


@transaction.atomic
def compare(run: Run) -> None:
    """Write a finding for each suspicion of a run that was read to its end."""
    values = {"run": run.pk, "channel": run.channel_id, "began": run.started_at, "noted_to": run.noted_to}
    with connection.cursor() as cursor:
        _in_one_pass(cursor, _COMPARE, values)


def _in_one_pass(cursor: CursorWrapper, statement: str, values: dict[str, int | datetime | None]) -> None:
    """Join readings and listings by going through both, never by looking up each: that takes thrice as long."""
    if connection.vendor != "postgresql":
        cursor.execute(statement, values)
        return
    # The rows were written a moment ago and nothing has counted them yet: the planner would take them for few.
    cursor.execute("SET LOCAL enable_nestloop = off")
    cursor.execute(statement, values)
    cursor.execute("SET LOCAL enable_nestloop = on")


def shown_count(run: Run) -> int:
    """Return how many readings are kept: fewer than were read means that some were lost."""
    return ShownQuantity.objects.filter(run=run).count()


def drop(run: Run) -> None:
    """Forget the readings of a run: its findings stay."""
    ShownQuantity.objects.filter(run=run).delete()
    DifferingQuantity.objects.filter(run=run).delete()

"""A run's readings by the hundred thousand: written without objects, compared in one statement.

On PostgreSQL rows come in by COPY; elsewhere by executemany. The statements themselves are the same on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection, transaction

from channels.models import Listing
from reconciliation.models import ExpectedQuantity, Finding, Run, ShownQuantity

_EXPECTED = ExpectedQuantity._meta.db_table
_SHOWN = ShownQuantity._meta.db_table
_LISTING = Listing._meta.db_table
_FINDING = Finding._meta.db_table

_COLUMNS = "run_id, ref, product_ref, tracked, quantity"

_NOTE = f"""
INSERT INTO {_EXPECTED} (run_id, listing_id, ref, accounted, version)
SELECT %s, id, ref, accounted, accounted_version FROM {_LISTING} WHERE channel_id = %s AND state = 'active'
"""  # noqa: S608 — table names of ours

# A listing whose accounted quantity moved while the channel was read agrees if it showed what was accounted at either
# end; otherwise it is looked at again like the others. A row that was read twice was reduced to its last reading.
_COMPARE = f"""
INSERT INTO {_FINDING}
  (run_id, listing_id, ref, product_ref, state, cause, ledger_says, channel_shows, note)
SELECT e.run_id, l.id, l.ref, l.product_ref, 'suspected',
  CASE WHEN s.ref IS NULL THEN 'listing-gone' WHEN s.tracked = FALSE THEN 'tracking-switched' ELSE '' END,
  l.accounted, s.quantity, ''
FROM {_EXPECTED} e
JOIN {_LISTING} l ON l.id = e.listing_id
LEFT JOIN {_SHOWN} s ON s.run_id = e.run_id AND s.ref = e.ref
WHERE e.run_id = %s AND l.state = 'active' AND (
  s.ref IS NULL
  OR (l.mapping = 'mapped' AND l.tracked = TRUE AND l.accounted IS NOT NULL AND (
    s.tracked = FALSE
    OR (s.tracked = TRUE AND s.quantity <> l.accounted
      AND NOT (l.accounted_version <> e.version AND s.quantity = e.accounted))
  ))
  OR (s.tracked = TRUE AND l.mapping = 'mapped' AND l.tracked = FALSE)
)
ORDER BY l.id
"""  # noqa: S608

_NEW = f"""
INSERT INTO {_FINDING}
  (run_id, listing_id, ref, product_ref, state, cause, ledger_says, channel_shows, note)
SELECT s.run_id, NULL, s.ref, s.product_ref, 'suspected', 'listing-new', NULL, s.quantity, ''
FROM {_SHOWN} s
LEFT JOIN {_LISTING} l ON l.channel_id = %s AND l.ref = s.ref
WHERE s.run_id = %s AND (l.id IS NULL OR l.state = 'gone')
ORDER BY s.id
"""  # noqa: S608

_COUNT_TWICE = f"""
SELECT (SELECT count(*) FROM {_SHOWN} WHERE run_id = %s)
  - (SELECT count(*) FROM (SELECT 1 FROM {_SHOWN} WHERE run_id = %s GROUP BY ref) AS once)
"""  # noqa: S608

_DROP_TWICE = f"""
DELETE FROM {_SHOWN} WHERE run_id = %s
AND id NOT IN (SELECT max(id) FROM {_SHOWN} WHERE run_id = %s GROUP BY ref)
"""  # noqa: S608


class ShownRow(NamedTuple):
    """What one pool shows, as it is written. ``tracked`` None: the answer did not tell, nothing is compared."""

    run_id: int
    ref: str
    product_ref: str
    tracked: bool | None
    quantity: int | None


def note_expected(run: Run) -> int:
    """Keep what is accounted for each listing of the run's channel now; return how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [run.pk, run.channel_id])
        return int(cursor.rowcount)


def write_shown(rows: Sequence[ShownRow]) -> None:
    """Add readings. Inside the caller's transaction, so that they stand with the cursor they were read up to."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {_SHOWN} ({_COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            cursor.executemany(
                f"INSERT INTO {_SHOWN} ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
                rows,
            )


@transaction.atomic
def compare(run: Run) -> int:
    """Write a finding for each suspicion of a run that was read to its end; return how many there are.

    Only the last reading of a pool counts that was read twice, because a catalogue shifted under the scan.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_TWICE, [run.pk, run.pk])
        if cursor.fetchone()[0]:
            cursor.execute(_DROP_TWICE, [run.pk, run.pk])
        cursor.execute(_COMPARE, [run.pk])
        found = int(cursor.rowcount)
        cursor.execute(_NEW, [run.channel_id, run.pk])
        return found + int(cursor.rowcount)


def shown_count(run: Run) -> int:
    """Return how many readings are kept: fewer than were read means that some were lost."""
    return ShownQuantity.objects.filter(run=run).count()


def drop(run: Run) -> None:
    """Forget the readings of a run: its findings stay."""
    ShownQuantity.objects.filter(run=run).delete()
    ExpectedQuantity.objects.filter(run=run).delete()

"""Which SKUs will run out, if they sell on as they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from inventory.models import Movement, Sku

WINDOW = timedelta(days=28)  # over which the velocity is taken
SOON_DAYS = 7
MOST = 500  # rows that are listed; so many that no list helps any more

# Sold is what was reserved less what was given back, and what shops sold over the counter, of SKUs that were merged as
# of what they are now. Two sums joined: the ORM would take the second one once for every SKU, and each of a database's
# parallel workers the first one, were it not materialized.
_RUNS_OUT = """
WITH sold AS MATERIALIZED (
  SELECT COALESCE(merged.merged_into_id, moved.sku_id) AS sku_id,
    SUM(CASE WHEN moved.kind = %s THEN -moved.on_hand_delta ELSE moved.reserved_delta END) AS units
  FROM inventory_movement moved
  LEFT JOIN inventory_sku merged ON merged.id = moved.sku_id AND merged.merged_into_id IS NOT NULL
  WHERE moved.recorded_at >= %s AND moved.kind IN (%s, %s, %s)
  GROUP BY COALESCE(merged.merged_into_id, moved.sku_id)
  HAVING SUM(CASE WHEN moved.kind = %s THEN -moved.on_hand_delta ELSE moved.reserved_delta END) * %s >= %s
)
SELECT sold.sku_id, sold.units, SUM(level.available)
FROM sold
JOIN inventory_stocklevel level ON level.sku_id = sold.sku_id
JOIN inventory_sku sku ON sku.id = sold.sku_id AND sku.archived_at IS NULL
GROUP BY sold.sku_id, sold.units
HAVING SUM(level.available) > 0 AND SUM(level.available) * %s <= sold.units * %s
ORDER BY SUM(level.available) * 1.0 / sold.units, sold.sku_id
LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A SKU with its available units, the units sold within WINDOW, and the days that those available will last."""

    sku: Sku
    available: int
    sold: int

    @property
    def per_day(self) -> float:
        return self.sold / WINDOW.days

    @property
    def days_left(self) -> float:
        return self.available / self.per_day

    @property
    def whole_days(self) -> int:
        return int(self.days_left)


def runs_out(*, within_days: int, now: datetime, most: int = MOST) -> list[Risk]:
    """Return the SKUs whose available units last for ``within_days`` at most, the soonest first; at most ``most``.

    Those that have none left don't run out any more, and bundles are as short as their components.
    """
    kinds = (Movement.Kind.RESERVE, Movement.Kind.RELEASE, Movement.Kind.SALE)
    with connection.cursor() as cursor:
        since = connection.ops.adapt_datetimefield_value(now - WINDOW)
        # Of what runs out at least one unit is there: what sold too seldom for that is not looked up.
        lasts = (within_days, WINDOW.days)
        sale = Movement.Kind.SALE
        cursor.execute(_RUNS_OUT, [sale, since, *kinds, sale, *lasts, *reversed(lasts), most])
        rows = cursor.fetchall()
    skus = Sku.objects.in_bulk([row[0] for row in rows])
    return [Risk(sku=skus[sku_id], sold=int(sold), available=int(available)) for sku_id, sold, available in rows]

"""What a booked order means for those who listen: it holds more, holds less, has shipped, or waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.models import Order, OrderLine
from inventory.announcing import Json, announce

LINES_TOLD = 100  # of an order; who needs more reads the order


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an order's lines hold: units in all, those of them that have shipped, and lines that can't be booked."""

    sold: int
    fulfilled: int
    waiting: int

    @classmethod
    def of(cls, lines: Iterable[OrderLine]) -> Holding:
        """Add the lines up, as they are now."""
        booked = [line for line in lines if line.state == OrderLine.State.BOOKED]
        return cls(
            sold=sum(line.waits_to_ship + max(0, line.left) for line in booked),
            fulfilled=sum(max(0, line.left) for line in booked),
            waiting=sum(1 for line in lines if line.state == OrderLine.State.WAITING and (line.sold or line.returned)),
        )


def tell(order: Order, before: Holding, lines: Sequence[OrderLine], *, now: datetime) -> None:
    """Announce what changed of the order from ``before`` to its ``lines`` as they are now."""
    after = Holding.of(lines)
    kinds = []
    if after.sold > before.sold:
        kinds.append("order.reserved")
    if after.sold < before.sold:
        kinds.append("order.released")
    if after.fulfilled > before.fulfilled:
        kinds.append("order.fulfilled")
    if after.waiting > before.waiting:
        kinds.append("order.waiting")
    for kind in kinds:
        announce(kind, subject=f"order:{order.pk}", at=now, data=_data(order, lines))


def _data(order: Order, lines: Sequence[OrderLine]) -> dict[str, Json]:
    return {
        "order": order.pk,
        "channel": {"id": order.channel_id, "name": order.channel.name},
        "ref": order.ref,
        "number": order.number,
        "state": str(order.state),
        "placed_at": order.placed_at.isoformat() if order.placed_at else None,
        "lines": [
            {
                "ref": line.ref,
                "sku": line.sku.code if line.sku else None,
                "ordered": line.ordered,
                "sold": line.sold,
                "fulfilled": line.fulfilled,
                "state": str(line.state),
                "reason": line.reason,
            }
            for line in lines[:LINES_TOLD]
        ],
        "lines_left_out": max(0, len(lines) - LINES_TOLD),
    }

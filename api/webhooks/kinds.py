"""The kinds of events that others can be told of: one table for the documentation, the pages and the samples.

Each event says how things stand after it, not only what changed: who misses one is right again with the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from inventory.announcing import Json

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

_LEVEL: Final[Mapping[str, Json]] = {
    "sku": "TEE-BLK-M",
    "warehouse": "MAIN",
    "on_hand": 12,
    "reserved": 4,
    "available": 8,
    "unsellable": 0,
    "on_hand_before": 12,
    "available_before": 10,
    "movement": 90217,
}
_TOTAL: Final[Mapping[str, Json]] = {
    "sku": "TEE-BLK-M",
    "on_hand": 12,
    "reserved": 9,
    "available": 3,
    "available_before": 6,
    "low_at": 5,
}
_ORDER: Final[Mapping[str, Json]] = {
    "order": 311,
    "channel": {"id": 2, "name": "North"},
    "ref": "7042",
    "number": "#7042",
    "state": "open",
    "placed_at": "2026-11-21T09:29:58+00:00",
    "lines": [
        {"ref": "1", "sku": "TEE-BLK-M", "ordered": 2, "sold": 2, "fulfilled": 0, "state": "booked", "reason": ""}
    ],
}
_DISCREPANCY: Final[Mapping[str, Json]] = {
    "discrepancy": 88,
    "kind": "channel",
    "channel": {"id": 2, "name": "North"},
    "source": "",
    "listing": 17,
    "sku": "TEE-BLK-M",
    "warehouse": "MAIN",
    "ledger_says": 8,
    "channel_shows": 9,
    "difference": 1,
    "severity": "high",
    "cause": "hand-edit",
    "state": "open",
    "resolution": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of event. ``scope`` is what a token needs to be told of it; ``sample`` is its data."""

    code: str
    title: StrPromise
    about: StrPromise
    scope: str
    subject: str
    sample: Mapping[str, Json]


def _stock(code: str, title: StrPromise, about: StrPromise, **changes: Json) -> Kind:
    return Kind(code=code, title=title, about=about, scope="stock:read", subject="sku:41", sample={**_TOTAL, **changes})


def _order(code: str, title: StrPromise, about: StrPromise, **changes: Json) -> Kind:
    return Kind(
        code=code, title=title, about=about, scope="orders:read", subject="order:311", sample={**_ORDER, **changes}
    )


_ALL: Final[Sequence[Kind]] = (
    Kind(
        code="stock.available_changed",
        title=_("Available changed"),
        about=_("The available units of a SKU in one warehouse are others now. Changes of one moment come as one."),
        scope="stock:read",
        subject="sku:41:warehouse:1",
        sample=_LEVEL,
    ),
    Kind(
        code="stock.on_hand_changed",
        title=_("On hand changed"),
        about=_("Units arrived, left, or were found to be more or fewer: on hand or unsellable changed."),
        scope="stock:read",
        subject="sku:41:warehouse:1",
        sample={**_LEVEL, "on_hand": 10, "reserved": 2, "available_before": 8},
    ),
    _stock("stock.low", _("Stock is low"), _("Available over all warehouses fell to the SKU's low mark or below.")),
    _stock(
        "stock.out",
        _("Out of stock"),
        _("Available over all warehouses fell to zero or below."),
        reserved=12,
        available=0,
        available_before=1,
    ),
    _stock(
        "stock.back",
        _("Back in stock"),
        _("Available over all warehouses rose above zero again."),
        reserved=0,
        available=12,
        available_before=0,
    ),
    _stock(
        "stock.oversold",
        _("Oversold"),
        _("More is promised than is there: available over all warehouses fell below zero."),
        reserved=13,
        available=-1,
        available_before=1,
    ),
    _order("order.reserved", _("Order reserved"), _("An order holds more units than before: it is new, or has grown.")),
    _order(
        "order.released",
        _("Order released"),
        _("An order holds fewer units than before: it was cancelled or made smaller."),
        state="cancelled",
        lines=[
            {"ref": "1", "sku": "TEE-BLK-M", "ordered": 0, "sold": 0, "fulfilled": 0, "state": "booked", "reason": ""}
        ],
    ),
    _order(
        "order.fulfilled",
        _("Order fulfilled"),
        _("Units of an order have shipped."),
        state="fulfilled",
        lines=[
            {"ref": "1", "sku": "TEE-BLK-M", "ordered": 2, "sold": 2, "fulfilled": 2, "state": "booked", "reason": ""}
        ],
    ),
    _order(
        "order.waiting",
        _("Order waits"),
        _("A line of an order can't be booked yet, most often because its listing has no SKU."),
        lines=[
            {
                "ref": "1",
                "sku": None,
                "ordered": 2,
                "sold": 2,
                "fulfilled": 0,
                "state": "waiting",
                "reason": "Its listing is not mapped to a SKU.",
            }
        ],
    ),
    Kind(
        code="channel.needs_attention",
        title=_("Channel needs you"),
        about=_("A channel has stopped: its store refuses us, or a wave of changes waits for a person."),
        scope="channels:read",
        subject="channel:2",
        sample={"channel": {"id": 2, "name": "North"}, "connection": "reconnect", "problem": "The token was revoked."},
    ),
    Kind(
        code="sync.failed",
        title=_("Sync fails"),
        about=_("A store has not answered as it should for two minutes. Calls are tried again; nothing is lost."),
        scope="channels:read",
        subject="channel:2",
        sample={
            "channel": {"id": 2, "name": "North"},
            "failing_since": "2026-11-21T09:28:00+00:00",
            "problem": "The store did not answer within 15 seconds.",
        },
    ),
    Kind(
        code="discrepancy.flagged",
        title=_("Discrepancy found"),
        about=_("A channel or stock source shows another number than the ledger, and a person has to decide."),
        scope="reconciliation:read",
        subject="discrepancy:88",
        sample=_DISCREPANCY,
    ),
    Kind(
        code="discrepancy.closed",
        title=_("Discrepancy closed"),
        about=_("A discrepancy was decided, or is over by itself."),
        scope="reconciliation:read",
        subject="discrepancy:88",
        sample={**_DISCREPANCY, "state": "resolved", "resolution": "keep-ours"},
    ),
    Kind(
        code="sale.waiting",
        title=_("Shop sale waits"),
        about=_("A sale in a physical store names a code that no SKU has. It is booked once a person says which."),
        scope="stock:read",
        subject="sale:1204",
        sample={"line": 1204, "warehouse": "SHOP", "sale_id": "T1-88", "line_id": "2", "code": "4006381333931"},
    ),
)
KINDS: Final = {kind.code: kind for kind in _ALL}
CHOICES: Final = [(kind.code, kind.title) for kind in _ALL]
CODES: Final = list(KINDS)
TEST: Final = "webhook.test"  # sent by the test button alone; nobody subscribes to it

"""When Ecwid takes units off its own number for an order, and when it gives them back. Pure.

Documented: taken at checkout; untouched by edits of lines; given back when the payment becomes CANCELLED or REFUNDED
(https://support.ecwid.com/hc/en-us/articles/115005862165, …/115005863005, …/207101419). What no page tells is an
option of the store, see ``OPTIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from channels.contract import KnownLine, OptionField

RELEASED = frozenset({"CANCELLED", "REFUNDED"})
ABANDONED = "INCOMPLETE"

_NO_YES = (("no", "No"), ("yes", "Yes"))
OPTIONS = (
    OptionField(
        name="takes_stock_when",
        label="Ecwid lowers its stock",
        help="Most stores lower it as soon as an order is placed. Place an unpaid order and look, if unsure.",
        default="placed",
        choices=(("placed", "When an order is placed"), ("paid", "When an order is paid")),
    ),
    OptionField(
        name="gives_back_on_delete",
        label="Deleting an order restocks it",
        help="Whether Ecwid raises its stock when an order is deleted that was not cancelled before.",
        default="no",
        choices=_NO_YES,
    ),
    OptionField(
        name="gives_back_on_return",
        label="The status “Returned” restocks an order",
        help="Whether Ecwid raises its stock when an order's fulfilment status becomes Returned.",
        default="no",
        choices=_NO_YES,
    ),
    OptionField(
        name="takes_again_when_reopened",
        label="Reopening a cancelled order takes stock again",
        help="Whether Ecwid lowers its stock when a cancelled or refunded order is set back to Paid.",
        default="yes",
        choices=_NO_YES,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHabits:
    """The options of one store, read."""

    takes_when_paid: bool = False
    gives_back_on_delete: bool = False
    gives_back_on_return: bool = False
    takes_again_when_reopened: bool = True

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        return cls(
            takes_when_paid=options.get("takes_stock_when") == "paid",
            gives_back_on_delete=options.get("gives_back_on_delete") == "yes",
            gives_back_on_return=options.get("gives_back_on_return") == "yes",
            takes_again_when_reopened=options.get("takes_again_when_reopened") != "no",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Whether Ecwid kept an order's units aside when it was last booked, and whether it does now.

    ``moves`` is false where that changed without a move of Ecwid's stock.
    """

    before: bool
    now: bool
    moves: bool = True

    def taken(self, known: KnownLine | None, units: int) -> int:
        """Return the units that Ecwid has taken for a line in all; ``units`` is what the line says now.

        Ecwid takes and gives back by the lines as they stand. While nothing changes hands an edited line moves
        nothing; so a line that was added by an edit and is then cancelled is given back without ever having been
        taken: negative, and true. What is booked of the line itself decides, not the order: a line that could not be
        read for a while is behind the others.
        """
        base = 0 if known is None else known.taken
        before = self.before if known is None else known.is_held
        if before == self.now or not self.moves:
            return base
        return base + units if self.now else base - units


def holding_of(*, payment: str, fulfilment: str, known: Mapping[str, KnownLine], habits: StoreHabits) -> Holding:
    """Tell from an order's statuses and from what is booked of it what Ecwid has done since."""
    before = any(line.is_held for line in known.values())
    now = _holds(before, payment, fulfilment, habits)
    if now and not before and not habits.takes_again_when_reopened and _was_given_back(known, habits):
        # Reopened without taking. Where stock is taken on payment, an order that was never paid looks the same once
        # this is booked; there it must count as held from now on, or the next look would take it.
        return Holding(before=before, now=habits.takes_when_paid, moves=False)
    return Holding(before=before, now=now)


def _holds(before: bool, payment: str, fulfilment: str, habits: StoreHabits) -> bool:
    if payment in RELEASED:
        return False
    if payment == ABANDONED:
        return before
    if fulfilment == "RETURNED" and habits.gives_back_on_return:
        return False
    if habits.takes_when_paid and payment not in {"PAID", "PARTIALLY_REFUNDED"}:
        return before
    return True


def _was_given_back(known: Mapping[str, KnownLine], habits: StoreHabits) -> bool:
    """Tell a reopened order from one that is held for the first time.

    A cancelled order still lists its units but sells none. An abandoned cart lists none. Only where stock is taken
    on payment may an order sell units that Ecwid has not taken yet.
    """
    return any(line.ordered > 0 and (line.sold == 0 or not habits.takes_when_paid) for line in known.values())

"""What the ledger and the catalogue may refuse. Every message says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _


class LedgerError(Exception):
    """The ledger refused; nothing was changed."""


class InvalidQuantity(LedgerError):
    """The units are not a whole number in the range that makes sense here."""


class KeyConflict(LedgerError):
    """The key was used before for something else."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The key {key!r} was used before with other content. Use a new key for a new change.")
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """One line that can't be served: ``asked`` units where ``available`` are left."""

    sku: str
    warehouse: str
    asked: int
    available: int


class InsufficientStock(LedgerError):
    """Less is there than was asked; carries every shortage, so that a caller sees all lines at once."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        lines = ", ".join(f"{s.sku} in {s.warehouse}: asked {s.asked}, available {s.available}" for s in shortages)
        super().__init__(f"Not enough stock: {lines}.")
        self.shortages = tuple(shortages)


class KeptElsewhere(LedgerError):
    """The warehouse shows stock that someone else keeps: nobody changes it here."""

    def __init__(self, *, warehouse: str, keeper: str) -> None:
        super().__init__(
            _("The stock of %(warehouse)s is kept by %(keeper)s and only shown here: change it there.")
            % {"warehouse": warehouse, "keeper": keeper}
        )


class NotOpen(LedgerError):
    """The reservation has ended and can't change any more."""


class CodeTaken(ValidationError):
    """Another SKU or warehouse has the code."""

    def __init__(self, *, kind: str, code: str) -> None:
        message = _("There is a %(kind)s with the code “%(code)s” already.") % {"kind": kind, "code": code}
        super().__init__({"code": message})


# What one thing that others tell (an order, an event, a reading) can cause by what it holds: values that no column
# takes, a shape that nobody thought of. A database that is away, or two transactions that met, are no fault of its own.
OWN_FAULTS = (
    DataError,
    IntegrityError,
    LedgerError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

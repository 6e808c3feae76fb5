"""Proof that a refusal left nothing behind: every row of the ledger before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from django.db.models import Model

from inventory.errors import LedgerError
from inventory.models import Movement, Reservation, ReservationLine, StockCount, StockLevel, StockSignal

TABLES: tuple[type[Model], ...] = (Movement, Reservation, ReservationLine, StockCount, StockLevel, StockSignal)


def all_rows() -> dict[str, list[dict[str, object]]]:
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in TABLES}


E = TypeVar("E", bound=LedgerError)


@contextmanager
def refused(error: type[E]) -> Iterator[pytest.ExceptionInfo[E]]:
    """Expect ``error`` and not one row changed."""
    before = all_rows()
    with pytest.raises(error) as caught:
        yield caught
    assert all_rows() == before

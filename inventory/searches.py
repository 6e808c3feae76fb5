"""Search for a text in the columns of a row and of the rows that it points at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

Rows = TypeVar("Rows", bound=QuerySet[Any])

FEW = 2000  # rows of another table that are named one by one
LONGEST = 200


def typed(text: str | None, longest: int = LONGEST) -> str:
    """Return what somebody typed or scanned without spaces around it, and without the NUL that no database keeps."""
    return (text or "").replace("\0", "").strip()[:longest]


def holding(model: type[Model], paths: Iterable[str], text: str) -> Q:
    """Return what finds the rows of ``model`` that hold ``text`` in one of these columns, in any case of letters.

    ``sku__code`` is a column of the row that ``sku`` points at; ``^barcode`` is looked at from its beginning on, in the
    case that was typed. The rows pointed at are looked for first: no index can answer for the columns of two tables at
    once. Where they are many, so that the words find much, reading along the list meets enough of them soon.
    """
    found = Q()
    beside: dict[str, list[str]] = {}
    for path in paths:
        relation, mark, rest = path.removeprefix("^").partition("__")
        if mark:
            beside.setdefault(relation, []).append(f"^{rest}" if path.startswith("^") else rest)
        else:
            found |= _holds(path, text)
    for relation, rests in beside.items():
        other: Any = model._meta.get_field(relation).related_model
        rows = other._default_manager.filter(holding(other, rests, text))
        ids = few_of(rows)
        if ids is not None:
            found |= Q(**{f"{relation}__in": ids})
        else:
            for rest in rests:
                found |= _holds(rest, text, prefix=f"{relation}__")
    return found


def found(rows: Rows, paths: Iterable[str], text: str) -> Rows:
    """Return those of ``rows`` that hold ``text``, for columns that have indexes for it; ``paths`` as for ``holding``.

    What is found is found first, and by its ids if it is little: a database that guesses there to be much of it would
    read along the order of the list instead.
    """
    wanted = holding(rows.model, paths, text)
    ids = few_of(rows.model._default_manager.filter(wanted))
    return rows.filter(wanted) if ids is None else rows.filter(pk__in=ids)


def at_first(rows: Rows) -> Rows:
    """Return ``rows``, found now if they are few, for a database that would guess there to be many of them."""
    few = few_of(rows)
    return rows if few is None else rows.model._default_manager.filter(pk__in=few)


def few_of(rows: QuerySet[Any]) -> list[Any] | None:
    """Return the keys of ``rows``; None if they are more than a few."""
    keys = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    return keys if len(keys) <= FEW else None


def _holds(path: str, text: str, *, prefix: str = "") -> Q:
    lookup = "startswith" if path.startswith("^") else "icontains"
    return Q(**{f"{prefix}{path.removeprefix('^')}__{lookup}": text})

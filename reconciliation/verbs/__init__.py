"""What a person does about discrepancies: see what it would do, do it, take it back.

    shown = verbs.preview(discrepancy, choice)            # what will be written where, or why it can't be done
    effects = verbs.act(discrepancy, choice, actor=..., now=...)
    verbs.undo(discrepancy, actor=..., now=...)

Nothing is asked of a store for a preview. ``act`` and ``undo`` read the live number first; where it is not the one
that was decided on they raise PictureMoved with the new picture and change nothing but that picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciliation.models import Discrepancy, Verb
from reconciliation.verbs import previewing
from reconciliation.verbs.acting import act
from reconciliation.verbs.choice import (
    BulkPreview,
    Choice,
    Effect,
    NotPossible,
    Picture,
    PictureMoved,
    Preview,
    Where,
)
from reconciliation.verbs.undoing import preview_undo, undo

__all__ = [
    "BulkPreview",
    "Choice",
    "Effect",
    "NotPossible",
    "Picture",
    "PictureMoved",
    "Preview",
    "Where",
    "act",
    "choice_for",
    "preview",
    "preview_many",
    "preview_undo",
    "proposed",
    "undo",
]


def preview(discrepancy: Discrepancy, choice: Choice) -> Preview:
    """Return what the choice would write where."""
    return previewing.preview(discrepancy, choice, previewing.Surroundings.of([discrepancy], choice.sku))


def preview_many(discrepancies: Sequence[Discrepancy], choice: Choice | None) -> BulkPreview:
    """Return what one choice (None: each row's own proposal) would do to many, in a fixed number of queries.

    The version of ``choice`` is not looked at: each row is previewed as it was loaded.
    """
    around = previewing.Surroundings.of(discrepancies, choice.sku if choice else None)
    rows = []
    for row in discrepancies:
        own = choice_for(row, choice)
        if own is None:
            rows.append(Preview(discrepancy=row, verb=Verb.SNOOZE, problem="Nothing is proposed for it."))
        else:
            rows.append(previewing.preview(row, own, around))
    return BulkPreview(rows=tuple(rows))


def choice_for(row: Discrepancy, choice: Choice | None) -> Choice | None:
    """Return ``choice`` as it applies to ``row`` as loaded; without one, what is proposed, or None."""
    if choice is None:
        return proposed(row)
    return choice.of_version(row.version)


def proposed(row: Discrepancy) -> Choice | None:
    """Return the choice that accepting the row's proposal means; None where nothing is proposed."""
    return previewing.proposed(row)

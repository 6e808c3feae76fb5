"""What a person chooses, what it would do, and why it can't be done."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inventory.models import Sku, Warehouse
from reconciliation.models import Discrepancy
from reconciliation.words import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One verb with what it needs. ``version`` is that of the discrepancy as the person saw it."""

    verb: Verb
    version: int
    warehouse: Warehouse | None = None  # take theirs, recount; None: the discrepancy's own, if it has one
    reason: str = ""  # take theirs and ignore need one
    until: datetime | None = None  # snooze
    sku: Sku | None = None  # change the mapping

    def of_version(self, version: int) -> Choice:
        """Return the same choice about another version."""
        return replace(self, version=version)

    def kept(self) -> dict[str, object]:
        """Return it as JSON for a batch, without verb and version, which each row has."""
        return {
            "warehouse": self.warehouse.pk if self.warehouse else None,
            "reason": self.reason,
            "until": self.until.isoformat() if self.until else None,
            "sku": self.sku.pk if self.sku else None,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any], *, verb: Verb, version: int) -> Choice:
        """Return what ``kept`` has made JSON of, for one row."""
        until = kept.get("until")
        return cls(
            verb=verb,
            version=version,
            warehouse=Warehouse.objects.filter(pk=kept["warehouse"] or 0).first(),
            reason=str(kept.get("reason") or ""),
            until=datetime.fromisoformat(str(until)) if until else None,
            sku=Sku.objects.filter(pk=kept["sku"] or 0).first(),
        )


class Where(enum.StrEnum):
    """What an effect writes to."""

    CHANNEL = "channel"  # a quantity in the store
    LEDGER = "ledger"  # on hand in a warehouse
    MAPPING = "mapping"
    TASK = "task"  # a count to make
    QUEUE = "queue"  # only how the discrepancy stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that a verb will write: ``units`` signed, 0 where no quantity changes."""

    where: Where
    name: str  # of the channel, the warehouse, the SKU
    sentence: str
    units: int = 0
    is_certain: bool = True  # False: only once something else has happened, for example the channel goes live


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a choice would do to one discrepancy. ``problem`` is why it can't be done; then there are no effects."""

    discrepancy: Discrepancy
    verb: Verb
    effects: tuple[Effect, ...] = ()
    problem: str = ""
    field: str = ""  # what to choose or mend so that it can be done

    @property
    def is_possible(self) -> bool:
        return not self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPreview:
    """What a choice would do to many: the rows, and their sums."""

    rows: tuple[Preview, ...]

    @property
    def possible(self) -> int:
        return sum(row.is_possible for row in self.rows)

    @property
    def impossible(self) -> int:
        return len(self.rows) - self.possible

    @property
    def pushes(self) -> int:
        """How many quantities will be written to stores."""
        return sum(1 for row in self.rows for e in row.effects if e.where == Where.CHANNEL and e.units)

    def units(self, where: Where) -> dict[str, tuple[int, int]]:
        """Return the units added and taken away by channel or warehouse name."""
        sums: dict[str, tuple[int, int]] = {}
        for row in self.rows:
            for effect in row.effects:
                if effect.where == where and effect.units:
                    up, down = sums.get(effect.name, (0, 0))
                    sums[effect.name] = (up + max(effect.units, 0), down + min(effect.units, 0))
        return sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The numbers as they are in this moment."""

    ledger_says: int | None
    channel_shows: int | None
    version: int  # of the discrepancy; what a new decision has to name
    is_over: bool  # it was decided or has healed: there is nothing to decide any more


class PictureMoved(Exception):
    """The numbers, or the discrepancy, are not those that the person decided on; nothing was done.

    The message says what has changed; ``picture`` is how it is now, if that is known.
    """

    def __init__(self, message: str, picture: Picture | None = None) -> None:
        super().__init__(message)
        self.picture = picture


class NotPossible(Exception):
    """This verb can't be applied to this discrepancy; nothing was done. ``field`` names what to mend in the choice."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field

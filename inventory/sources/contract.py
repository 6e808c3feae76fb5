"""What every stock source offers, in our words. An adapter speaks HTTP; the rest of this package sees only this.

Quantities are whole units. Times are aware and UTC. No method opens a transaction or touches the database.
Parsing an event or checking a signature does no I/O at all.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol


class SourceError(Exception):
    """A source could not be read; ``retryable`` says whether the same call may work later.

    The message is a sentence for people and may quote the source's words, never a secret.
    """

    retryable: ClassVar[bool] = False


class RateLimited(SourceError):
    """The source asked us to wait ``wait_seconds``."""

    retryable = True

    def __init__(self, message: str, *, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class Unreachable(SourceError):
    """No usable answer: the network, a time-out, a 5xx, HTML or an empty body where JSON was due."""

    retryable = True


class Rejected(SourceError):
    """The source understood and refused; the same call will be refused again."""


class BadCredentials(SourceError):
    """The token is dead, revoked or lacks a right: every call must stop until a person reconnects."""


class BadPayload(SourceError):
    """The source sent something that is not what its documentation promises."""


class TornRead(SourceError):
    """The stock changed shape while it was read; nothing of the reading can be used."""

    retryable = True


class CantReread(SourceError):
    """Single items can't be read reliably here; only a whole reading can tell."""


class BadSignature(Exception):
    """An event is not signed with this source's secret; the message says in what way, without any secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One thing that the connect page asks for. What is not ``is_kept`` is only used to obtain another credential."""

    name: str
    label: str
    help: str
    is_secret: bool = False
    is_required: bool = True
    is_kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One fact about a source that differs from one installation to the next."""

    name: str
    label: str
    help: str
    default: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the core may expect of a kind of source; also shown on the connect page."""

    kind: str
    name: str
    about: str  # a sentence: what it is and how stock comes in
    hears: str  # a sentence: how quickly a change there is known here
    steps: tuple[str, ...]  # what to do there before connecting
    description: str = ""  # the static file that says what the other side has to answer, where we decide that
    default_base_url: str = ""
    credentials: tuple[CredentialField, ...] = ()
    options: tuple[OptionField, ...] = ()
    pulls: bool = True  # read over HTTP; otherwise it is given files
    tells_reserved: bool = False
    tells_shipments: bool = False
    has_exact_times: bool = False  # a shipment carries its moment, not only its day
    sends_events: bool = False
    signs_with_ours: bool = False  # we make the secret that signs events, and show it
    rows_add_up: bool = False  # several rows of one item at one place are added up, not a mistake
    can_reread: bool = False  # ``read_items`` works
    calls_per_second: float = 4.0
    default_pull_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What an adapter needs to know of a source. ``memory`` is its own between calls: JSON, kept by the core."""

    base_url: str
    credentials: Mapping[str, str] = field(repr=False)  # one that is printed tells no secret
    options: Mapping[str, str] = field(default_factory=dict)
    locations: tuple[str, ...] = ()  # refs of the locations that are mapped to warehouses
    started_at: datetime | None = None  # what was shipped earlier is not our business
    memory: MutableMapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a connection test found."""

    account: str  # what people call the other side
    facts: tuple[tuple[str, str], ...] = ()  # label and value, for the page
    warnings: tuple[str, ...] = ()  # sentences for people; none blocks
    skew_seconds: float | None = None  # by how much its clock is ahead of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLocation:
    """A place of the source's that holds stock."""

    ref: str
    name: str  # with its path where locations form a tree
    parent_ref: str = ""  # what is not mapped itself counts as its parent does
    note: str = ""  # for people: holds nothing itself, belongs to somebody else


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRow:
    """One row of a reading. Rows of one item add up; one SKU on two items is ambiguous and counts for neither."""

    row_ref: str  # unique within a full reading: one that comes twice shows that the pages have shifted
    item_ref: str
    sku: str
    location_ref: str
    on_hand: int = 0
    reserved: int | None = None
    unsellable: int | None = None
    as_of: datetime | None = None  # None: the page's
    problem: str = ""  # a sentence: the row can't be used, and so nothing of its SKU
    note: str = ""  # a sentence: it can be used, but a person should know


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPage:
    """One page of a full reading."""

    rows: tuple[StockRow, ...]
    next_cursor: str  # empty: this was the last page
    as_of: datetime
    snapshot: str = ""  # must be the same on every page of one reading
    total: int | None = None  # rows in the whole reading, where the source tells; must be the same on every page
    skew_seconds: float | None = None


class ShipmentKind(enum.StrEnum):
    SHIPPED = "shipped"
    PICKED = "picked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedLine:
    """Units of one SKU that have left, or were taken off the shelf."""

    line_ref: str  # the source's, unique in its shipment
    sku: str
    units: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedShipment:
    """A confirmation. ``happened_at`` None: only the day is known."""

    ref: str
    order_ref: str  # what people know the order by
    happened_at: datetime | None
    lines: tuple[ShippedLine, ...]
    location_ref: str = ""  # empty: where the order's units are reserved
    kind: ShipmentKind = ShipmentKind.SHIPPED
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentPage:
    shipments: tuple[ReportedShipment, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentEvent:
    shipment: ReportedShipment


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentEvent:
    """On hand changed by signed ``delta`` for a reason of the source's."""

    ref: str
    sku: str
    location_ref: str
    delta: int
    reason: str
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountEvent:
    """Somebody counted ``on_hand`` units."""

    ref: str
    sku: str
    location_ref: str
    on_hand: int
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    sku: str
    units: int
    is_sellable: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnEvent:
    ref: str
    lines: tuple[ReturnLine, ...]
    location_ref: str
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HintEvent:
    """Something moved: read again. Quantities of the event itself are never taken."""

    item_refs: tuple[str, ...]  # empty: everything


@dataclass(frozen=True, slots=True, kw_only=True)
class NoEvent:
    """Nothing to do; ``why`` is for the record."""

    why: str


Event = ShipmentEvent | AdjustmentEvent | CountEvent | ReturnEvent | HintEvent | NoEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What an event says of itself before its body is believed."""

    delivery_id: str
    topic: str


class StockSource(Protocol):
    """One source of one kind. Made by the registry; closed after use."""

    capabilities: ClassVar[Capabilities]

    def __init__(self, connection: Connection) -> None: ...

    def close(self) -> None: ...

    def check(self) -> Report:
        """Ask who is there and what we may read. Raises SourceError."""

    def settled_credentials(self) -> Mapping[str, str]:
        """Return what is to be kept of the credentials: a password exchanged for a token, a secret made."""

    def locations(self) -> Sequence[ReportedLocation]:
        """Return all locations, in the order in which people read them."""

    def stock_page(self, cursor: str) -> StockPage:
        """Return the page at ``cursor`` ("" = the first). Raises SourceError; TornRead when pages don't fit."""

    def read_items(self, item_refs: Sequence[str]) -> Sequence[StockRow]:
        """Return what the source says of these items now, each read in one piece; ``as_of`` is set on every row.

        Every mapped location has a row, 0 where it holds none. Raises CantReread.
        """

    def shipment_page(self, cursor: str, *, since: datetime) -> ShipmentPage:
        """Return the shipments confirmed or cancelled at or after ``since``, to the last page."""

    def read_envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        """Return the envelope of an event, believing nothing. Raises BadPayload."""

    def check_signature(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        """Verify on raw bytes in constant time. Raises BadSignature for whatever does not verify."""

    def parse_event(self, topic: str, body: bytes) -> Event:
        """Return what a stored event says. Raises BadPayload."""

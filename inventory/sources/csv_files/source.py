"""Files instead of calls: the kind ``csv``. What reads them is ``files`` and ``folder``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from inventory.sources.contract import (
    BadPayload,
    BadSignature,
    Capabilities,
    Connection,
    Envelope,
    Event,
    OptionField,
    Report,
    ReportedLocation,
    ShipmentPage,
    StockPage,
    StockRow,
)

_NOTHING_TO_CALL = "A file source has nothing that could be called."


class CsvSource:
    """A folder and an upload form."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="csv",
        name="CSV files",
        about="Stock counts as CSV files, uploaded here or dropped into a folder by whatever can write one.",
        hears="As soon as a file is there.",
        steps=(
            "Have the files begin with the header sku,location,on_hand; allocated, unsellable and as_of may follow.",
            "Let the location be the code of one of your warehouses.",
        ),
        options=(
            OptionField(
                name="mode",
                label="A file in the folder",
                help="Of an uploaded file you choose each time.",
                default="partial",
                choices=(
                    ("partial", "Touches only the SKUs that it lists"),
                    ("full", "Is the whole stock: a SKU that it leaves out counts as 0"),
                ),
            ),
        ),
        pulls=False,
        tells_reserved=True,
        default_pull_seconds=30,
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def close(self) -> None:
        pass

    def check(self) -> Report:
        return Report(account="")

    def settled_credentials(self) -> Mapping[str, str]:
        return {}

    def locations(self) -> Sequence[ReportedLocation]:
        return ()

    def stock_page(self, cursor: str) -> StockPage:
        raise BadPayload(_NOTHING_TO_CALL)

    def read_items(self, item_refs: Sequence[str]) -> Sequence[StockRow]:
        raise BadPayload(_NOTHING_TO_CALL)

    def shipment_page(self, cursor: str, *, since: datetime) -> ShipmentPage:
        raise BadPayload(_NOTHING_TO_CALL)

    def read_envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        raise BadPayload(_NOTHING_TO_CALL)

    def check_signature(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        raise BadSignature(_NOTHING_TO_CALL)

    def parse_event(self, topic: str, body: bytes) -> Event:
        raise BadPayload(_NOTHING_TO_CALL)

"""The kinds of stock sources there are. A new one is one folder and one line here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inventory.sources.contract import Capabilities, Connection, StockSource
from inventory.sources.csv_files.source import CsvSource
from inventory.sources.ecosire.source import EcosireSource
from inventory.sources.inventree.source import InvenTreeSource
from inventory.sources.models import Source
from inventory.sources.wms.source import WmsSource

KINDS: dict[str, type[StockSource]] = {
    "wms": WmsSource,
    "inventree": InvenTreeSource,
    "ecosire": EcosireSource,
    "csv": CsvSource,
}


def capabilities_of(source: Source) -> Capabilities:
    return KINDS[source.kind].capabilities


def connection_of(source: Source) -> Connection:
    """Return what the adapter of ``source`` needs to know; its ``memory`` is a copy that the caller keeps."""
    mapped = source.locations.exclude(warehouse=None).order_by("position", "pk")
    return Connection(
        base_url=source.base_url,
        credentials=source.credentials,
        options=source.options,
        locations=tuple(mapped.values_list("ref", flat=True)),
        started_at=source.started_at,
        memory=dict(source.memory),
    )


@contextmanager
def opened(source: Source) -> Iterator[tuple[StockSource, Connection]]:
    """Give the source's adapter and its connection, and close it afterwards."""
    connection = connection_of(source)
    adapter = KINDS[source.kind](connection)
    try:
        yield adapter, connection
    finally:
        adapter.close()

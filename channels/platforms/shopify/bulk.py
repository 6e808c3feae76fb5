"""A large catalogue by a bulk operation: one query over everything, answered later as a file.

https://shopify.dev/docs/api/usage/bulk-operations/queries (2026-10). The file has a line for each item, variant and
level, in no order that may be relied on; the lines are sorted in a file of our own and read from there page by page.
"""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from channels.contract import BadPayload, Rejected, Unreachable
from channels.platforms.shopify.client import ShopifyClient
from channels.platforms.shopify.documents import BULK_ITEMS, BULK_OPERATION, START_BULK
from channels.platforms.shopify.refs import gid, number_of
from channels.platforms.shopify.values import Json, decode, inner, text

WAIT_SECONDS = 5.0
BUSY_WAIT_SECONDS = 30.0  # while five other operations of the app are running
PAGE = 250  # items
KEPT_SECONDS = 24 * 3600.0

TRIES = 3  # operations of one read of the catalogue, when Shopify fails to finish them

# The try, the operation once it runs, the item behind which the next page begins.
FIRST = "bulk:1"
_CURSOR = re.compile(r"bulk:([1-9])(?::([0-9]{1,19})(?::([0-9]{1,19}))?)?")
_BUSY = {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"}


def is_cursor(cursor: str) -> bool:
    return cursor.startswith("bulk:")


def page(client: ShopifyClient, cursor: str) -> tuple[list[Json], str, float]:
    """Return (items, next cursor, seconds to wait); no items while the operation is being started or running.

    Raises ChannelError. Nothing is concluded from an operation that failed, nor from a part of its file.
    """
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadPayload("The catalogue's cursor can't be read.")
    attempt, number, behind = int(match[1]), match[2], int(match[3] or 0)
    if number is None:
        return _start(client, attempt)
    spool = _path(number)
    if not spool.exists():
        operation = inner(client.run(BULK_OPERATION, {"id": gid("BulkOperation", number)}).get("bulkOperation"))
        status, url = text(operation.get("status")), text(operation.get("url"))
        if status in {"CREATED", "RUNNING"}:
            return [], cursor, WAIT_SECONDS
        if status != "COMPLETED":
            return _again(attempt, text(operation.get("errorCode")) or status or "no such operation")
        if not url:
            return [], "", 0.0  # nothing to list
        _fill(spool, client.lines(url))
    items, last = _read(spool, behind)
    if not items:
        spool.unlink(missing_ok=True)
        return [], "", 0.0
    return items, f"bulk:{attempt}:{number}:{last}", 0.0


def _again(attempt: int, why: str) -> tuple[list[Json], str, float]:
    if attempt >= TRIES:
        raise Rejected(f"Shopify could not list the catalogue in {TRIES} tries ({why}).")
    return [], f"bulk:{attempt + 1}", BUSY_WAIT_SECONDS


def _start(client: ShopifyClient, attempt: int) -> tuple[list[Json], str, float]:
    payload = inner(client.run(START_BULK, {"query": BULK_ITEMS}).get("bulkOperationRunQuery"))
    errors = payload.get("userErrors") or []
    if any(text(inner(error).get("code")) in _BUSY for error in errors):
        return [], f"bulk:{attempt}", BUSY_WAIT_SECONDS
    number = number_of(inner(payload.get("bulkOperation")).get("id"), "BulkOperation")
    if errors or not number:
        said = "; ".join(text(inner(error).get("message")) for error in errors)
        raise Rejected(f"Shopify does not start to list the catalogue: {said[:300] or 'no words'}.")
    return [], f"bulk:{attempt}:{number}", WAIT_SECONDS


def _path(number: str) -> Path:
    """Return where an operation's lines are kept, in a folder that only this user may read."""
    folder = Path(tempfile.gettempdir()) / f"evenkeel-bulk-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise Unreachable(f"{folder} belongs to someone else: remove it.", may_have_applied=False)
    return folder / f"{number}.sqlite3"


def _fill(spool: Path, lines: Iterator[bytes]) -> None:
    """Sort the lines into a file. It gets its name once all are in it."""
    for old in spool.parent.glob("*.sqlite3*"):
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
    descriptor, name = tempfile.mkstemp(dir=spool.parent, suffix=".sqlite3-part")
    os.close(descriptor)
    part = Path(name)
    try:
        with closing(sqlite3.connect(part)) as database, database:
            database.execute("CREATE TABLE line (item INTEGER NOT NULL, body TEXT NOT NULL)")
            database.executemany("INSERT INTO line VALUES (?, ?)", _rows(lines))
            database.execute("CREATE INDEX line_of_item ON line (item)")
        part.replace(spool)
    finally:
        part.unlink(missing_ok=True)


def _rows(lines: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    for raw in lines:
        if not raw.strip():
            continue
        try:
            line = decode(raw)
        except ValueError:
            raise BadPayload("A line of Shopify's catalogue file is not JSON.") from None
        owner = inner(line).get("__parentId") or inner(line).get("id")
        number = number_of(owner, "InventoryItem")
        if not number:
            raise BadPayload("A line of Shopify's catalogue file belongs to no inventory item.")
        yield int(number), raw.decode()


def _read(spool: Path, behind: int) -> tuple[list[Json], int]:
    """Return the next items as single reads give them, and the last one's number."""
    with closing(sqlite3.connect(f"{spool.as_uri()}?mode=ro", uri=True)) as database:
        numbers = [
            row[0]
            for row in database.execute(
                "SELECT DISTINCT item FROM line WHERE item > ? ORDER BY item LIMIT ?", (behind, PAGE)
            )
        ]
        if not numbers:
            return [], behind
        found = database.execute(
            "SELECT item, body FROM line WHERE item BETWEEN ? AND ?", (numbers[0], numbers[-1])
        ).fetchall()
    items: dict[int, dict[str, Any]] = {}
    for number, body in found:
        item = items.setdefault(number, {"variants": {"nodes": []}, "inventoryLevels": {"nodes": []}})
        line = decode(body)
        if "__parentId" not in line:
            item |= line
        elif number_of(line.get("id"), "ProductVariant"):
            item["variants"]["nodes"].append(line)
        else:
            item["inventoryLevels"]["nodes"].append(line)
    return [items[number] for number in sorted(items)], numbers[-1]

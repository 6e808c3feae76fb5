"""``manage.py check_wms URL``: what a bridge's author runs until every line passes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandParser

from inventory.sources.contract import SourceError
from inventory.sources.wms import mapping

SECONDS = 30.0
COMPARED = 400  # rows that small pages are compared with large ones on: two by two, more would take thousands of calls


class Failed(Exception):
    """A promise of the contract is not kept; the message says which and how."""


class Command(BaseCommand):
    help = "Check a WMS bridge against the contract v1. Ends with status 1 when a promise is not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="where the bridge answers; /v1/… follows it")
        parser.add_argument(
            "--token", default=os.environ.get("WMS_TOKEN", ""), help="the bridge's token; else WMS_TOKEN is read"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bridge = Bridge(options["url"].rstrip("/"), options["token"])
        failures = 0
        for check in (
            bridge.refuses_a_wrong_token,
            bridge.lists_its_locations,
            bridge.tells_whole_stock,
            bridge.pages_one_snapshot,
            bridge.narrows_by_location,
            bridge.refuses_an_unknown_cursor,
            bridge.tells_shipments,
        ):
            words = (check.__doc__ or "").splitlines()[0]
            try:
                check()
            except (Failed, SourceError) as problem:
                failures += 1
                self.stdout.write(f"FAIL  {words}\n      {problem}")
            except requests.RequestException as error:
                failures += 1
                self.stdout.write(f"FAIL  {words}\n      The bridge did not answer ({type(error).__name__}).")
            else:
                self.stdout.write(f"ok    {words}")
        if failures:
            self.stdout.write(f"{failures} of 7 promises are not kept.")
            raise SystemExit(1)
        self.stdout.write("All promises are kept.")


class Bridge:
    """The bridge under test."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def _ask(self, path: str, **params: str | int) -> requests.Response:
        return self._ask_as(self.token, path, **params)

    def _ask_as(self, token: str, path: str, **params: str | int) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(self.url + path, params=params, headers=headers, timeout=SECONDS, allow_redirects=False)

    def _json(self, path: str, **params: str | int) -> Any:
        answer = self._ask(path, **params)
        if answer.status_code != 200:
            raise Failed(f"GET {path} answered {answer.status_code}, not 200.")
        try:
            return answer.json()
        except ValueError:
            raise Failed(f"GET {path} did not answer with JSON.") from None

    def refuses_a_wrong_token(self) -> None:
        """A wrong token is refused with 401."""
        status = self._ask_as("not-the-token", "/v1/locations").status_code
        if status != 401:
            raise Failed(f"It answered {status}.")

    def lists_its_locations(self) -> None:
        """GET /v1/locations lists places with id and name."""
        if not list(mapping.locations_of(self._json("/v1/locations"))):
            raise Failed("The list is empty: a bridge speaks of one place at least.")

    def _rows(self, limit: int, **params: str | int) -> Iterator[Any]:
        """Read the stock page by page, as far as somebody wants to know."""
        seen: set[str] = set()
        cursor, snapshot = "", ""
        while True:
            more: dict[str, str | int] = {"cursor": cursor} if cursor else {}
            page = mapping.stock_page_of(
                self._json("/v1/stock", limit=limit, **params, **more), skew_seconds=None, page=str(len(seen))
            )
            if len(page.rows) > limit:
                raise Failed(f"A page holds {len(page.rows)} rows although limit was {limit}.")
            if snapshot and page.snapshot != snapshot:
                raise Failed("as_of changes from page to page: it must stay that of the first.")
            snapshot = page.snapshot
            yield from page.rows
            if not page.next_cursor:
                return
            if page.next_cursor in seen:
                raise Failed("next_cursor leads in a circle.")
            seen.add(page.next_cursor)
            cursor = page.next_cursor

    def tells_whole_stock(self) -> None:
        """GET /v1/stock tells whole units of every SKU and place once."""
        rows = list(self._rows(500))
        problems = [row.problem for row in rows if row.problem]
        if problems:
            raise Failed(problems[0])
        places = [(row.sku, row.location_ref) for row in rows]
        twice = next((place for place in places if places.count(place) > 1), None) if len(places) < 5000 else None
        if twice is not None or len(set(places)) != len(places):
            raise Failed(f"A SKU stands twice for one place: {twice or 'among many rows'}.")
        known = {each.ref for each in mapping.locations_of(self._json("/v1/locations"))}
        strange = {row.location_ref for row in rows} - known
        if strange:
            raise Failed(f"It speaks of places that /v1/locations does not list: {', '.join(sorted(strange))}.")

    def pages_one_snapshot(self) -> None:
        """Small pages tell the same as large ones, with one as_of."""
        small, large = (islice(self._rows(limit), COMPARED) for limit in (2, 500))
        if {(r.sku, r.location_ref) for r in small} != {(r.sku, r.location_ref) for r in large}:
            raise Failed("Read two by two, other SKUs come than read at once.")

    def narrows_by_location(self) -> None:
        """location= narrows the stock to one place."""
        place = next(mapping.locations_of(self._json("/v1/locations")), None)
        if place is None:
            raise Failed("There is no place to narrow to.")
        others = {row.location_ref for row in self._rows(500, location=place.ref)} - {place.ref}
        if others:
            raise Failed(f"Asked for {place.ref}, it also told of {', '.join(sorted(others))}.")

    def refuses_an_unknown_cursor(self) -> None:
        """A cursor it did not give is refused with a 4xx, not taken for the first page."""
        self._json("/v1/stock", limit=1)  # who refuses everything refuses this too
        status = self._ask("/v1/stock", cursor="nobody-gave-this").status_code
        if not 400 <= status < 500:
            raise Failed(f"It answered {status}.")

    def tells_shipments(self) -> None:
        """GET /v1/shipments?since= tells confirmed shipments to the last page."""
        cursor: str = ""
        seen: set[str] = set()
        while True:
            more: dict[str, str | int] = {"cursor": cursor} if cursor else {}
            answer = self._json("/v1/shipments", since="2000-01-01T00:00:00Z", **more)
            for item in mapping.items_of(answer, what="/v1/shipments"):
                problem = next((line.problem for line in mapping.shipment_of(item).lines if line.problem), "")
                if problem:
                    raise Failed(problem)
            cursor = answer.get("next_cursor") or ""
            if not cursor:
                return
            if cursor in seen:
                raise Failed("next_cursor leads in a circle.")
            seen.add(cursor)

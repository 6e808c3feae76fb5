"""InvenTree: stock by part, location and status, and shipments of sales orders. Read only.

API version 530, docs.inventree.org/en/latest/api/. InvenTree sends no webhooks and its lists have no fixed order, so a
whole reading decides, and one whose rows were shifted while it was read is discarded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from inventory.sources.contract import (
    BadCredentials,
    BadPayload,
    BadSignature,
    CantReread,
    Capabilities,
    Connection,
    CredentialField,
    Envelope,
    Event,
    OptionField,
    Rejected,
    Report,
    ReportedLocation,
    ReportedShipment,
    ShipmentPage,
    StockPage,
    StockRow,
    TornRead,
)
from inventory.sources.http import Answer, Caller
from inventory.sources.inventree import mapping
from inventory.sources.inventree.mapping import Json

PAGE = 500
SHIPMENT_PAGE = 100
RECORDED_API_VERSION = 530  # what the simulator was held against
NEEDED_ROLES = ("part", "stock", "stock_location")
SEEN_FOR = timedelta(days=60)  # shipments older than that are taken for counted
FULL_SHIPMENTS_EVERY = timedelta(hours=1)
TOKEN_WARNING = timedelta(days=30)


class InvenTreeSource:
    """One InvenTree server."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="inventree",
        name="InvenTree",
        about="The open-source inventory system: stock of parts by location and status, and shipped sales orders.",
        hears="On every reading: InvenTree sends no events.",
        steps=(
            "Make a user for Evenkeel whose group may view parts, stock, stock locations and sales orders, no more.",
            "Either paste an API token of that user (Settings → API Tokens), or enter its name and password once.",
            "A part is the SKU that equals its IPN, to the letter.",
        ),
        credentials=(
            CredentialField(
                name="token",
                label="API token",
                help="Begins with inv-. Leave it empty to have one made with the name and password below.",
                is_secret=True,
                is_required=False,
            ),
            CredentialField(
                name="username",
                label="User name",
                help="Used once, for a token of its own.",
                is_required=False,
                is_kept=False,
            ),
            CredentialField(
                name="password",
                label="Password",
                help="Used once and not kept.",
                is_secret=True,
                is_required=False,
                is_kept=False,
            ),
        ),
        options=(
            OptionField(
                name="sellable",
                label="Sellable stock",
                help="Stock of any other status that InvenTree has in stock counts as unsellable.",
                default="10,50",
                choices=mapping.SELLABLE,
            ),
            OptionField(
                name="variants",
                label="Variants",
                help="Whether a SKU that is a template also has the stock of its variants.",
                default="own",
                choices=(
                    ("own", "Every part stands for itself"),
                    ("template", "A template has the stock of its variants too"),
                ),
            ),
            OptionField(
                name="order_field",
                label="Number of the order",
                help="Where your sales orders carry the number that the channel gave the order.",
                default="customer_reference",
                choices=(("customer_reference", "Customer reference"), ("reference", "Reference")),
            ),
        ),
        tells_reserved=True,
        tells_shipments=True,
        rows_add_up=True,
        can_reread=True,
        calls_per_second=8.0,
        default_pull_seconds=300,
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        options = {option.name: option.default for option in self.capabilities.options} | dict(connection.options)
        self._sellable = frozenset(int(status) for status in options["sellable"].split(","))
        self._with_variants = options["variants"] == "template"
        self._order_field = options["order_field"]
        self._caller = self._call_with(connection.credentials.get("token", ""))

    def _call_with(self, token: str) -> Caller:
        kind, _, rest = token.strip().partition(" ")
        bare = rest.strip() if kind.casefold() in ("token", "bearer") and rest else token.strip()
        return Caller(
            name="InvenTree",
            base_url=self.connection.base_url.removesuffix("/api"),
            headers={"Authorization": f"Token {bare}"} if bare else {},  # InvenTree ignores Bearer
            calls_per_second=self.capabilities.calls_per_second,
        )

    def close(self) -> None:
        self._caller.close()

    # The connection ---------------------------------------------------------------------------------------------

    def check(self) -> Report:
        answer = self._caller.get("/api/")
        server = answer.json
        if not isinstance(server, dict) or server.get("server") != "InvenTree":
            raise Rejected("No InvenTree answers there. Enter the address of its start page.")
        said = self._caller.get("/api/user/me/roles/").json
        roles = said.get("roles") if isinstance(said, dict) else None
        if not isinstance(roles, dict):
            raise BadPayload("InvenTree did not say what this user may see.")
        lacking = [role for role in NEEDED_ROLES if "view" not in (roles.get(role) or ())]
        if lacking:
            raise BadCredentials(f"The token's user may not view {', '.join(lacking)}: add that to its group.")
        may_see_orders = "view" in (roles.get("sales_order") or ())
        self.connection.memory["ships"] = may_see_orders
        return Report(
            account=f"{server.get('instance') or 'InvenTree'} ({said.get('username')})",
            facts=self._facts(server),
            warnings=tuple(self._warnings(server, said, may_see_orders=may_see_orders)),
            skew_seconds=answer.skew_seconds,
        )

    def _facts(self, server: Json) -> tuple[tuple[str, str], ...]:
        expires_on = self.connection.credentials.get("expires_on", "")
        facts = [("InvenTree", str(server.get("version"))), ("API version", str(server.get("apiVersion")))]
        facts.append(("Background worker", "runs" if server.get("worker_running") else "does not run"))
        return (*facts, ("Token valid until", expires_on)) if expires_on else tuple(facts)

    def _warnings(self, server: Json, said: Json, *, may_see_orders: bool) -> Iterator[str]:
        version = server.get("apiVersion")
        if not isinstance(version, int) or version < RECORDED_API_VERSION:
            yield f"This InvenTree speaks API version {version}; {RECORDED_API_VERSION} and later were tried."
        if not server.get("worker_running"):
            yield "InvenTree's background worker does not run: orders that are shipped there stay unconfirmed."
        if not may_see_orders:
            yield "The token's user may not view sales orders, so shipments are seen only as a fall of the stock."
        if said.get("is_superuser") or said.get("is_staff"):
            yield "The token belongs to an administrator. One that may only view is enough."
        expires_on = self.connection.credentials.get("expires_on", "")
        if expires_on and date.fromisoformat(expires_on) - datetime.now(UTC).date() < TOKEN_WARNING:
            yield f"The token ends on {expires_on}: enter a new one before."

    def settled_credentials(self) -> Mapping[str, str]:
        """Return the token, made from name and password where none was given. https://docs.inventree.org API, token."""
        given = self.connection.credentials
        if given.get("token", "").strip():
            kept = {"token": given["token"].strip()}
            return {**kept, "expires_on": given["expires_on"]} if given.get("expires_on") else kept
        name, password = given.get("username", "").strip(), given.get("password", "")
        if not name or not password:
            raise BadCredentials("Enter an API token, or a user's name and password.")
        said = self._caller.get("/api/user/me/token/", {"name": "evenkeel"}, auth=(name, password)).json
        token = said.get("token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token:
            raise BadPayload("InvenTree gave no token for this user.")
        expiry = said.get("expiry")
        return {"token": token, **({"expires_on": expiry[:10]} if isinstance(expiry, str) else {})}

    def locations(self) -> Sequence[ReportedLocation]:
        rows, _answer = self._all("/api/stock/location/")
        return mapping.tree_of([mapping.location_of(row) for row in rows])

    # Stock ------------------------------------------------------------------------------------------------------

    def stock_page(self, cursor: str) -> StockPage:
        """Return a page of stock rows, then of parts. The cursor holds the list, the offset and the count so far."""
        name, offset, count = cursor.split(":") if cursor else ("variants" if self._with_variants else "stock", "0", "")
        start = int(offset)
        path = "/api/stock/" if name == "stock" else "/api/part/"
        more: dict[str, str | int] = {"in_stock": "true", "part_detail": "true"} if name == "stock" else {}
        answer = self._caller.get(path, {"limit": PAGE, "offset": start, **more})
        page = mapping.page_of(answer.json)
        if count not in ("", str(page.count)):
            raise TornRead("The number of rows changed while they were read. Nothing of this reading is used.")
        end = start + len(page.results)
        if end < page.count and not page.results:
            raise TornRead("A page came empty although more follow. Nothing of this reading is used.")
        following = {"variants": "stock:0:", "stock": "parts:0:", "parts": ""}[name]
        return StockPage(
            rows=tuple(self._rows(name, page.results, is_first=start == 0)),
            next_cursor=f"{name}:{end}:{page.count}" if end < page.count else following,
            as_of=answer.asked_at,
            skew_seconds=answer.skew_seconds,
        )

    def _rows(self, name: str, results: Sequence[Json], *, is_first: bool) -> Iterator[StockRow]:
        if name == "variants":
            self._note_variants(results, is_first=is_first)
        elif name == "stock":
            yield from self._stock_rows(results)
        else:
            place = (self.connection.locations or (mapping.NO_LOCATION,))[0]
            parts = (mapping.part_of(row) for row in results)
            yield from (
                mapping.zero_row(each, location_ref=place) for each in parts if each.ipn and not each.is_virtual
            )

    def _note_variants(self, results: Sequence[Json], *, is_first: bool) -> None:
        """Remember which part is a variant of which template: the stock rows do not tell."""
        memory = self.connection.memory
        if is_first:
            memory["variants"], memory["templates"] = {}, {}
        for part in map(mapping.part_of, results):
            if part.variant_of:
                memory["variants"][part.pk] = part.variant_of
            if part.ipn:
                memory["templates"][part.pk] = part.ipn

    def _stock_rows(self, results: Sequence[Json]) -> Iterator[StockRow]:
        variants = self.connection.memory.get("variants", {}) if self._with_variants else {}
        for result in results:
            if mapping.is_nameless_and_not_sold(result):
                continue
            row = mapping.stock_row_of(result, sellable=self._sellable)
            yield row
            template = variants.get(row.item_ref)
            while template is not None:
                ipn = self.connection.memory["templates"].get(template)
                if ipn:
                    yield replace(row, row_ref=f"{row.row_ref}:{template}", item_ref=template, sku=ipn, problem="")
                template = variants.get(template)

    def read_items(self, item_refs: Sequence[str]) -> Sequence[StockRow]:
        """Read these parts again, each in answers that fit together."""
        rows: list[StockRow] = []
        for part_pk in item_refs:
            try:
                part = mapping.part_of(self._object(f"/api/part/{part_pk}/"))
            except Rejected:
                continue  # it is gone: the whole reading counts it as 0
            try:
                found, answer = self._all(
                    "/api/stock/",
                    part=part_pk,
                    include_variants="true" if self._with_variants else "false",
                    in_stock="true",
                    part_detail="true",
                )
            except TornRead as error:
                raise CantReread(str(error)) from None
            for place in self.connection.locations:
                rows.append(replace(mapping.zero_row(part, location_ref=place), as_of=answer.asked_at))
            for result in found:
                row = mapping.stock_row_of(result, sellable=self._sellable)
                ref = f"{row.row_ref}:{part_pk}" if row.item_ref != part_pk else row.row_ref
                rows.append(replace(row, row_ref=ref, item_ref=part_pk, sku=part.ipn, as_of=answer.asked_at))
        return rows

    def _all(self, path: str, **params: str) -> tuple[list[Json], Answer]:
        """Return a whole list and its first answer. Raises TornRead when it changed between its pages."""
        rows: list[Json] = []
        first: Answer | None = None
        while True:
            answer = self._caller.get(path, {"limit": PAGE, "offset": len(rows), **params})
            first = first or answer
            page = mapping.page_of(answer.json)
            rows.extend(page.results)
            if len(rows) >= page.count:
                break
            if not page.results:
                raise TornRead("The list changed while it was read.")
        if len({row.get("pk") for row in rows}) != len(rows):
            raise TornRead("The list changed while it was read.")
        return rows, first

    def _object(self, path: str) -> Json:
        value: Any = self._caller.get(path).json
        if not isinstance(value, dict):
            raise BadPayload("InvenTree's answer is no object.")
        return value

    # Shipments --------------------------------------------------------------------------------------------------

    def shipment_page(self, cursor: str, *, since: datetime) -> ShipmentPage:
        """Return the shipments that have left and were not told before.

        InvenTree can't be asked for those since a moment: it keeps days. So the list is read whole, once an hour and
        whenever its length has changed; what was told is remembered by its number.
        """
        memory = self.connection.memory
        if memory.get("ships") is False:
            return ShipmentPage(shipments=(), next_cursor="")
        offset = int(cursor or 0)
        if offset == 0:
            self._note_worker()
            if self._nothing_new():
                return ShipmentPage(shipments=(), next_cursor="")
        params: dict[str, str | int] = {
            "shipped": "true",
            "limit": SHIPMENT_PAGE,
            "offset": offset,
            "order_detail": "true",
        }
        page = mapping.page_of(self._caller.get("/api/order/so/shipment/", params).json)
        seen = set(memory.get("shipments", ()))
        is_baseline = "shipments_read_at" not in memory  # what had left before the first reading is not counted
        fresh = []
        for row in page.results:
            shipment = mapping.sent_off_of(row, order_field=self._order_field)
            if shipment is None or shipment.pk in seen or self._is_old(shipment.shipped_on):
                continue
            seen.add(shipment.pk)
            if not is_baseline:
                fresh.append(self._with_lines(shipment))
        memory["shipments"] = sorted(seen, key=int)
        end = offset + len(page.results)
        if end < page.count and page.results:
            return ShipmentPage(shipments=tuple(fresh), next_cursor=str(end))
        memory["shipments_read_at"] = datetime.now(UTC).isoformat()
        memory["shipments_count"] = page.count
        return ShipmentPage(shipments=tuple(fresh), next_cursor="")

    def _is_old(self, shipped_on: date) -> bool:
        return shipped_on < (datetime.now(UTC) - SEEN_FOR).date()

    def _nothing_new(self) -> bool:
        memory = self.connection.memory
        read_at = memory.get("shipments_read_at")
        if read_at is None or datetime.now(UTC) - datetime.fromisoformat(read_at) > FULL_SHIPMENTS_EVERY:
            return False
        page = mapping.page_of(self._caller.get("/api/order/so/shipment/", {"shipped": "true", "limit": 1}).json)
        return page.count == memory.get("shipments_count")

    def _note_worker(self) -> None:
        runs = self._object("/api/").get("worker_running") is not False
        words = "InvenTree's background worker does not run: orders that are shipped there stay unconfirmed."
        self.connection.memory["warnings"] = [] if runs else [words]

    def _with_lines(self, shipment: mapping.SentOff) -> ReportedShipment:
        allocations, _answer = self._all("/api/order/so-allocation/", order=shipment.order_pk, part_detail="true")
        order_ref = shipment.order_ref or mapping.order_ref_of(
            self._object(f"/api/order/so/{shipment.order_pk}/"), order_field=self._order_field
        )
        return mapping.shipment_of(shipment, allocations, order_ref=order_ref)

    # Events -----------------------------------------------------------------------------------------------------

    def read_envelope(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        raise BadPayload("InvenTree sends no events.")

    def check_signature(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        raise BadSignature("InvenTree sends no events.")

    def parse_event(self, topic: str, body: bytes) -> Event:
        raise BadPayload("InvenTree sends no events.")

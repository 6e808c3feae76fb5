"""A platform that does what a test has written down, without a network: for what no real simulator does on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from channels.contract import (
    Capabilities,
    ConnectionReport,
    KnownLine,
    OrderLineSnapshot,
    OrderSnapshot,
    OrderState,
    Outcome,
    OutcomeKind,
    QuantityChange,
    QueueMessage,
    RateLimited,
    RawOrder,
    ReportedListing,
    ReportedVariant,
    Store,
)
from channels.platforms.ecwid.platform import EcwidPlatform


class Script:
    """What the platform holds and says; shared by every client of the test."""

    def __init__(self) -> None:
        self.quantities: dict[str, int] = {}
        self.orders: dict[str, RawOrder] = {}
        self.settle_seconds = 0
        self.later: dict[str, int] = {}  # accepted and not done yet, by ref
        self.accepts = False
        self.applied: int | None = None
        self.tickets: dict[str, Sequence[Outcome] | None] = {}
        self.ticket = ""
        self.messages: list[QueueMessage] = []
        self.forgotten: list[str] = []
        self.polls = 0
        self.spans: list[tuple[datetime, datetime | None]] = []
        self.page_size = 100
        self.pages_left = 1_000_000  # until it asks us to wait

    def do_later(self) -> None:
        """Do what was accepted."""
        self.quantities.update(self.later)
        self.later.clear()


class ScriptedPlatform(EcwidPlatform):
    """Everything that a test does not script is Ecwid's, which needs no network for it."""

    capabilities: ClassVar[Capabilities] = replace(
        EcwidPlatform.capabilities, platform="scripted", name="Scripted", writes_later=True, has_queue=True
    )
    script: ClassVar[Script] = Script()

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        pass

    def check_connection(self) -> ConnectionReport:
        return ConnectionReport(
            account_ref="1", account_name="Scripted", plan="", scopes=(), missing_scopes=(), warnings=()
        )

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        for ref in product_refs:
            listing = ReportedListing(
                ref=ref,
                product_ref=ref,
                title=ref,
                sku=ref,
                tracked=True,
                quantity=self.script.quantities[ref],
                variants=(ReportedVariant(ref=ref, sku=ref),),
            )
            yield ref, [listing]

    def change_quantities(self, changes: Sequence[QuantityChange]) -> Sequence[Outcome]:
        outcomes = []
        for change in changes:
            wanted = max(0, self.script.quantities[change.ref] + change.delta)
            if self.script.accepts:
                self.script.later[change.ref] = wanted
                done = wanted - self.script.quantities[change.ref]
                kind, applied = OutcomeKind.ACCEPTED, None if done == change.delta else done
            else:
                kind, applied = OutcomeKind.APPLIED, wanted - self.script.quantities[change.ref]
                self.script.quantities[change.ref] = wanted
            outcomes.append(
                Outcome(
                    ref=change.ref,
                    kind=kind,
                    applied=applied,
                    expected=wanted if self.script.accepts and not self.script.ticket else None,
                    ticket=self.script.ticket,
                    window_seconds=0.25,
                )
            )
        return outcomes

    def ticket_outcomes(self, ticket: str) -> Sequence[Outcome] | None:
        return self.script.tickets[ticket]

    def has_writes_under_way(self) -> bool:
        return False

    def order_pages(self, *, since: datetime, until: datetime | None = None) -> Iterator[Sequence[RawOrder]]:
        self.script.polls += until is None
        self.script.spans.append((since, until))
        found = [
            raw
            for raw in self.script.orders.values()
            if raw.changed_at is None or (since <= raw.changed_at and (until is None or raw.changed_at <= until))
        ]
        for start in range(0, len(found), self.script.page_size):
            if not self.script.pages_left:
                raise RateLimited("Slow down.", wait_seconds=60)
            self.script.pages_left -= 1
            yield found[start : start + self.script.page_size]

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        return iter(())

    def orders_settle_seconds(self) -> int:
        return self.script.settle_seconds

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        line = OrderLineSnapshot(
            ref="1",
            variant_ref=payload["sku"],
            product_ref=payload["sku"],
            sku=payload["sku"],
            title=payload["sku"],
            ordered=payload["units"],
            sold=payload["units"],
            fulfilled=0,
            taken=payload["units"],
        )
        return OrderSnapshot(
            ref=payload["ref"],
            number=payload["ref"],
            state=OrderState.OPEN,
            status="PAID",
            placed_at=datetime.fromisoformat(payload["placed_at"]) if payload["placed_at"] else None,
            changed_at=None,
            lines=(line,),
        )

    def receive(self) -> Sequence[QueueMessage]:
        return [message for message in self.script.messages if message.handle not in self.script.forgotten]

    def forget(self, handles: Sequence[str]) -> None:
        self.script.forgotten += handles

    def dead_letters(self) -> int | None:
        return 3

"""What the tests of the contract ask of a simulated shop of any platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from channels.contract import ChannelEvent, Platform


class Shop(Protocol):
    """One running simulated shop with a client on it. Each platform's tests give one as the fixture ``promised``.

    Faults carry the same names on every simulator: error_before, error_after, timeout_after, error_reads, html,
    rate_limited.
    """

    @property
    def platform(self) -> Platform: ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must stand in no error and no repr."""

    def add(self, sku: str, quantity: int) -> str:
        """Offer a tracked product with ``quantity`` units and return its listing's ref."""

    def add_untracked(self, sku: str) -> str:
        """Offer a product whose stock the platform does not count, and return its listing's ref."""

    def product_ref(self, ref: str) -> str:
        """Return the product that ``read_products`` takes for a listing."""

    def remove(self, ref: str) -> None:
        """Delete the product for good."""

    def shows(self, ref: str) -> int | None:
        """Return the quantity that buyers see now, once everything that was accepted has been done."""

    def set_by_hand(self, ref: str, quantity: int) -> None: ...

    def buy(self, ref: str, units: int) -> str:
        """Have a buyer order ``units`` (paid) and return the order's ref."""

    def cancel(self, order_ref: str) -> None:
        """Cancel the order and put its units back on sale, as the platform does by default."""

    def break_next(self, fault: str) -> None:
        """Have the next call that it concerns meet this fault."""

    def kill_access(self) -> None:
        """Have the platform refuse the credentials from now on."""

    def told(self) -> Sequence[ChannelEvent]:
        """Return what the platform has told us of by webhook or queue since the shop began, verified and parsed."""

    def webhooks(self) -> Sequence[tuple[Mapping[str, str], bytes]]:
        """Return the headers and bodies of the webhooks sent so far."""

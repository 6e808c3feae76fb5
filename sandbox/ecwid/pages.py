from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.server import Route

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator


class Pages:
    def __init__(self, simulator: EcwidSimulator) -> None: ...
    def routes(self) -> list[Route]:
        return []

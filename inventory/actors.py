"""Who causes movements and changes: ``user:ana``, ``channel:North``, ``command:import_catalog``, ``expiry``."""

from __future__ import annotations

KINDS = ("user", "channel", "command")


def name_of(actor: str) -> str:
    """Return whom people know the actor as, without its kind."""
    kind, mark, name = actor.partition(":")
    return name if mark and kind in KINDS else actor

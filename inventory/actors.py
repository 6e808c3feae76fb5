"""Who causes movements and changes: ``user:ana``, ``channel:North``, ``source:Central``, ``command:token``, expiry."""

from __future__ import annotations

KINDS = ("user", "channel", "source", "command")


def name_of(actor: str) -> str:
    """Return whom people know the actor as, without its kind."""
    kind, mark, name = actor.partition(":")
    return name if mark and kind in KINDS else actor

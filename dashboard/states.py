"""How each state of the product looks: one table, so that a word has the same tone and icon on every page."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    # good, warning, critical, info, neutral; quiet: good, and so common that a pill would shout; plain: neither
    tone: str
    icon: str


NEUTRAL = Look("neutral", "dot")

LOOKS = {
    # Channels: mode and connection
    "live": Look("good", "check-circle"),
    "observe": Look("info", "eye"),
    "part-live": Look("info", "check-circle"),
    "sell-down": Look("warning", "sell-down"),
    "paused": Look("warning", "pause"),
    "ok": Look("good", "check-circle"),
    "reconnect": Look("critical", "alert"),
    "refused": Look("critical", "stop"),
    "not-found": Look("critical", "unlink"),
    "halted": Look("critical", "stop"),
    "disconnected": Look("neutral", "unlink"),
    # Listings
    "unmapped": Look("warning", "unlink"),
    "mapped": Look("quiet", "link"),
    "active": Look("quiet", "check-circle"),
    "gone": Look("neutral", "archive"),
    "parked": Look("critical", "stop"),
    "drift": Look("warning", "alert"),
    "due": Look("info", "clock"),
    "in-step": Look("quiet", "check"),
    "unwritable": Look("neutral", "lock"),
    # Orders and their lines; reservations
    "open": Look("info", "clock"),
    "fulfilled": Look("good", "check-circle"),
    "cancelled": Look("neutral", "cross-circle"),
    "deleted": Look("neutral", "archive"),
    "booked": Look("quiet", "check"),
    "waiting": Look("warning", "clock"),
    "untracked": Look("neutral", "dash"),
    "released": Look("neutral", "return"),
    "expired": Look("neutral", "clock"),
    # Events, imports and pushes
    "pending": Look("info", "clock"),
    "running": Look("info", "refresh"),
    "done": Look("quiet", "check"),
    "ignored": Look("neutral", "dash"),
    "failed": Look("critical", "alert"),
    "sending": Look("info", "push"),
    "accepted": Look("info", "clock"),
    "applied": Look("quiet", "check"),
    "not-applied": Look("warning", "return"),
    "rejected": Look("critical", "stop"),
    "unknown": Look("warning", "alert"),
    "observed": Look("info", "eye"),
    # Outgoing webhooks; sales in a shop
    "delivered": Look("quiet", "check"),
    "failing": Look("warning", "alert"),
    "off": Look("neutral", "pause"),
    "voided": Look("neutral", "cross-circle"),
    # Reconciliation: causes, discrepancies, runs, findings, batches
    "late-order": Look("plain", "order"),
    "hand-edit": Look("plain", "edit"),
    "lost-push": Look("plain", "push"),
    "tracking-switched": Look("plain", "unlink"),
    "mapping": Look("plain", "link"),
    "platform-managed": Look("plain", "lock"),
    "listing-gone": Look("plain", "archive"),
    "listing-new": Look("plain", "plus"),
    "no-cause": Look("plain", "search"),
    "snoozed": Look("neutral", "clock"),
    "resolved": Look("good", "check"),
    "healed": Look("quiet", "check-circle"),
    "stopped": Look("neutral", "stop"),
    "suspicious": Look("warning", "alert"),
    "suspected": Look("info", "search"),
    "dismissed": Look("neutral", "dash"),
    "opened": Look("warning", "alert"),
    "known": Look("neutral", "eye"),
    "corrected": Look("quiet", "check"),
    "left": Look("neutral", "dash"),
    "unsettled": Look("warning", "activity"),
    "moved": Look("warning", "alert"),
    "skipped": Look("neutral", "dash"),
    # Runs that change mappings
    "checking": Look("info", "refresh"),
    "preview": Look("warning", "eye"),
    "applying": Look("info", "refresh"),
    "undoing": Look("info", "return"),
    "undone": Look("neutral", "return"),
    "discarded": Look("neutral", "archive"),
    # Stock sources: readings, what they found, events
    "reading": Look("info", "refresh"),
    "decided": Look("info", "refresh"),
    "matched": Look("quiet", "check"),
    "adjusted": Look("info", "adjust"),
    "flagged": Look("warning", "alert"),
    "moving": Look("neutral", "clock"),
    "partly": Look("warning", "alert"),
    "confirmed": Look("quiet", "check"),
    "unknown-sku": Look("warning", "sku"),
    "unknown-location": Look("warning", "warehouse"),
    "invalid": Look("warning", "cross-circle"),
    "ambiguous": Look("warning", "alert"),
    "inconsistent": Look("neutral", "info"),
    # Stock
    "in-stock": Look("quiet", "check"),
    "out-of-stock": Look("neutral", "dash"),
    "oversold": Look("critical", "alert"),
    "archived": Look("neutral", "archive"),
    "bundle": Look("info", "sku"),
}

MOVEMENT_ICONS = {
    "receipt": "receive",
    "adjustment": "adjust",
    "count": "count",
    "transfer_out": "transfer",
    "transfer_in": "transfer",
    "reserve": "lock",
    "release": "return",
    "fulfil": "check-circle",
    "return": "return",
    "reclassify": "alert",
    "sale": "channel",
    "merge": "merge",
}


def look_of(code: str) -> Look:
    """Return the look of a state; one that is not in the table stays neutral rather than wrong."""
    return LOOKS.get(code, NEUTRAL)

"""Standard Webhooks 1.0.0: the signature of an event, on its raw bytes, in constant time.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime

from inventory.sources.contract import BadSignature

TOLERANCE_SECONDS = 300
PREFIX = "whsec_"


def make_secret() -> str:
    """Return a new secret: 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Return the bytes that a secret stands for. Raises BadSignature when it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("The secret of this source is not one of Standard Webhooks.") from None
    if not key:
        raise BadSignature("This source has no secret for events yet.")
    return key


def sign(secret: str, *, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the ``webhook-signature`` header of an event."""
    return "v1," + base64.b64encode(_digest(key_of(secret), event_id, str(timestamp), body)).decode()


def check(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
    """Verify an event; header names are lower-case. Raises BadSignature for whatever does not verify."""
    event_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not event_id or not timestamp or not signatures:
        raise BadSignature("The headers webhook-id, webhook-timestamp and webhook-signature are needed.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("webhook-timestamp must be Unix seconds.")
    wanted = _digest(key_of(secret), event_id, timestamp, body)
    found_any = False
    for signature in signatures.split(" ")[:20]:
        version, comma, encoded = signature.partition(",")
        if version != "v1" or not comma:
            continue
        found_any = True
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if hmac.compare_digest(given, wanted):
            ahead = int(timestamp) - now.timestamp()
            if abs(ahead) > TOLERANCE_SECONDS:
                way = "ahead of" if ahead > 0 else "behind"
                raise BadSignature(f"webhook-timestamp is {abs(ahead):.0f} seconds {way} our clock: at most 300.")
            return
    if not found_any:
        raise BadSignature("webhook-signature holds no signature of the form v1,….")
    raise BadSignature("No signature fits: was the event signed with the secret of this source?")


def _digest(key: bytes, event_id: str, timestamp: str, body: bytes) -> bytes:
    signed = f"{event_id}.{timestamp}.".encode() + body
    return hmac.new(key, signed, hashlib.sha256).digest()

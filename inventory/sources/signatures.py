"""Standard Webhooks 1.0.0: the signature of an event, on its raw bytes, in constant time.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from inventory.sources.contract import BadSignature

TOLERANCE_SECONDS = 300
PREFIX = "whsec_"
OLD_FOR = timedelta(days=1)  # how long a bridge has to take over a new secret


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


def renewed(credentials: Mapping[str, str], *, now: datetime) -> dict[str, str]:
    """Return the credentials with a new secret; the one that was is accepted for OLD_FOR longer."""
    return {
        **credentials,
        "events_secret": make_secret(),
        "old_events_secret": credentials.get("events_secret", ""),
        "old_events_secret_until": (now + OLD_FOR).isoformat(),
    }


def old_until(credentials: Mapping[str, str], *, now: datetime) -> datetime | None:
    """Return until when an older secret is accepted too; None where there is none any more."""
    until = credentials.get("old_events_secret_until", "")
    moment = datetime.fromisoformat(until) if until and credentials.get("old_events_secret") else None
    return moment if moment is not None and now < moment else None


def without_old(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the credentials with the newest secret alone."""
    return {name: value for name, value in credentials.items() if not name.startswith("old_events_secret")}


def accepted(credentials: Mapping[str, str], *, now: datetime) -> list[str]:
    """Return the secrets that an event may be signed with, the newest first."""
    newest = credentials.get("events_secret", "")
    return [newest, credentials["old_events_secret"]] if old_until(credentials, now=now) else [newest]


def sign(secret: str, *, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the ``webhook-signature`` header of an event."""
    return "v1," + base64.b64encode(_digest(key_of(secret), event_id, str(timestamp), body)).decode()


def check(accepted: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
    """Verify an event against the secrets that are ``accepted``; header names are lower-case.

    Raises BadSignature for whatever does not verify.
    """
    event_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not event_id or not timestamp or not signatures:
        raise BadSignature("The headers webhook-id, webhook-timestamp and webhook-signature are needed.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("webhook-timestamp must be Unix seconds.")
    wanted = [_digest(key_of(secret), event_id, timestamp, body) for secret in accepted]
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
        if any(hmac.compare_digest(given, each) for each in wanted):
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

"""Times as Shopify writes them: GraphQL in UTC with a Z, REST and webhooks in the shop's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

_ZONE = timezone(timedelta(hours=1))


def moment(seconds: float) -> str:
    """Return ``2026-11-20T09:12:33Z``."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rest_moment(seconds: float) -> str:
    """Return ``2026-11-20T10:12:33+01:00``."""
    return datetime.fromtimestamp(int(seconds), _ZONE).isoformat()


def read(text: str) -> float:
    """Return UNIX seconds of an ISO 8601 time. Raises ValueError."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()

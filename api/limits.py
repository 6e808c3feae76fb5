"""How often a token may call: so many times a minute, told in headers with every answer.

Counted in the cache: with Redis over all web processes, without it by each of them for itself. A limiter that is away
limits nobody.
"""

from __future__ import annotations

import time

import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from api.models import ApiToken

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60


class CallsPerMinute(BaseThrottle):
    """Counts the calls of each token in windows of a minute; ``state`` is what the headers tell."""

    seconds_left = WINDOW_SECONDS

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            return True
        limit: int = settings.API_CALLS_PER_MINUTE
        window, passed = divmod(_clock(), WINDOW_SECONDS)
        self.seconds_left = WINDOW_SECONDS - passed
        calls = _count(f"api-calls:{request.auth.pk}:{window}")
        request.rate = (limit, max(0, limit - calls), self.seconds_left)  # type: ignore[attr-defined]
        return calls <= limit

    def wait(self) -> float:
        return float(self.seconds_left)


def _clock() -> int:
    return int(time.time())


def _count(key: str) -> int:
    try:
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        return cache.incr(key)
    except Exception as error:  # whatever the cache's own client raises
        log.warning("call_not_counted", error=type(error).__name__)
        return 0


def headers_for(request: Request) -> dict[str, str]:
    """Return what to tell the caller; nothing where the token was not known yet."""
    rate: tuple[int, int, int] | None = getattr(request, "rate", None)
    if rate is None:
        return {}
    limit, left, seconds = rate
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(left), "RateLimit-Reset": str(seconds)}

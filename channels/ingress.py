"""Where platforms call: verify, store, answer. Nothing here asks a platform anything or waits for the work."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from channels import inbox
from channels.contract import BadPayload, BadSignature, Delivery, Platform
from channels.models import Channel
from channels.registry import PLATFORMS, store_of

log = structlog.get_logger(__name__)

REMEMBERED_FOR = 5.0  # seconds that a channel's secret is kept in this process
# With and without the slash at the end: platforms don't follow a redirect.
WEBHOOK_PATH = re.compile(r"/webhooks/(?P<platform>[a-z]+)(/(?P<uuid>[0-9a-f-]{36}))?/?")


@dataclass(slots=True)
class _Known:
    channel: Channel
    platform: Platform
    until: float


_known: dict[str, _Known] = {}


def _by_uuid(platform: str, uuid: str) -> _Known | None:
    """Return the channel and its verifier, from memory for a few seconds: a burst costs no query."""
    key = f"{platform}/{uuid}"
    known = _known.get(key)
    if known is not None and known.until > time.monotonic():
        return known
    channel = Channel.objects.filter(platform=platform, uuid=uuid).first()
    if channel is None:
        return None
    if known is not None:
        known.platform.close()
    known = _Known(
        channel=channel,
        platform=PLATFORMS[platform](store_of(channel)),
        until=time.monotonic() + REMEMBERED_FOR,
    )
    _known[key] = known
    return known


def forget() -> None:
    """Drop what is remembered; for tests and after a reconnect."""
    for known in _known.values():
        known.platform.close()
    _known.clear()


@require_POST
def webhook(request: HttpRequest, platform: str, uuid: str = "") -> HttpResponse:
    """Take one webhook: 200 stored or known already, 400 not one, 401 badly signed, 404 nobody's, 503 try again."""
    if platform not in PLATFORMS:
        return HttpResponse("No such platform.", status=404, content_type="text/plain")
    try:
        body = request.body
    except RequestDataTooBig:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return HttpResponse(f"At most {limit} bytes.", status=413, content_type="text/plain")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        delivery = PLATFORMS[platform].read_delivery(headers, body)
    except BadPayload as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain")
    if delivery.is_ping:
        return _ok()
    try:
        return _take(platform, str(uuid), delivery, headers, body)
    except DatabaseError as error:
        log.error("webhook_not_stored", error=type(error).__name__)
        # The platform tries again: better than an answer for something that stands nowhere.
        return HttpResponse("Try again.", status=503, content_type="text/plain", headers={"Retry-After": "30"})


class WebhooksFirst:
    """Answers webhooks before any other middleware: they have no session, no user and no page to protect.

    Under load that is a third of the time a webhook takes, and nothing can redirect one, which would lose it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = WEBHOOK_PATH.fullmatch(request.path_info)
        if match is None:
            return self.get_response(request)
        response = webhook(request, match["platform"], match["uuid"] or "")
        response.headers["Content-Length"] = str(len(response.content))  # else the connection could not be kept
        return response


def _take(platform: str, uuid: str, delivery: Delivery, headers: dict[str, str], body: bytes) -> HttpResponse:
    candidates = _candidates(platform, uuid, delivery)
    if not candidates:
        return HttpResponse("No such channel.", status=404, content_type="text/plain")
    for known in candidates:
        try:
            if known.channel.disconnected_at is not None:
                return _ok()
            if delivery.account_ref and delivery.account_ref != known.channel.account_ref:
                known.platform.check_signature(headers, body)
                return _ok()  # well signed, but about a store that is not ours: nothing to do, and no reason to retry
            inbox.accept(known.channel, known.platform, delivery, headers=headers, body=body, now=timezone.now())
            return _ok()
        except BadSignature:
            continue
    return HttpResponse("The signature is not valid.", status=401, content_type="text/plain")


def _candidates(platform: str, uuid: str, delivery: Delivery) -> list[_Known]:
    """Return the channels the delivery may be for: the one its address names, else those of the store it names."""
    named = _by_uuid(platform, uuid) if uuid else None
    if named is not None and delivery.account_ref in {"", named.channel.account_ref}:
        return [named]
    others = Channel.objects.filter(platform=platform, account_ref=delivery.account_ref, disconnected_at=None)
    known = [_by_uuid(platform, str(channel.uuid)) for channel in others.exclude(account_ref="")]
    found = [item for item in known if item is not None]
    return found or ([named] if named is not None else [])


def _ok() -> HttpResponse:
    return HttpResponse(b"ok", content_type="text/plain")

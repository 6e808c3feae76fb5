"""Where sources send their events: verify, store, answer. Nothing here waits for the work."""

from __future__ import annotations

from uuid import UUID

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from inventory.sources import events, lane
from inventory.sources.contract import BadPayload, BadSignature
from inventory.sources.models import Source
from inventory.sources.registry import opened

log = structlog.get_logger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def take_event(request: HttpRequest, kind: str, uuid: UUID | None = None) -> HttpResponse:
    """Take one event: 202 stored or known already, 400 not one, 401 badly signed, 404 nobody's, 503 try again.

    Without a ``uuid`` the source is the one whose secret fits.
    """
    try:
        body = request.body
    except RequestDataTooBig:
        return _refuse(413, "The event is too large.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    sources = (
        Source.objects.connected().filter(kind=kind, **({"uuid": uuid} if uuid is not None else {})).order_by("pk")
    )
    try:
        return _take(list(sources), headers, body)
    except DatabaseError as error:
        log.error("event_not_stored", error=type(error).__name__)
        response = _refuse(503, "Try again.")
        response["Retry-After"] = "30"
        return response


def _take(sources: list[Source], headers: dict[str, str], body: bytes) -> HttpResponse:
    if not sources:
        return _refuse(404, "No such source is connected.")
    now = timezone.now()
    refusals: list[tuple[Source, BadSignature]] = []
    for source in sources:
        with opened(source) as (adapter, _connection):
            try:
                is_new = events.accept(source, adapter, headers, body, now=now)
            except BadPayload as problem:
                return _refuse(400, str(problem))
            except BadSignature as problem:
                refusals.append((source, problem))
                continue
        if is_new:
            lane.wake(source)
        return JsonResponse({"status": "accepted" if is_new else "known already"}, status=202)
    for source, refusal in refusals:
        events.note_refusal(source, refusal, now=now)
    # With several candidates the words of one say nothing about the others.
    return _refuse(401, str(refusals[0][1]) if len(refusals) == 1 else "The signature fits no connected source.")


def _refuse(status: int, words: str) -> HttpResponse:
    return JsonResponse({"detail": words}, status=status)

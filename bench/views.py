"""What the product's webhook view is measured against, under the same server and the same middleware or none."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from channels.models import InboundEvent


def _ok() -> HttpResponse:
    """Answer with a length, which otherwise a middleware would add."""
    return HttpResponse(b"ok", headers={"Content-Length": "2"})


@csrf_exempt
@login_not_required
def empty(request: HttpRequest) -> HttpResponse:
    return _ok()


@csrf_exempt
@login_not_required
def insert(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Store the body as it is, in the inbox's own table: one row, nothing checked, nobody woken."""
    now = timezone.now()
    InboundEvent.objects.create(
        channel_id=channel_id, delivery_id=str(uuid.uuid4()), body=request.body.decode(), received_at=now, due_at=None
    )
    return _ok()


urlpatterns = [
    path("bench/empty/", empty),
    path("bench/insert/<int:channel_id>/", insert),
]

"""The sandbox: simulated stores to try things on, loaded and cleared whole by the worker."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.filters import refuse_parameters
from api.serializers.sandbox import SandboxSerializer
from api.views.base import ApiView, actor_of
from channels.models import Channel, Sandbox
from channels.sandbox import clearing, loading


class _SandboxView(ApiView[Sandbox]):
    read_scope = "channels:read"
    write_scope = "channels:write"
    serializer_class = SandboxSerializer
    filter_backends = []
    pagination_class = None

    def shown(self, *, status: int = 200) -> Response:
        return Response(SandboxSerializer(_looked_at()).data, status=status)


class SandboxView(_SandboxView):
    @extend_schema(summary="Read the sandbox", operation_id="sandbox_read")
    def get(self, request: Request) -> Response:
        """Where it stands."""
        refuse_parameters(request, ())
        return self.shown()


class SandboxLoadView(_SandboxView):
    @extend_schema(summary="Load the sandbox", request=None, responses={202: SandboxSerializer})
    def post(self, request: Request) -> Response:
        """Warehouses, SKUs, stock and stores, marked and kept apart; poll it. 409 when it is there already."""
        loading.request(actor=actor_of(request), now=timezone.now())
        return self.shown(status=202)


class SandboxClearView(_SandboxView):
    @extend_schema(summary="Clear the sandbox", request=None, responses={202: SandboxSerializer})
    def post(self, request: Request) -> Response:
        """Remove all that loading made. 409 where something real hangs on it; nothing is changed then."""
        clearing.request(actor=actor_of(request), now=timezone.now())
        return self.shown(status=202)


def _looked_at() -> dict[str, Any]:
    row = Sandbox.objects.first()
    if row is None:
        return {"state": "none", "problem": "", "channels": [], "obstacles": []}
    channels = Channel.objects.filter(is_sandbox=True, disconnected_at=None).defer("credentials").order_by("name")
    is_idle = row.state in {Sandbox.State.LOADED, Sandbox.State.FAILED}
    obstacles = clearing.preview().obstacles if is_idle else ()
    return {"state": row.state, "problem": row.problem, "channels": channels, "obstacles": obstacles}

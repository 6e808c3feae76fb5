"""What a token may do: one scope per view for reading, one for writing."""

from __future__ import annotations

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from api.models import ApiToken

SCOPES = (
    "stock:read",
    "stock:write",
    "reservations:write",
    "channels:read",
    "channels:write",
    "orders:read",
)


class HasScope(BasePermission):
    """Views name ``read_scope`` and ``write_scope``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            return False
        wanted = getattr(view, "read_scope" if request.method in SAFE_METHODS else "write_scope", None)
        self.message = f"This token lacks the scope {wanted}."
        return wanted is not None and wanted in request.auth.scopes

"""What a token may do: what its scopes say, and never more than the role of its user.

A view has one scope for reading and one for writing; the verb of each address stands in access.routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from access.roles import Role, Verb, may
from access.routes import UndeclaredRoute, verb_of
from api.models import ApiToken

if TYPE_CHECKING:  # the framework's views import this module while they are being imported themselves
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

SCOPES: Final = {
    "stock:read": "read SKUs, warehouses, levels, movements, reservations, shipments and sales of shops",
    "stock:write": "change SKUs and warehouses; post receipts, adjustments, transfers, counts and returns",
    "shipments:write": "confirm picks and shipments: all that a shipping program needs",
    "sales:write": "send sales of shops: all that a till needs",
    "reservations:write": "reserve, release and fulfil",
    "channels:read": "read channels, listings, the inbox and pushes",
    "channels:write": "connect and change channels; map listings; have orders and events read again",
    "orders:read": "read orders",
    "reconciliation:read": "read runs, discrepancies, tolerances and hold-backs",
    "reconciliation:write": "start and stop runs; decide discrepancies; set tolerances and hold-backs",
    "sources:read": "read stock sources and what they told",
    "sources:write": "connect and change stock sources; decide about their readings",
    "webhooks:read": "read events, webhook endpoints and their log",
    "webhooks:write": "subscribe to events; make, change and remove webhook endpoints",
    "changes:read": "read who changed what",
    "tokens:read": "list the API tokens of its owner",
    "tokens:write": "revoke API tokens of its owner",
}

ANY: Final = "any"  # what every token may do

# The least of what each scope is for: a person is offered those that their role can use.
_SCOPE_VERBS: Final = {
    "stock:write": Verb.STOCK,
    "shipments:write": Verb.STOCK,
    "sales:write": Verb.SELL,
    "reservations:write": Verb.STOCK,
    "channels:write": Verb.MAPPING,
    "sources:write": Verb.REVIEW,
    "reconciliation:write": Verb.REVIEW,
    "webhooks:write": Verb.WEBHOOKS,
    "tokens:read": Verb.OWN,
    "tokens:write": Verb.OWN,
}


def scopes_for(user: object) -> list[str]:
    """Return the scopes that are of use to a person in the role they have now."""
    return [scope for scope in SCOPES if may(user, _SCOPE_VERBS.get(scope, Verb.SEE))]


def scope_of(view: APIView, method: str) -> str:
    """Return the scope that the view wants for a request: that of its action where it has one of its own."""
    own: str = getattr(view, "action_scopes", {}).get(getattr(view, "action", ""), "")
    scope: str = getattr(view, "read_scope" if method in SAFE_METHODS else "write_scope", "")
    return own or scope


class HasScope(BasePermission):
    """Views name ``read_scope`` and ``write_scope``."""

    message: str
    code: str

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            return False
        if request.method not in view.allowed_methods:
            return True  # what the view can't do at all is answered 405, not with a scope that doesn't exist
        wanted = scope_of(view, request.method or "")
        if wanted == ANY or (wanted and wanted in request.auth.scopes):
            return self._role_suffices(request)
        self.message = f"This token lacks the scope {wanted}. Make one with: manage.py token USER --scopes {wanted}"
        self.code = f"missing-scope {wanted}"  # read by api.errors, which names the scope for programs too
        return False

    def _role_suffices(self, request: Request) -> bool:
        match = request.resolver_match
        try:
            verb = verb_of(match.view_name if match else "", request.method or "")
        except UndeclaredRoute:
            log.exception("undeclared_route")
            self.message = "This address is not open to anyone yet."
            return False
        if may(request.user, verb):
            return True
        role = Role(getattr(request.user, "role", Role.VIEWER)).label
        self.message = f"The role of this token's user, {role.lower()}, may not {verb.label}."
        return False

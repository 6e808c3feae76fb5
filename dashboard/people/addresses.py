"""From which address a request comes."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """Return the visitor's address as the proxies that are believed tell it, one rule for throttle and sessions.

    None where no connection brought the request, as for a program that signs somebody in.
    """
    try:
        address: str = get_adapter(request).get_client_ip(request)
    except PermissionDenied:
        return None
    return address

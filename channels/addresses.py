"""Addresses that people type: none may lead into our own network unless the installation allows it."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings


class ForbiddenAddress(Exception):
    """The address can't be used; the message says why."""


def check_address(url: str) -> str:
    """Return ``url`` without a trailing slash if the server may call it. Raises ForbiddenAddress."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ForbiddenAddress(f"{url!r} is not an address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ForbiddenAddress("The address must start with https:// and name a host.")
    if parts.username or parts.password:
        raise ForbiddenAddress("Put credentials into their own fields, not into the address.")
    if settings.ALLOW_PRIVATE_HOSTS:
        return url.strip().rstrip("/")
    if parts.scheme != "https":
        raise ForbiddenAddress("The address must start with https://.")
    try:
        found = socket.getaddrinfo(parts.hostname, port or 443, type=socket.SOCK_STREAM)
    except OSError:
        raise ForbiddenAddress(f"The host {parts.hostname} can't be found.") from None
    for *_, address in found:
        if not ipaddress.ip_address(address[0]).is_global:
            raise ForbiddenAddress(
                f"{parts.hostname} lies in a private network. If that is meant, set EVENKEEL_ALLOW_PRIVATE_HOSTS=true."
            )
    return url.strip().rstrip("/")

"""Addresses that people type: none may lead into our own network unless the installation allows it."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings


class ForbiddenAddress(Exception):
    """The address can't be used; the message says why."""


def check_address(url: str) -> str:
    """Return ``url`` in its one canonical form (no query, no closing slash) if the server may call it.

    Raises ForbiddenAddress.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ForbiddenAddress(f"{url!r} is not an address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ForbiddenAddress("The address must start with https:// and name a host.")
    if parts.username or parts.password:
        raise ForbiddenAddress("Put credentials into their own fields, not into the address.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname  # lower-case by now
    default_port = 443 if parts.scheme == "https" else 80
    place = host if port in {None, default_port} else f"{host}:{port}"
    canonical = f"{parts.scheme}://{place}{parts.path.rstrip('/')}"
    if settings.ALLOW_PRIVATE_HOSTS:
        return canonical
    if parts.scheme != "https":
        raise ForbiddenAddress(
            "The address must start with https://. For a simulator or a store in your own network, set "
            "EVENKEEL_ALLOW_PRIVATE_HOSTS=true."
        )
    try:
        found = socket.getaddrinfo(parts.hostname, port or 443, type=socket.SOCK_STREAM)
    except OSError:
        raise ForbiddenAddress(f"The host {parts.hostname} can't be found.") from None
    for *_, address in found:
        if not ipaddress.ip_address(address[0]).is_global:
            raise ForbiddenAddress(
                f"{parts.hostname} lies in a private network. If that is meant, set EVENKEEL_ALLOW_PRIVATE_HOSTS=true."
            )
    return canonical

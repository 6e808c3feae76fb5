"""Addresses that people type: none may lead into our own network unless the installation allows it."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class ForbiddenAddress(Exception):
    """The address can't be used; the message says why."""


def check_address(url: str) -> str:
    """Return ``url`` in its one canonical form (no query, no closing slash) if the server may call it.

    Raises ForbiddenAddress.
    """
    parts = split_address(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname  # lower-case by now
    default_port = 443 if parts.scheme == "https" else 80
    place = host if parts.port in {None, default_port} else f"{host}:{parts.port}"
    if not settings.ALLOW_PRIVATE_HOSTS:
        addresses_of(parts.hostname or "", parts.port or default_port)
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def check_loopback(url: str) -> str:
    """Return ``url`` in its canonical form if it leads to this machine itself. Raises ForbiddenAddress."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname}:{parts.port}"
    except ValueError:
        raise ForbiddenAddress(f"{url!r} is not an address.") from None
    if parts.scheme != "http" or parts.hostname != "127.0.0.1" or parts.username or parts.port is None:
        raise ForbiddenAddress("A store of the sandbox listens at http://127.0.0.1 and a port.")
    return f"http://{place}{parts.path.rstrip('/')}"


def split_address(url: str) -> SplitResult:
    """Take the address apart. Raises ForbiddenAddress for what is none, holds a password, or isn't encrypted."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        raise ForbiddenAddress(f"{url!r} is not an address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ForbiddenAddress("The address must start with https:// and name a host.")
    if parts.username or parts.password:
        raise ForbiddenAddress("Put credentials into their own fields, not into the address.")
    if parts.scheme != "https" and not settings.ALLOW_PRIVATE_HOSTS:
        raise ForbiddenAddress(
            "The address must start with https://. For a simulator or a store in your own network, set "
            "EVENKEEL_ALLOW_PRIVATE_HOSTS=true."
        )
    return parts


def addresses_of(host: str, port: int) -> list[str]:
    """Look ``host`` up and return its IP addresses, each of which may be called.

    Raises ForbiddenAddress when there is none, or when any lies in a private network and that isn't allowed. Who
    connects must connect to one of these: a second look-up may answer otherwise.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ForbiddenAddress(f"The host {host} can't be found.") from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not settings.ALLOW_PRIVATE_HOSTS and not all(_is_public(address) for address in addresses):
        raise ForbiddenAddress(
            f"{host} lies in a private network. If that is meant, set EVENKEEL_ALLOW_PRIVATE_HOSTS=true."
        )
    return addresses


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved

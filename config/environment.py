"""Typed readers of environment variables. A missing or bad one stops the start with its name."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str | None = None) -> str:
    """Return the variable; without a default a missing or empty one raises ImproperlyConfigured."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set. See the README, “Configuration”, for what it holds.")
    return default


def env_bool(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def env_number(name: str, *, default: float, minimum: float = 0) -> float:
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    if not minimum <= number < float("inf"):
        raise ImproperlyConfigured(f"{name} must be at least {minimum:g}, not {value}.")
    return number


def env_choice(name: str, default: str, *, choices: tuple[str, ...]) -> str:
    value = os.environ.get(name, "").strip() or default
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def env_list(name: str, default: list[str]) -> list[str]:
    value = os.environ.get(name, "")
    return [part.strip() for part in value.split(",") if part.strip()] or default


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Return the addresses and networks that the variable names, separated by commas."""
    networks = []
    for part in env_list(name, []):
        try:
            networks.append(ip_network(part))
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {part!r} is no address or network, such as 10.0.0.0/8.") from None
    return networks


def env_url(name: str, default: str | None = None, *, schemes: set[str]) -> str:
    """Return the variable, an address whose scheme is one of ``schemes``."""
    value = env_text(name, default)
    try:
        url = urlsplit(value)
        port_is_valid = url.port is None or url.port > 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid or url.scheme not in schemes or (url.scheme != "sqlite" and not url.hostname):
        # The value itself is not repeated: a database address holds a password.
        raise ImproperlyConfigured(f"{name} must be an address that starts with {' or '.join(sorted(schemes))}.")
    return value


def env_fernet_keys(name: str) -> list[str]:
    """Return the encryption keys, newest first; every one must be a Fernet key."""
    keys = env_list(name, [])
    if not keys:
        raise ImproperlyConfigured(
            f"{name} is not set. Make one with: python -m channels.management.commands.generate_key"
        )
    for position, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: key {position} of {len(keys)} is not a Fernet key.") from None
    return keys

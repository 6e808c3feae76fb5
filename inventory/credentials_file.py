"""Credentials handed to a command: one JSON object in a file, so that no secret stands in a shell's history."""

from __future__ import annotations

import json
from pathlib import Path

from django.core.management.base import CommandError


def read_credentials(path: Path) -> dict[str, str]:
    """Return what the file holds. Raises CommandError."""
    try:
        given = json.loads(path.read_text())
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from None
    except ValueError:
        raise CommandError(f"{path} is not JSON.") from None
    if not isinstance(given, dict):
        raise CommandError(f"{path} must hold one JSON object.")
    return {str(name): str(value) for name, value in given.items()}

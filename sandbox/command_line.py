"""What the command lines of all simulated stores share: options as JSON, and running until a signal comes."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Protocol

from sandbox.refusals import BadWebhookUrl
from sandbox.server import Json, PortTaken


class Simulator(Protocol):
    """A simulated store as a process runs it."""

    @property
    def announcement(self) -> str: ...

    def start(self) -> Any: ...

    def stop(self) -> None: ...


class BadOptions(Exception):
    """The JSON of ``--options`` names what is not there."""


def options_of(text: str, kind: type, *, without: set[str]) -> Json:
    """Return the fields of the dataclass ``kind`` that ``text`` sets; ``without`` have an argument of their own.

    Raises BadOptions.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadOptions(str(error)) from error
    # A clock cannot be written down.
    known = {each.name for each in fields(kind)} - without - {"clock"}
    unknown = set(found) - known if isinstance(found, dict) else {text}
    if unknown:
        raise BadOptions(f"{', '.join(sorted(unknown))} is not one of {', '.join(sorted(known))}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def run(make: Callable[[], Simulator], *, catalogue: str) -> int:
    """Run the store that ``make`` returns; return 0 after SIGINT or SIGTERM, 1 when it could not start.

    ``catalogue`` is the argument of that name, for the sentence that blames it.
    """
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    try:
        simulator = make()
        simulator.start()
    except BadOptions as error:
        return _refused(f"--options: {error}")
    except PortTaken as error:
        return _refused(f"The simulated store cannot start: {error}. Give another --port.")
    except BadWebhookUrl as error:
        return _refused(f"--webhook-url: {error}")
    except (OSError, ValueError, KeyError) as error:
        return _refused(f"--catalogue {catalogue} cannot be read: {error!r}")
    print(simulator.announcement, flush=True)
    stopped.wait()
    simulator.stop()
    return 0


def _refused(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1

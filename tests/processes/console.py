"""A Python that has an installation's Django loaded and runs one piece of code after the other.

Starting one for each piece takes a second of processor time, and a test needs some five.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Console:
    """Runs code with the installation's settings; start it with ``env``, and end it."""

    def __init__(self, env: dict[str, str]) -> None:
        self._python = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.console"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> str:
        """Return what the code printed; fails with its error."""
        assert self._python.stdin is not None
        assert self._python.stdout is not None
        self._python.stdin.write(json.dumps(code) + "\n")
        self._python.stdin.flush()
        answer = self._python.stdout.readline()
        assert answer, f"Python ended with {self._python.wait()}; what it said of it is on stderr"
        is_well, printed = json.loads(answer)
        assert is_well, printed
        return str(printed).strip()

    def close(self) -> None:
        self._python.communicate(timeout=30)


def main() -> None:
    """Read a line of JSON with code, run it, and answer with whether it went well and what it printed."""
    import django
    from django.db import connections

    django.setup()
    for line in sys.stdin:
        printed = io.StringIO()
        is_well = True
        with contextlib.redirect_stdout(printed):
            try:
                exec(json.loads(line), {})  # noqa: S102 - the tests' own code
            except (Exception, SystemExit):
                is_well = False
                traceback.print_exc(file=printed)
        connections.close_all()  # nothing is held between two pieces of code, as between two processes
        print(json.dumps([is_well, printed.getvalue()]), flush=True)


if __name__ == "__main__":
    main()

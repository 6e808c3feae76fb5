"""``python -m sandbox.demo``: the demo until Ctrl-C. It uses the product as its users do: commands and public API."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path

import honcho.manager
from honcho.printer import Printer

from sandbox.demo.filling import FillingFailed, fill
from sandbox.demo.installation import Demo

ROOT = Path(__file__).resolve().parents[2]


class CantStart(Exception):
    """The message says why and what to do."""


def main() -> int:
    """Return 0 after Ctrl-C, 1 when the demo could not start."""
    try:
        demo = _prepared()
        demo.manage("migrate", "--verbosity", "0")
        demo.manage("create_owner")
    except (CantStart, FillingFailed) as problem:
        print(problem, file=sys.stderr)
        return 1
    try:
        return _run(demo)
    finally:
        shutil.rmtree(demo.folder, ignore_errors=True)


def _prepared() -> Demo:
    """Return a fresh demo in its own folder. Raises CantStart when one runs already or a port is taken."""
    try:
        port = int(os.environ.get("PORT", "8000"))
    except ValueError:
        raise CantStart(f"PORT must be a number, not {os.environ['PORT']!r}.") from None
    folder = ROOT / ".demo"
    running = folder / "running"
    if running.exists():
        pid, _, address = running.read_text().partition(" ")
        if _is_alive(int(pid)):
            raise CantStart(f"The demo is running already at {address} (process {pid}). End it there with Ctrl-C.")
    demo = Demo(root=ROOT, folder=folder, port=port)
    for taken in (demo.port, *(each.port for each in demo.systems)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", taken))
            except OSError:
                raise CantStart(
                    f"Port {taken} is taken. Start the demo elsewhere: make demo PORT={port + 1000}"
                ) from None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    running.write_text(f"{os.getpid()} {demo.url}")
    return demo


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _run(demo: Demo) -> int:
    print(
        f"Starting {len(demo.stores)} simulated stores, {len(demo.sources)} stock systems, the web server"
        " and the worker …",
        flush=True,
    )
    quiet = Printer(output=(demo.folder / "demo.log").open("w"), colour=False)
    manager = honcho.manager.Manager(quiet)
    for name, command in demo.processes().items():
        manager.add_process(name, command, env=demo.env, cwd=str(ROOT))
    problems: list[str] = []

    def filling() -> None:
        try:
            fill(demo)
            print(demo.welcome(), flush=True)
        except FillingFailed as problem:
            problems.append(str(problem))
            os.kill(os.getpid(), signal.SIGTERM)

    # A moment later: honcho forks its processes first, and forking beside a busy thread is asking for trouble.
    filler = threading.Timer(0.5, filling)
    filler.daemon = True
    filler.start()
    manager.loop()
    if problems:
        print(problems[0], file=sys.stderr)
        return 1
    if manager.returncode not in {128 + signal.SIGINT, 128 + signal.SIGTERM}:
        log = (demo.folder / "demo.log").read_text().splitlines()
        print("A part of the demo ended by itself. Its last words:", *log[-15:], sep="\n", file=sys.stderr)
        return 1
    print("The demo has ended; its data are gone with it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

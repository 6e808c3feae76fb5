from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.ecwid", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_store_starts_serves_and_stops_cleanly() -> None:
    with start("--port", "0", "--store-id", "77", "--token", "t1", "--catalogue", "demo-b") as process:
        assert process.stdout is not None
        found = re.search(r"“(.+)” \(77\) at (http://\S+)", process.stdout.readline())
        assert found
        answer = requests.get(
            f"{found[2]}api/v3/77/products", headers={"Authorization": "Bearer t1"}, params={"limit": "1"}, timeout=5
        )
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)

    assert found[1] == "Hearth & Trail"
    assert answer.json()["total"] == 24
    assert (process.returncode, errors) == (0, "")


def test_a_taken_port_is_said_clearly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with start("--port", port) as process:
            _, errors = process.communicate(timeout=10)

    assert process.returncode == 1
    assert f"127.0.0.1:{port} is taken" in errors
    assert "Traceback" not in errors


def test_a_missing_catalogue_is_said_clearly() -> None:
    with start("--port", "0", "--catalogue", "nowhere.json") as process:
        _, errors = process.communicate(timeout=10)

    assert process.returncode == 1
    assert errors.startswith("--catalogue nowhere.json cannot be read")


def test_an_unknown_option_is_said_clearly() -> None:
    with start("--port", "0", "--options", '{"luck": 1}') as process:
        _, errors = process.communicate(timeout=10)

    assert process.returncode == 1
    assert errors.startswith("--options: luck is not one of ")

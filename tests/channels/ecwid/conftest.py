"""A running simulated store with a client on it, and a server that answers what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from channels.contract import Store
from channels.platforms.ecwid.platform import EcwidPlatform
from sandbox.ecwid import EcwidSimulator

STORE_ID = 1003
TOKEN = "secret_sandbox"


@pytest.fixture
def payload() -> Callable[[str], Any]:
    """Read a sample by its name."""
    folder = Path(__file__).parent / "payloads"
    return lambda name: json.loads((folder / f"{name}.json").read_bytes())


@pytest.fixture
def shop() -> Iterator[EcwidSimulator]:
    with EcwidSimulator(store_id=STORE_ID, name="North", time_scale=0.00001) as simulator:
        yield simulator


def store_at(base_url: str, *, token: str = TOKEN, **fields: Any) -> Store:
    credentials = {"store_id": str(STORE_ID), "token": token, "client_secret": "sandbox_client_secret"}
    credentials.update(fields.pop("credentials", {}))
    return Store(
        base_url=base_url, account_ref=fields.pop("account_ref", str(STORE_ID)), credentials=credentials, **fields
    )


Opener = Callable[..., EcwidPlatform]


@pytest.fixture
def open_platform(db: None) -> Iterator[Opener]:
    """Open clients and close them afterwards. The limiter's row lives in the database."""
    opened: list[EcwidPlatform] = []

    def open_(base_url: str, **fields: Any) -> EcwidPlatform:
        opened.append(EcwidPlatform(store_at(base_url, **fields)))
        return opened[-1]

    yield open_
    for platform in opened:
        platform.close()


@pytest.fixture
def platform(shop: EcwidSimulator, open_platform: Opener) -> EcwidPlatform:
    return open_platform(shop.base_url)


@dataclass
class Canned:
    """Answers each call with the next of ``answers`` (status, headers, body); the last one stays."""

    base_url: str = ""
    answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def say(self, body: object, status: int = 200, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, raw))


@pytest.fixture
def canned() -> Iterator[Canned]:
    canned = Canned()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            canned.seen.append((self.command, self.path, dict(self.headers.items()), body))
            status, headers, raw = canned.answers[0] if len(canned.answers) == 1 else canned.answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
            if "Content-Length" in headers:
                self.close_connection = True

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    canned.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield canned
    server.shutdown()
    server.server_close()
    thread.join(5)

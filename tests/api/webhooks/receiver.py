"""A receiver of webhooks that does as it is told: answers, sleeps, fails, redirects, drips or talks nonsense."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """``plan`` holds what to do with the next calls, each once; without a plan it answers 200."""

    url: str = ""
    plan: list[str] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.received]


@contextmanager
def running() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if self.path.startswith("/sleeper"):
                act(self, receiver, "sleep")
            else:
                act(self, receiver, receiver.plan.pop(0) if receiver.plan else "200")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?key=a%20b"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()


def act(handler: BaseHTTPRequestHandler, receiver: Receiver, what: str) -> None:
    if what.isdigit():
        handler.send_response(int(what))
        if what == "302":
            handler.send_header("Location", "http://127.0.0.1:1/elsewhere")
        if what in {"429", "503"}:
            handler.send_header("Retry-After", "7200")
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        handler.wfile.write(b"note")
    elif what == "sleep":
        receiver.stop.wait(30)
    elif what == "drip":  # a byte now and then: no single wait is long
        while not receiver.stop.wait(0.05):
            try:
                handler.wfile.write(b"H")
            except OSError:
                return
    elif what == "lie":  # 200, and a body that never comes in full
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nok\xff\x00")
    elif what == "garbage":
        handler.wfile.write(b"\x00\x01 this is no HTTP\r\n\r\n")
    elif what == "hang-up":
        handler.connection.close()

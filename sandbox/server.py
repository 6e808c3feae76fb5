"""A small threaded HTTP/1.1 server with routing, shared by every simulated platform."""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_BODY_BYTES = 10 * 1024 * 1024
_PHRASES = {status.value: status.phrase for status in HTTPStatus}

Json = dict[str, Any]
"""One JSON object as it travels on the wire."""


@dataclass(slots=True)
class Request:
    """One call. Header names are lower-case; of a repeated query parameter the last one counts."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = "127.0.0.1"

    def form(self) -> dict[str, str]:
        """Return the fields of an HTML form post."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Response:
    """One answer. ``hang_up_after`` holds the connection that many seconds and then closes it unanswered."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    delay: float = 0.0
    hang_up_after: float | None = None


def json_response(payload: object, status: int = 200) -> Response:
    return Response(status=status, body=json.dumps(payload, ensure_ascii=False).encode())


def html_response(markup: str, status: int = 200) -> Response:
    return Response(status=status, body=markup.encode(), content_type="text/html; charset=utf-8")


def redirect(location: str, status: int = 303) -> Response:
    return Response(status=status, headers={"Location": location}, content_type="text/plain; charset=utf-8")


Handler = Callable[[Request, dict[str, str]], Response]


class NoRoute(Exception):
    """No route has this path."""


class WrongMethod(Exception):
    """A route has this path, but not with this method; ``allowed`` lists those it has."""

    def __init__(self, allowed: list[str]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Route:
    """``pattern`` is a path in which ``{name}`` stands for one segment and ``{name:int}`` for digits."""

    method: str
    pattern: str
    handler: Handler
    needs: str = ""
    """What the caller must hold, in the platform's own words (an access scope); empty for nothing."""


class Router:
    """Finds the route of a request. Earlier routes win, so put fixed words before variables."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = [(re.compile(_expression(route.pattern)), route) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and its path variables. Raises NoRoute or WrongMethod."""
        allowed: list[str] = []
        for expression, route in self._routes:
            match = expression.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
            allowed.append(route.method)
        if allowed:
            raise WrongMethod(sorted(set(allowed)))
        raise NoRoute(path)


def _expression(pattern: str) -> str:
    parts = re.split(r"(\{\w+(?::int)?\})", pattern)
    found = []
    for part in parts:
        variable = re.fullmatch(r"\{(\w+)(:int)?\}", part)
        if variable is None:
            found.append(re.escape(part))
        else:
            found.append(f"(?P<{variable[1]}>{'[0-9]+' if variable[2] else '[^/]+'})")
    return "".join(found)


class PortTaken(Exception):
    """Another program listens on the wanted port."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int], application: Callable[[Request], Response], tls: ssl.SSLContext | None
    ) -> None:
        self.application = application
        self.stopping = threading.Event()
        super().__init__(address, _Connection)
        if tls is not None:
            # The handshake waits for the connection's own thread: a silent client must not hold up the others.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hangs up or won't agree on TLS; anything else is our fault and must be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError | ssl.SSLError):
            traceback.print_exc()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without this every keep-alive answer waits 40 ms for the peer's delayed ACK.
    disable_nagle_algorithm = True
    timeout = 75
    server: _Listener

    def version_string(self) -> str:
        return "sandbox"

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal quiet; simulators keep their own log of calls."""

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        if self.server.stopping.is_set():
            # A connection kept alive must not outlive the server that is said to be down.
            self._hang_up()
            return
        try:
            response = self.server.application(request)
        except Exception:
            traceback.print_exc()
            response = Response(500, b"The simulator itself failed; its terminal says why.", "text/plain")
        if response.delay:
            self.server.stopping.wait(response.delay)
        if response.hang_up_after is not None:
            self.server.stopping.wait(response.hang_up_after)
            self._hang_up()
            return
        self._write(request, response)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve

    def _read(self) -> Request | None:
        try:
            split = urlsplit(self.path)
        except ValueError:
            self.close_connection = True
            self.send_error(400)
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            length = int(headers.get("content-length", "0"))
        except ValueError:
            length = -1
        if length < 0 or length > MAX_BODY_BYTES or "transfer-encoding" in headers:
            self.close_connection = True
            self.send_error(411 if length < 0 or "transfer-encoding" in headers else 413)
            return None
        return Request(
            method=self.command,
            path=split.path,
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers=headers,
            body=self.rfile.read(length) if length else b"",
            client=self.client_address[0],
        )

    def _write(self, request: Request, response: Response) -> None:
        reason = response.reason or _PHRASES.get(response.status, "")
        lines = [f"HTTP/1.1 {response.status} {reason}"]
        if "Date" not in response.headers:
            lines.append(f"Date: {self.date_time_string()}")
        if response.status not in (204, 304):
            lines.append(f"Content-Type: {response.content_type}")
            lines.append(f"Content-Length: {len(response.body)}")
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if self.server.stopping.is_set():
            self.close_connection = True
        if self.close_connection:
            lines.append("Connection: close")
        body = b"" if request.method == "HEAD" else response.body
        # One send for head and body: two small ones would cost a round trip each.
        self.wfile.write("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


class HttpServer:
    """Serves one application function on one address until stopped."""

    def __init__(
        self,
        application: Callable[[Request], Response],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``port`` 0 takes a free one; with ``tls`` it speaks HTTPS. Raises PortTaken."""
        self._scheme = "http" if tls is None else "https"
        try:
            self._listener = _Listener((host, port), application, tls)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise PortTaken(f"{host}:{port} is taken or not allowed ({error.strerror})") from error
            raise
        self.host = host
        self.port: int = self._listener.server_address[1]
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self._scheme}://{'127.0.0.1' if shown == '0.0.0.0' else shown}:{self.port}"  # noqa: S104 - compared

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name=f"sandbox-{self.port}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the port and let waiting answers go; returns when the port is free."""
        self._listener.stopping.set()
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join(5)
        self._listener.server_close()


def tls_context(chain: str, key: str) -> ssl.SSLContext:
    """Return what ``HttpServer`` needs to speak HTTPS, from the files of a certificate chain and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll ``condition`` until it holds or ``seconds`` have passed; return whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True

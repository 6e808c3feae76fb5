"""Calls to addresses that people typed: what is reached is what was checked.

A name is looked up once, every address it has is checked, and the connection goes to one of those: a name that
answers differently a moment later leads nowhere else. Redirects are not followed, no proxy is used, and an answer that
drips in is cut off.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from inventory.addresses import ForbiddenAddress, addresses_of, split_address

_ANSWER_BYTES = 2048  # of an answer that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call: ``status`` is None where no answer came, and ``problem`` says why."""

    status: int | None
    problem: str = ""
    text: str = ""
    retry_after: str = ""
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(slots=True)
class Call:
    """One POST that may be cut off from another thread."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout: float = 15.0  # seconds, for the connection and for each wait
    started_at: float = field(default=0.0, init=False)
    _socket: socket.socket | None = field(default=None, init=False)
    _is_cut: bool = field(default=False, init=False)

    def run(self) -> Answer:
        """Send and read the beginning of the answer. Never raises for what the other side does."""
        self.started_at = time.monotonic()
        try:
            return self._timed(self._exchange())
        except ForbiddenAddress as error:
            return self._timed(Answer(status=None, problem=str(error)))
        except ssl.SSLError as error:
            return self._timed(Answer(status=None, problem=f"TLS failed: {error.reason or error}"[:300]))
        except TimeoutError:
            return self._timed(Answer(status=None, problem=f"No answer within {self.timeout:g} seconds."))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return self._timed(Answer(status=None, problem=self._words_for(error)))

    def cut_off(self) -> None:
        """End the call now, whatever it waits for."""
        self._is_cut = True
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # of TLS too: the plain one below it

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started_at if self.started_at else 0.0

    def _words_for(self, error: Exception) -> str:
        match error:
            case _ if self._is_cut:
                return "It was cut off: it took too long."
            case http.client.RemoteDisconnected():
                return "It hung up without an answer."
            case http.client.HTTPException():
                return "It did not answer in HTTP."
            case OSError() if error.strerror:
                return f"No connection: {error.strerror}."
        return f"No connection: {error}"

    def _timed(self, answer: Answer) -> Answer:
        return Answer(
            status=answer.status,
            problem=_plain(answer.problem)[:300],
            text=_plain(answer.text),
            retry_after=_plain(answer.retry_after),
            milliseconds=round(self.seconds * 1000),
        )

    def _exchange(self) -> Answer:
        parts = split_address(self.url)
        connection = self._connected(parts)
        try:
            connection.request("POST", target_of(parts), self.body, dict(self.headers))
            response = connection.getresponse()
            text = b""
            with suppress(OSError, http.client.HTTPException):  # the status is what counts; the rest is for the log
                text = response.read(_ANSWER_BYTES)
            return Answer(
                status=response.status,
                problem=_problem_of(response.status, response.getheader("Location", "")),
                text=text.decode("utf-8", "replace"),
                retry_after=response.getheader("Retry-After", ""),
            )
        finally:
            connection.close()

    def _connected(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        failure: OSError | None = None
        for address in addresses_of(host, port):
            try:
                self._socket = socket.create_connection((address, port), timeout=self.timeout)
                break
            except OSError as error:
                failure = error
        else:
            raise failure or OSError("No address answered.")
        connection: http.client.HTTPConnection = http.client.HTTPConnection(host, port, timeout=self.timeout)
        if parts.scheme == "https":
            self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            connection = http.client.HTTPSConnection(host, port, timeout=self.timeout)
        connection.sock = self._socket
        return connection


def target_of(parts: SplitResult) -> str:
    """Return what stands in the request line."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _problem_of(status: int, location: str) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        place = urlsplit(location).hostname or location
        return f"It redirects{f' to {place}' if place else ''}; redirects are not followed."[:300]
    return f"It answered {status} {http.client.responses.get(status, '')}".strip()


def _plain(text: str) -> str:
    """Return what the other side said as text that can be stored and shown: no control characters but line ends."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text.replace("\r\n", "\n")).strip()

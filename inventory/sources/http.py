"""HTTP to one stock source and nothing else: paced, bounded, never redirected, never inside a transaction.

Reads are repeated a little; that is safe. A source is read in one lane, so the pace of one process is the pace of all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.db import transaction

from inventory.addresses import ForbiddenAddress, check_address
from inventory.sources.contract import BadCredentials, BadPayload, RateLimited, Rejected, Unreachable

CONNECT_SECONDS = 3.05
READ_SECONDS = 30.0
MAX_BYTES = 32 * 1024 * 1024
TRIES = 3
PAUSE_SECONDS = 0.5  # before the second try; doubled before the third
LONGEST_WAIT = 20.0  # a longer one is put on the source's row instead of keeping a worker
DEFAULT_WAIT = 60.0  # where a 429 names none
REPEATED = frozenset({500, 502, 503, 504})


class TransactionOpen(RuntimeError):
    """A source was to be called inside a transaction: its locks would be held for as long as the network likes."""


def _is_transaction_open() -> bool:
    """Tell whether a transaction of ours is open; a test case's own counts as none."""
    return any(not block._from_testcase for block in transaction.get_connection().atomic_blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, with the moment at which its request went out: what it says was true then or later."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    asked_at: datetime
    answered_at: datetime

    @property
    def json(self) -> Any:
        """Return the JSON value; fractions come as Decimal. Raises BadPayload."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_refuse_constant)
        except ValueError:  # of which UnicodeDecodeError is one
            raise BadPayload("The answer is not JSON.") from None

    @property
    def skew_seconds(self) -> float | None:
        """Return by how much the other clock is ahead of ours; None where the answer carries no date."""
        try:
            theirs = parsedate_to_datetime(self.headers.get("Date", ""))
        except (TypeError, ValueError):
            return None
        if theirs.tzinfo is None:
            return None
        middle = self.asked_at + (self.answered_at - self.asked_at) / 2
        return (theirs - middle).total_seconds()


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


@dataclass(slots=True)
class Pace:
    """Keeps calls apart by a minimum; ``wait`` sleeps."""

    calls_per_second: float
    _next: float = 0.0

    def rest(self, seconds: float) -> None:
        """Let no call go out for ``seconds``."""
        self._next = max(self._next, time.monotonic() + seconds)

    def wait(self) -> None:
        """Wait for a place. Raises RateLimited where that would keep a worker for too long."""
        if self._next - time.monotonic() > LONGEST_WAIT:
            raise RateLimited("The rate limit is used up for now.", wait_seconds=self._next - time.monotonic())
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self.calls_per_second


class Caller:
    """Calls of one source. Every method raises SourceError and nothing else."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        headers: Mapping[str, str],
        calls_per_second: float,
        rest_after: Callable[[Answer], float] | None = None,
    ) -> None:
        """``name`` stands in messages. ``rest_after`` tells of every answer how many seconds no call may follow it."""
        self.name = name
        self._root = base_url.rstrip("/")
        self._pace = Pace(calls_per_second)
        self._rest_after = rest_after
        self._session = requests.Session()
        # The environment's .netrc would replace our Authorization header.
        self._session.trust_env = False
        self._session.headers.update({"Accept": "application/json", "Accept-Encoding": "gzip", **headers})

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None, **call: Any) -> Answer:
        """Return the 2xx answer at ``path``, which begins with a slash; ``call`` goes to requests (``auth``)."""
        if _is_transaction_open():
            raise TransactionOpen
        problem: Unreachable | None = None
        for attempt in range(TRIES):
            if attempt:
                time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
            self._pace.wait()
            try:
                answer = self._send(path, params, call)
                return self._judged(answer)
            except Unreachable as error:
                problem = error
            except RateLimited as error:
                if error.wait_seconds > LONGEST_WAIT or attempt == TRIES - 1:
                    raise
                time.sleep(error.wait_seconds)
        raise problem or Unreachable(f"{self.name} does not answer.")

    def _send(self, path: str, params: Mapping[str, str | int] | None, call: Mapping[str, Any]) -> Answer:
        try:
            # Again before every call: a name may point elsewhere by now.
            check_address(self._root)
        except ForbiddenAddress as error:
            raise Rejected(str(error)) from None
        asked_at = datetime.now(UTC)
        try:
            with self._session.get(
                self._root + path,
                params=params,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,  # the token must not travel to another host
                stream=True,
                **call,
            ) as response:
                body = self._read(response)
                return Answer(
                    status=response.status_code,
                    headers=response.headers,
                    body=body,
                    asked_at=asked_at,
                    answered_at=datetime.now(UTC),
                )
        except requests.Timeout:
            raise Unreachable(f"{self.name} did not answer in time.") from None
        except requests.exceptions.SSLError:
            raise Unreachable(f"{self.name} shows no certificate that is valid for its address.") from None
        except requests.RequestException as error:
            words = f"{self.name} could not be reached ({type(error).__name__})."
            raise Unreachable(f"{words} Check that it runs and that its address is right.") from None

    def _read(self, response: requests.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_content(65_536):
            size += len(part)
            if size > MAX_BYTES:
                raise BadPayload(f"{self.name} sent an answer of more than {MAX_BYTES // 1024 // 1024} MB.")
            parts.append(part)
        return b"".join(parts)

    def _judged(self, answer: Answer) -> Answer:
        """Return a 2xx answer; raise what any other status means."""
        if self._rest_after is not None:
            self._pace.rest(self._rest_after(answer))
        status = answer.status
        if 200 <= status < 300:
            return answer
        words = f"{self.name} answered {status}{_quoted(answer.body)}."
        if status == 401:
            raise BadCredentials(f"{words} The token is wrong, revoked or has expired.")
        if status == 403:
            raise BadCredentials(f"{words} The token is known, but its user lacks a right.")
        if status == 429:
            wait = self._rest_after(answer) if self._rest_after is not None else 0.0
            wait = wait or wait_of(answer.headers.get("Retry-After", ""))
            raise RateLimited(f"{self.name} asks us to call less often.", wait_seconds=wait)
        if status in REPEATED:
            raise Unreachable(words)
        if 300 <= status < 400:
            raise Rejected(f"{self.name} sends us to another address. Enter that address: redirects are not followed.")
        raise Rejected(f"{words} Check its address." if status == 404 else words)


def wait_of(retry_after: str) -> float:
    """Return the seconds of a Retry-After header, whether it holds seconds or a date."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return DEFAULT_WAIT
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else DEFAULT_WAIT


def _quoted(body: bytes) -> str:
    """Return what the other side said about it, in short: the usual fields of a JSON error, else nothing."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    for name in ("detail", "message", "error", "title"):
        words = said.get(name)
        if isinstance(words, list):
            words = "; ".join(str(each) for each in words)
        if isinstance(words, str) and words.strip():
            return ": " + words.strip()[:200].rstrip(".")
    return ""

"""``/batch``: tickets, worked off first in, first out by one thread per store."""

from __future__ import annotations

import json
import random
import threading
import traceback
import uuid
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from sandbox.ecwid.api import Caller, bearer, internal_error
from sandbox.ecwid.errors import ApiError, wrong_parameter
from sandbox.ecwid.options import Options
from sandbox.ecwid.parameters import Parameters, envelope, json_body
from sandbox.server import Json, Request, Response, Route, json_response

MAX_ENTRIES = 500
TRIES = 5
SECONDS_BETWEEN_TRIES = 3.0
_METHODS = ("GET", "POST", "PUT", "DELETE")


class InnerApi(Protocol):
    """What performs one entry."""

    def handle_inner(self, request: Request, caller: Caller) -> Response: ...


@dataclass(slots=True, kw_only=True)
class Batch:
    """``results`` has one place per entry, in the order sent; None until it is done."""

    ticket: str
    entries: list[Json]
    caller: Caller
    parallel: bool
    stop_on_first_failure: bool
    group: str
    created_at: float
    status: str = "QUEUED"
    cancelled: bool = False
    results: list[Json | None] = field(default_factory=list)

    def summary(self) -> Json:
        done = sum(result is not None for result in self.results)
        return {
            "ticket": self.ticket,
            "status": self.status,
            "totalRequests": len(self.entries),
            "completedRequests": done,
        }


class BatchApi:
    """Takes batches in and works them off in a thread of its own, started with the first one."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._api: InnerApi | None = None
        self._wake = threading.Condition()
        self._batches: dict[str, Batch] = {}
        self._queue: deque[Batch] = deque()
        self._keys: dict[str, tuple[float, str]] = {}
        self._random = random.Random(options.fault_seed)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/batch", self.create),
            Route("GET", "/batch", self.read),
            Route("POST", "/batch/cancel-group", self.cancel_group),
        ]

    def start(self, api: InnerApi) -> None:
        self._api = api
        self._stopped.clear()
        self._thread = threading.Thread(target=self._work, name="ecwid-batch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        with self._wake:
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(2)

    def clear(self) -> None:
        """Forget every ticket; a batch under way ends by itself."""
        with self._wake:
            for batch in self._queue:
                batch.cancelled = True
            self._queue.clear()
            self._batches.clear()
            self._keys.clear()

    def create(self, request: Request, _: dict[str, str]) -> Response:
        parameters = Parameters(request.query)
        parallel = bool(parameters.flag("allowParallelMode"))
        stop = parameters.flag("stopOnFirstFailure")
        key, now = _dedup_key(parameters), self._options.clock()
        entries = _entries(json_body(request))
        with self._wake:
            known = self._keys.get(key)
            if key and known and now - known[0] < self._options.dedup_seconds:
                return json_response({"ticket": known[1]})
            batch = Batch(
                ticket=str(uuid.uuid4()),
                entries=entries,
                caller=Caller(bearer(request), request.client),
                parallel=parallel,
                stop_on_first_failure=stop is not False,
                group=parameters.text("groupId"),
                created_at=now,
                results=[None] * len(entries),
            )
            self._batches[batch.ticket] = batch
            self._queue.append(batch)
            if key:
                self._keys[key] = now, batch.ticket
            self._wake.notify_all()
        return json_response({"ticket": batch.ticket})

    def read(self, request: Request, _: dict[str, str]) -> Response:
        parameters = Parameters(request.query)
        ticket = parameters.text("ticket")
        with self._wake:
            if not ticket:
                return self._list(parameters)
            batch = self._batches.get(ticket)
            if batch is None:
                raise ApiError(404, "", f"Batch {ticket} is not found")
            escaped = bool(parameters.flag("escapedJson"))
            responses = [_shown(result, escaped) for result in batch.results if result is not None]
            summary = {name: value for name, value in batch.summary().items() if name != "ticket"}
            return json_response({**summary, "responses": responses})

    def cancel_group(self, request: Request, _: dict[str, str]) -> Response:
        group = Parameters(request.query).text("groupId")
        if not group:
            raise wrong_parameter("groupId is required")
        with self._wake:
            found = [each for each in self._batches.values() if each.group == group]
            waiting = [each for each in found if each.status != "COMPLETED" and not each.cancelled]
            for batch in waiting:
                batch.cancelled = True
        return json_response({"updateCount": len(waiting)})

    def _list(self, parameters: Parameters) -> Response:
        status = parameters.choices("status", ("QUEUED", "IN_PROGRESS", "COMPLETED"))
        offset, limit = parameters.page()
        found = [each.summary() for each in self._batches.values() if not status or each.status in status]
        return json_response(envelope(found, offset, limit))

    def _work(self) -> None:
        while not self._stopped.is_set():
            with self._wake:
                while not self._queue and not self._stopped.is_set():
                    self._wake.wait()
                if self._stopped.is_set():
                    return
                batch = self._queue[0]
            self._stopped.wait(self._options.batch_queued_seconds)
            with self._wake:
                batch.status = "IN_PROGRESS"
            self._perform(batch)
            with self._wake:
                batch.status = "COMPLETED"
                if self._queue and self._queue[0] is batch:
                    self._queue.popleft()

    def _perform(self, batch: Batch) -> None:
        order = list(range(len(batch.entries)))
        if batch.parallel:
            # Nothing promises an order in parallel mode; shuffling shows who relies on one.
            self._random.shuffle(order)
        failed = False
        for position in order:
            entry = batch.entries[position]
            if self._stopped.is_set():
                return
            if batch.cancelled or (failed and batch.stop_on_first_failure):
                result: Json = {"status": "NOT_EXECUTED"}
            else:
                result = self._try(entry, batch)
                failed = failed or result["status"] == "FAILED"
            if "id" in entry:
                result = {"id": entry["id"], **result}
            with self._wake:
                batch.results[position] = result

    def _try(self, entry: Json, batch: Batch) -> Json:
        tries = 1 if batch.stop_on_first_failure else TRIES
        for number in range(tries):
            status, body = self._call(entry, batch.caller)
            if status < 500 and status != 408:
                break
            if number + 1 < tries:
                self._stopped.wait(SECONDS_BETWEEN_TRIES * self._options.time_scale)
        return {
            "status": "COMPLETED" if status < 400 else "FAILED",
            "httpStatusCode": status,
            "httpStatusLine": HTTPStatus(status).phrase,
            "httpBody": body,
        }

    def _call(self, entry: Json, caller: Caller) -> tuple[int, object]:
        split = urlsplit(entry["path"])
        body = entry.get("body")
        request = Request(
            method=entry["method"],
            path=split.path if split.path.startswith("/") else f"/{split.path}",
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers={"content-type": "application/json"},
            body=b"" if body is None else json.dumps(body).encode(),
            client=caller.client,
        )
        if request.path.startswith("/batch"):
            return 400, {"errorMessage": "A batch cannot hold a batch", "errorCode": "WRONG_PARAMETER"}
        if self._api is None:
            raise RuntimeError("the batch worker runs before its API is there")
        try:
            response = self._api.handle_inner(request, caller)
        except Exception:
            # A fault of the simulator must not end the worker, and must be seen.
            traceback.print_exc()
            response = internal_error().response()
        if response.hang_up_after is not None:
            return 408, {"errorMessage": "Timeout", "errorCode": "TIMEOUT"}
        return response.status, json.loads(response.body) if response.body else None


def _dedup_key(parameters: Parameters) -> str:
    text = parameters.text("deduplicationKey")
    if not text:
        return ""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise wrong_parameter("deduplicationKey must be a UUID") from None


def _entries(body: object) -> list[Json]:
    if not isinstance(body, list) or not body:
        raise wrong_parameter("The body must be an array of requests")
    if len(body) > MAX_ENTRIES:
        raise wrong_parameter(f"At most {MAX_ENTRIES} requests in one batch")
    for each in body:
        if not isinstance(each, dict) or not isinstance(each.get("path"), str) or not each["path"]:
            raise wrong_parameter("Every request needs a path")
        if each.get("method") not in _METHODS:
            raise wrong_parameter(f"method must be one of {', '.join(_METHODS)}")
        if "id" in each and not isinstance(each["id"], str):
            raise wrong_parameter("id must be a string")
    return body


def _shown(result: Json, escaped: bool) -> Json:
    if not escaped or "httpBody" not in result:
        return result
    rest = {name: value for name, value in result.items() if name != "httpBody"}
    return {**rest, "escapedHttpBody": json.dumps(result["httpBody"])}

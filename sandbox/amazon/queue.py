"""A small queue that speaks SQS's JSON protocol, so that a demo needs no AWS: a few actions, one queue, dead letters.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference ; standard queue: at least once, in any order.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.server import Json, Request, Response

ACCOUNT = "123456789012"
TARGET = "x-amz-target"
LONGEST_WAIT = 20.0
_KINDS = {
    "AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist",
    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest": "TooManyEntriesInBatchRequest",
}
"""The code of an error, as the older query protocol has it → its name in the JSON protocol."""


@dataclass(slots=True, kw_only=True)
class Message:
    """``visible_at``: seconds; ``handle`` is that of the latest receive."""

    id: str
    body: str
    visible_at: float = 0.0
    received: int = 0
    handle: str = ""


class _Refused(Exception):
    """An error in SQS's words."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class Queue:
    """One queue and its dead letters. Safe to use from any thread."""

    def __init__(self, name: str, region: str, *, visibility_seconds: float, max_receives: int, key: str) -> None:
        self.name = name
        self.dead_name = f"{name}-dead"
        self.region = region
        self.key = key
        self.visibility_seconds = visibility_seconds
        self.max_receives = max_receives
        self._wake = threading.Condition()
        self._numbers = itertools.count(1)
        self._messages: dict[str, list[Message]] = {self.name: [], self.dead_name: []}
        self._actions: dict[str, Callable[[str, Json], Json]] = {
            "SendMessage": self._send,
            "ReceiveMessage": self._receive,
            "DeleteMessage": self._delete,
            "DeleteMessageBatch": self._delete_batch,
            "GetQueueAttributes": self._attributes,
            "GetQueueUrl": self._url_of,
        }
        self._root = ""

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{self.region}:{ACCOUNT}:{self.name}"

    def url(self, root: str) -> str:
        return f"{root}/{ACCOUNT}/{self.name}"

    def put(self, body: str) -> str:
        """Put a message into the queue and return its id."""
        with self._wake:
            message = Message(id=f"m{next(self._numbers):06d}-{secrets.token_hex(4)}", body=body)
            self._messages[self.name].append(message)
            self._wake.notify_all()
            return message.id

    def counts(self) -> tuple[int, int, int]:
        """Return (waiting, in flight, dead) messages."""
        with self._wake:
            now = time.monotonic()
            own = self._messages[self.name]
            waiting = sum(each.visible_at <= now for each in own)
            return waiting, len(own) - waiting, len(self._messages[self.dead_name])

    def clear(self) -> None:
        with self._wake:
            for messages in self._messages.values():
                messages.clear()

    # The protocol -----------------------------------------------------------------------------------------------

    @staticmethod
    def is_meant(request: Request) -> bool:
        return request.headers.get(TARGET, "").startswith("AmazonSQS.")

    def answer(self, request: Request, root: str) -> Response:
        """Answer one call of the protocol."""
        self._root = root
        try:
            if f"Credential={self.key}/" not in request.headers.get("authorization", ""):
                raise _Refused(
                    "InvalidClientTokenId", "The security token included in the request is invalid.", status=403
                )
            action = self._actions.get(request.headers[TARGET].partition(".")[2])
            if action is None:
                raise _Refused("UnsupportedOperation", "This queue knows only a few actions.")
            body = json.loads(request.body or b"{}")
            queue = str(body.get("QueueUrl", "")).rpartition("/")[2] or self.name
            if queue not in self._messages:
                raise _Refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
            return _json(action(queue, body))
        except _Refused as refused:
            kind = _KINDS.get(refused.code, refused.code)
            response = _json({"__type": f"com.amazonaws.sqs#{kind}", "message": str(refused)}, refused.status)
            response.headers["x-amzn-query-error"] = f"{refused.code};Sender"
            return response

    def _send(self, queue: str, body: Json) -> Json:
        text = body.get("MessageBody")
        if queue != self.name or not isinstance(text, str) or not text:
            raise _Refused("InvalidParameterValue", "A message needs a body.")
        return {"MessageId": self.put(text), "MD5OfMessageBody": _digest(text)}

    def _receive(self, queue: str, body: Json) -> Json:
        wanted = int(body.get("MaxNumberOfMessages", 1))
        if not 1 <= wanted <= 10:
            raise _Refused("ReadCountOutOfRange", "MaxNumberOfMessages must be from 1 to 10.")
        give_up_at = time.monotonic() + min(float(body.get("WaitTimeSeconds", 0)), LONGEST_WAIT)
        hidden = float(body.get("VisibilityTimeout", self.visibility_seconds))
        with self._wake:
            while True:
                found = self._take(queue, wanted, hidden)
                wait = give_up_at - time.monotonic()
                if found or wait <= 0:
                    return {"Messages": [_message(each) for each in found]} if found else {}
                self._wake.wait(min(wait, 0.25))

    def _take(self, queue: str, wanted: int, hidden: float) -> list[Message]:
        now, found = time.monotonic(), []
        for message in list(self._messages[queue]):
            if message.visible_at > now:
                continue
            if queue == self.name and message.received >= self.max_receives:
                self._messages[queue].remove(message)
                self._messages[self.dead_name].append(message)
                continue
            message.received += 1
            message.visible_at = now + hidden
            message.handle = f"{message.id}#{secrets.token_hex(6)}"
            found.append(message)
            if len(found) == wanted:
                break
        return found

    def _delete(self, queue: str, body: Json) -> Json:
        self._forget(queue, str(body.get("ReceiptHandle", "")))
        return {}

    def _delete_batch(self, queue: str, body: Json) -> Json:
        entries = body.get("Entries") or []
        if not 1 <= len(entries) <= 10:
            raise _Refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "A batch has 1 to 10 entries.")
        for entry in entries:
            self._forget(queue, str(entry.get("ReceiptHandle", "")))
        return {"Successful": [{"Id": entry["Id"]} for entry in entries], "Failed": []}

    def _forget(self, queue: str, handle: str) -> None:
        with self._wake:
            kept = [each for each in self._messages[queue] if each.id != handle.partition("#")[0]]
            self._messages[queue] = kept

    def _attributes(self, queue: str, _: Json) -> Json:
        with self._wake:
            now = time.monotonic()
            visible = sum(each.visible_at <= now for each in self._messages[queue])
            hidden = len(self._messages[queue]) - visible
        found = {
            "QueueArn": f"arn:aws:sqs:{self.region}:{ACCOUNT}:{queue}",
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
            "VisibilityTimeout": str(int(self.visibility_seconds)),
        }
        if queue == self.name:
            dead = f"arn:aws:sqs:{self.region}:{ACCOUNT}:{self.dead_name}"
            found["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": self.max_receives})
        return {"Attributes": found}

    def _url_of(self, _: str, body: Json) -> Json:
        name = str(body.get("QueueName", ""))
        if name not in self._messages:
            raise _Refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return {"QueueUrl": f"{self._root}/{ACCOUNT}/{name}"}


def _message(message: Message) -> Json:
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "MD5OfBody": _digest(message.body),
        "Body": message.body,
        "Attributes": {"ApproximateReceiveCount": str(message.received)},
    }


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _json(payload: Json, status: int = 200) -> Response:
    return Response(status, json.dumps(payload).encode(), "application/x-amz-json-1.0")

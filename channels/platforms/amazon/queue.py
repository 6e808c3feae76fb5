"""The merchant's SQS queue, which Amazon puts notifications into. boto3 is loaded only where there is one.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference ; standard queue: at least once, in any order.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from channels.contract import ChannelError, QueueMessage, RateLimited, Rejected, Unreachable
from channels.platforms.amazon.notifications import message_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

AT_ONCE = 10  # messages that SQS hands out, and deletes, in one call
ROUNDS = 3
WAIT_SECONDS = 1  # for the first message; without waiting SQS looks at a part of its servers only
HIDDEN_SECONDS = 60  # while they are being stored; what is not deleted by then comes again

Result = TypeVar("Result")

# Making a client takes longer than many calls, and one is safe to use from any thread.
_clients: dict[str, SQSClient] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a queue is. ``endpoint`` is empty for AWS's own."""

    url: str
    region: str
    account: str
    name: str
    endpoint: str

    @property
    def arn(self) -> str:
        partition = "aws-cn" if self.region.startswith("cn-") else "aws"
        return f"arn:{partition}:sqs:{self.region}:{self.account}:{self.name}"


def address_of(url: str, region: str = "") -> Address:
    """Read a queue's URL, https://sqs.eu-west-1.amazonaws.com/123456789012/name. Raises Rejected.

    ``region``: for an address that does not name it.
    """
    split = urlsplit(url.strip())
    account, _, name = split.path.strip("/").partition("/")
    labels = (split.hostname or "").split(".")
    is_aws = "amazonaws" in labels
    told = labels[1] if is_aws and labels[0] == "sqs" and len(labels) > 3 else ""
    if split.scheme not in {"http", "https"} or not (account.isdigit() and len(account) == 12) or not name:
        raise Rejected("The queue's URL must look like https://sqs.eu-west-1.amazonaws.com/123456789012/name.")
    if not (told or region):
        raise Rejected("The queue's URL does not name its AWS region: give it.")
    if name.endswith(".fifo"):
        raise Rejected("Amazon takes a standard queue only, no FIFO queue.")
    endpoint = "" if is_aws else f"{split.scheme}://{split.netloc}"
    return Address(url=url.strip(), region=told or region, account=account, name=name, endpoint=endpoint)


class Queue:
    """One seller's queue. Every method raises ChannelError and nothing else."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self.address = address_of(credentials["queue_url"], credentials.get("aws_region", ""))
        self._key = credentials.get("aws_access_key_id", ""), credentials.get("aws_secret_access_key", "")

    def receive(self) -> list[QueueMessage]:
        """Return up to 30 messages, having waited a second for the first of them at most."""
        found: list[QueueMessage] = []
        for number in range(ROUNDS):
            wait = WAIT_SECONDS if number == 0 else 0
            told = self._call(
                lambda sqs, wait=wait: sqs.receive_message(  # type: ignore[misc]
                    QueueUrl=self.address.url,
                    MaxNumberOfMessages=AT_ONCE,
                    WaitTimeSeconds=wait,
                    VisibilityTimeout=HIDDEN_SECONDS,
                )
            )
            messages = told.get("Messages", [])
            found += [message_of(each["ReceiptHandle"], each["MessageId"], each["Body"]) for each in messages]
            if len(messages) < AT_ONCE:
                break
        return found

    def forget(self, handles: Sequence[str]) -> None:
        """Take messages off the queue. One that SQS could not delete comes again, and finds its row."""
        for start in range(0, len(handles), AT_ONCE):
            some = handles[start : start + AT_ONCE]
            rows: list[Any] = [{"Id": str(number), "ReceiptHandle": each} for number, each in enumerate(some)]
            self._call(lambda sqs, rows=rows: sqs.delete_message_batch(QueueUrl=self.address.url, Entries=rows))  # type: ignore[misc]

    def dead_letters(self) -> int | None:
        """Return how many messages were given up on; None where the queue has no place for them."""
        policy = self.attributes().get("RedrivePolicy", "")
        try:
            arn = str(json.loads(policy)["deadLetterTargetArn"]) if policy else ""
        except (ValueError, KeyError, TypeError):
            arn = ""
        if not arn:
            return None
        url = self._call(lambda sqs: sqs.get_queue_url(QueueName=arn.rpartition(":")[2]))["QueueUrl"]
        return int(self.attributes(url).get("ApproximateNumberOfMessages", "0"))

    def attributes(self, url: str = "") -> Mapping[str, str]:
        """Return what SQS says of the queue, its number of messages among it."""
        told = self._call(
            lambda sqs: sqs.get_queue_attributes(QueueUrl=url or self.address.url, AttributeNames=["All"])
        )
        return {str(name): value for name, value in told.get("Attributes", {}).items()}

    def _call(self, make: Callable[[SQSClient], Result]) -> Result:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return make(self._client())
        except ClientError as error:
            raise _error_of(error.response, self.address) from None
        except BotoCoreError as error:
            # Its message may quote what was sent; its kind says enough.
            words = f"The queue {self.address.name} could not be reached ({type(error).__name__})."
            raise Unreachable(words, may_have_applied=False) from None

    def _client(self) -> SQSClient:
        name = hashlib.sha256("\0".join((*self._key, self.address.region, self.address.endpoint)).encode()).hexdigest()
        with _lock:
            if name not in _clients:
                _clients[name] = self._made()
            return _clients[name]

    def _made(self) -> SQSClient:
        import boto3
        from botocore.config import Config

        key_id, secret = self._key
        made = boto3.session.Session(
            # Without a key AWS's own chain decides: the machine's role, its environment.
            aws_access_key_id=key_id or None,
            aws_secret_access_key=secret or None,
            region_name=self.address.region,
        )
        config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})
        client: SQSClient = made.client("sqs", endpoint_url=self.address.endpoint or None, config=config)
        return client


def _error_of(response: Mapping[str, Any], address: Address) -> ChannelError:
    """Return the error that AWS's refusal stands for, with its words; they quote no secret."""
    error = response.get("Error", {})
    code, words = str(error.get("Code", "")), str(error.get("Message", ""))[:300]
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = f"{words or 'no words'} ({code or status})"
    if "Throttl" in code or "RequestLimit" in code or status == 429:
        return RateLimited(f"AWS asked us to slow down: {said}.", wait_seconds=10.0)
    if status >= 500:
        return Unreachable(f"AWS failed to answer: {said}.")
    if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
        return Rejected(f"AWS knows no queue {address.name} in {address.region}: {said}.")
    return Rejected(f"AWS refuses the queue {address.name}: {said}. Check the key and its permissions.")

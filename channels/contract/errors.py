"""What can go wrong between us and a platform. Every message is a sentence for people, never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class ChannelError(Exception):
    """A platform call failed; ``retryable`` says whether the same call may work later.

    The message is a sentence for people and may quote the platform's words, never a secret.
    """

    retryable: ClassVar[bool] = False


class RateLimited(ChannelError):
    """The platform asked us to wait ``wait_seconds``."""

    retryable = True

    def __init__(self, message: str, *, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class Unreachable(ChannelError):
    """No usable answer: the network, a time-out, a 5xx, HTML or an empty body where JSON was due.

    ``may_have_applied`` is false only when it is certain that the platform did not act on the request.
    """

    retryable = True

    def __init__(self, message: str, *, may_have_applied: bool = True) -> None:
        super().__init__(message)
        self.may_have_applied = may_have_applied


class Rejected(ChannelError):
    """The platform understood and refused; the same call will be refused again."""


class NotListed(Rejected):
    """The thing asked for does not exist (any more) on the platform."""


class BadCredentials(ChannelError):
    """The token is dead, revoked or lacks a scope: every call must stop until a person reconnects."""


class StoreRefused(ChannelError):
    """The store as a whole is refused: its plan, a suspension. Calls stop until a person has acted."""


class StoreMoved(StoreRefused):
    """There is no such store at the address any more: moved, renamed or deleted. Calls stop until a person acts."""


class BadSignature(Exception):
    """A webhook is not signed with this channel's secret."""


class BadPayload(ChannelError):
    """The platform sent something that is not what its documentation promises."""


class UnreadableProducts(BadPayload):
    """Some products could not be read, the others could. ``problems``: a sentence for people by product ref."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems

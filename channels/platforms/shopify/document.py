"""What a GraphQL document is to the client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One operation; ``name`` is the operation's own.

    ``cost`` is what our limiter takes beforehand, in Shopify's points; what the answer says it really cost is settled
    afterwards.
    """

    name: str
    text: str
    cost: float

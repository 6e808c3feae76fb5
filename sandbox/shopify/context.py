"""What a resolver may reach while one document is executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLResolveInfo

from sandbox.server import Json

if TYPE_CHECKING:
    from sandbox.shopify.api import Api
    from sandbox.shopify.bulk import Bulk
    from sandbox.shopify.idempotency import Keys
    from sandbox.shopify.quantities import Quantities
    from sandbox.shopify.shop import Shop
    from sandbox.shopify.webhooks import Webhooks


@dataclass(slots=True, kw_only=True)
class Context:
    """``scopes``: what the caller's token may do; ``base_url``: how the caller reaches us."""

    shop: Shop
    quantities: Quantities
    keys: Keys
    webhooks: Webhooks
    bulk: Bulk
    api: Api
    name: str
    domain: str
    scopes: frozenset[str]
    base_url: str = ""
    is_bulk: bool = False
    warnings: list[Json] = field(default_factory=list)


def context_of(info: GraphQLResolveInfo[Any]) -> Context:
    return cast("Context", info.context)

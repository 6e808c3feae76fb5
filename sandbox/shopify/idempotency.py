"""``@idempotent(key:)``: the same key with the same variables is carried out once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo, get_directive_values

from sandbox.server import Json
from sandbox.shopify.errors import TopError, user_error


@dataclass(slots=True)
class _Kept:
    variables: str
    result: Json
    at: float


class Keys:
    """The keys used so far. Call with the shop's lock held."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}

    def clear(self) -> None:
        self._kept.clear()

    def once(self, info: GraphQLResolveInfo[Any], arguments: Json, refused: str, act: Callable[[], Json]) -> Json:
        """Return what ``act`` returned under this key, calling it at most once.

        ``refused``: the key of the payload that is null beside errors. Raises TopError without the directive.
        """
        directive = next(each for each in info.schema.directives if each.name == "idempotent")
        given = get_directive_values(directive, info.field_nodes[0], info.variable_values)
        key = str(given["key"]).strip() if given else ""
        if not key:
            message = "The @idempotent directive is required for this mutation but was not provided."
            raise TopError("BAD_REQUEST", message)
        place, variables = (info.field_name, key), json.dumps(arguments, sort_keys=True, default=str)
        kept = self._kept.get(place)
        if kept is not None and self._clock() - kept.at <= self._seconds:
            if kept.variables != variables:
                message, code = "The key was used before with other parameters.", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
            elif kept.result["userErrors"]:
                message, code = "The previous attempt with this key failed.", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
            else:
                return kept.result
            return {refused: None, "userErrors": [user_error(message, None, code)]}
        result = act()
        self._kept[place] = _Kept(variables, result, self._clock())
        return result

"""What a query costs: https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits.

Scalars are free, an object costs 1, a mutation 10, and a connection grows with its page, slower than it: the
weights reproduce what was seen of a real shop (a page of 5 levels 15 points, of 50 27, of 250 39).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

MUTATION = 10.0
_WEIGHTS = ((0, 0.0), (1, 1.0), (5, 3.0), (50, 7.0), (250, 11.0))


class Meter:
    """Reckons the cost that a document asks for."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Any) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables

    def of(self, operation: OperationDefinitionNode) -> float:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # noqa: S101 - the document was validated
        fields = MUTATION if operation.operation.value == "mutation" else 0.0
        return round(fields + self._selection(operation.selection_set, root), 0)

    def _selection(self, selections: SelectionSetNode, parent: Any) -> float:
        total = 0.0
        for each in selections.selections:
            if isinstance(each, FieldNode):
                total += self._field(each, parent)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self._fragments[each.name.value]
                inner = self._schema.type_map[fragment.type_condition.name.value]
                total += self._selection(fragment.selection_set, inner)
            elif isinstance(each, InlineFragmentNode):
                named = each.type_condition
                inner = parent if named is None else self._schema.type_map[named.name.value]
                total += self._selection(each.selection_set, inner)
        return total

    def _field(self, field: FieldNode, parent: Any) -> float:
        if field.selection_set is None or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0.0
        kind = get_named_type(parent.fields[field.name.value].type)
        inner = self._selection(field.selection_set, kind)
        if kind.name.endswith("Connection"):
            return 2.0 + inner * weight(self._size(field))
        ids = self._argument(field, "ids")
        if field.name.value == "nodes" and ids is not None:
            # Each id is an object of its own, with all that is asked of it.
            return len(ids) * (1.0 + inner)
        return inner if kind.name == "PageInfo" else 1.0 + inner

    def _size(self, field: FieldNode) -> int:
        size = self._argument(field, "first")
        size = self._argument(field, "last") if size is None else size
        return size if isinstance(size, int) else 1

    def _argument(self, field: FieldNode, name: str) -> Any:
        for argument in field.arguments or ():
            if argument.name.value == name:
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    return self._variables.get(argument.value.name.value)
        return None


def weight(size: int) -> float:
    """Return how many times its contents a page of ``size`` costs."""
    for (low, at_low), (high, at_high) in itertools.pairwise(_WEIGHTS):
        if size <= high:
            return at_low + (at_high - at_low) * (size - low) / (high - low)
    return _WEIGHTS[-1][1]


class Bucket:
    """Points that leak back at a rate. Real time, not the shop's clock: clients wait for it."""

    def __init__(self, size: float, rate: float) -> None:
        self._lock = threading.Lock()
        self.resize(size, rate)

    def resize(self, size: float, rate: float) -> None:
        """Begin anew, full."""
        with self._lock:
            self.size, self.rate = size, rate
            self._points, self._at = size, time.monotonic()

    def take(self, cost: float) -> tuple[bool, float]:
        """Take ``cost`` points if they are there; return whether they were, and how many are left."""
        with self._lock:
            self._restore()
            if cost > self._points:
                return False, self._points
            self._points -= cost
            return True, self._points

    def give_back(self, cost: float) -> float:
        """Return points that a query did not use after all; return how many there are now."""
        with self._lock:
            self._restore()
            self._points = min(self.size, self._points + cost)
            return self._points

    def _restore(self) -> None:
        now = time.monotonic()
        self._points = min(self.size, self._points + (now - self._at) * self.rate)
        self._at = now

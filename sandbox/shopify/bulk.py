"""Bulk operations: a query over everything, answered later as JSONL.

https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
)

from sandbox.server import Json
from sandbox.shopify.errors import user_error
from sandbox.shopify.options import Options
from sandbox.shopify.records import BulkOperation

MOST_RUNNING = 5
MOST_CONNECTIONS = 5
DEEPEST = 2

Execute = Callable[[DocumentNode, frozenset[str]], Json]
"""Executes a document without page sizes and returns its data. Raises GraphQLError."""


class Refused(Exception):
    """The inner document breaks a rule of bulk queries."""


class Bulk:
    """The bulk operations of one shop."""

    def __init__(self, options: Options, finished: Callable[[BulkOperation], None]) -> None:
        self._options = options
        self._finished = finished
        self._lock = threading.Lock()
        self._timers: list[threading.Timer] = []
        self.operations: dict[int, BulkOperation] = {}
        self.fail_next = 0

    def clear(self) -> None:
        self.stop()
        self.operations.clear()

    def stop(self) -> None:
        """Drop what is still running."""
        with self._lock:
            timers, self._timers = self._timers, []
        for timer in timers:
            timer.cancel()

    def run(self, query: str, *, schema: GraphQLSchema, number: int, execute: Execute, scopes: frozenset[str]) -> Json:
        """``bulkOperationRunQuery``: check the inner document at once, carry it out later."""
        running = [each.id for each in self.operations.values() if each.status in ("CREATED", "RUNNING")]
        if len(running) >= MOST_RUNNING:
            ids = ", ".join(f"gid://shopify/BulkOperation/{each}" for each in running)
            message = f"A bulk query operation for this app and shop is already in progress: {ids}."
            return _refused(message, "OPERATION_IN_PROGRESS")
        try:
            document = parse(query)
            problems = validate(schema, document)
            if problems:
                raise Refused(problems[0].message)
            check(schema, document)
        except (GraphQLError, Refused) as error:
            return _refused(f"Invalid bulk query: {error}", "INVALID")
        made = BulkOperation(
            id=number, query=query, created_at=self._options.clock(), secret=secrets.token_urlsafe(16), status="RUNNING"
        )
        self.operations[made.id] = made
        timer = threading.Timer(self._options.bulk_seconds, self._complete, (made, document, execute, scopes))
        timer.daemon = True
        with self._lock:
            self._timers.append(timer)
        timer.start()
        return {"bulkOperation": made, "userErrors": []}

    def cancel(self, number: int) -> Json:
        found = self.operations.get(number)
        if found is None:
            return _refused("Bulk operation does not exist", None)
        if found.status in ("CREATED", "RUNNING"):
            found.status = "CANCELED"
            found.completed_at = self._options.clock()
        return {"bulkOperation": found, "userErrors": []}

    def _complete(self, made: BulkOperation, document: DocumentNode, execute: Execute, scopes: frozenset[str]) -> None:
        if made.status != "RUNNING":
            return
        made.completed_at = self._options.clock()
        if self.fail_next:
            self.fail_next -= 1
            made.status, made.error_code = "FAILED", "INTERNAL_SERVER_ERROR"
        else:
            try:
                data = execute(document, scopes)
            except GraphQLError as error:
                denied = (error.extensions or {}).get("code") == "ACCESS_DENIED"
                made.status, made.error_code = "FAILED", "ACCESS_DENIED" if denied else "INTERNAL_SERVER_ERROR"
            else:
                rows = list(_rows(next(iter(data.values()), {}), ""))
                # Their order is not to be relied on.
                random.Random(made.id).shuffle(rows)
                made.rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
                made.objects, made.roots = len(rows), sum("__parentId" not in row for row in rows)
                made.status = "COMPLETED"
        self._finished(made)


def check(schema: GraphQLSchema, document: DocumentNode) -> None:
    """Raise Refused unless the document keeps the rules of bulk queries."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation.value != "query":
        raise Refused("Bulk queries must contain exactly one query operation.")
    fields = operations[0].selection_set.selections
    if len(fields) != 1 or not isinstance(fields[0], FieldNode):
        raise Refused("Bulk queries must have exactly one root field.")
    if fields[0].name.value in ("node", "nodes"):
        raise Refused("Bulk queries cannot contain a top level node field.")
    root = schema.query_type
    assert root is not None  # noqa: S101 - every schema has one
    found = list(_connections(operations[0].selection_set, root, 0, schema))
    if not found:
        raise Refused("Bulk queries must contain at least one connection.")
    if len(found) > MOST_CONNECTIONS:
        raise Refused(f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections.")
    if max(found) > DEEPEST:
        raise Refused(f"Bulk queries cannot contain connections with a nesting depth greater than {DEEPEST}.")


def _connections(selections: SelectionSetNode, parent: Any, depth: int, schema: GraphQLSchema) -> Iterator[int]:
    for each in selections.selections:
        if isinstance(each, InlineFragmentNode):
            kind = schema.type_map[each.type_condition.name.value] if each.type_condition else parent
            yield from _connections(each.selection_set, kind, depth, schema)
            continue
        if not isinstance(each, FieldNode) or each.selection_set is None or not isinstance(parent, GraphQLObjectType):
            continue
        kind = get_named_type(parent.fields[each.name.value].type)
        if not kind.name.endswith("Connection"):
            yield from _connections(each.selection_set, kind, depth, schema)
            continue
        yield depth + 1
        names = {inner.name.value for inner in each.selection_set.selections if isinstance(inner, FieldNode)}
        if names != {"edges"}:
            raise Refused(f"Connection fields must be selected by edges and node: {each.name.value}.")
        node = _inner(_inner(each.selection_set, "edges"), "node")
        ids = [
            inner
            for inner in node.selections
            if isinstance(inner, FieldNode) and inner.name.value == "id" and inner.alias is None
        ]
        nested = list(_connections(node, _node_type(kind), depth + 1, schema))
        if nested and not ids:
            raise Refused(
                "The parent 'node' field for a nested connection must select the 'id' field without an alias."
            )
        yield from nested


def _inner(selections: SelectionSetNode, name: str) -> SelectionSetNode:
    for each in selections.selections:
        if isinstance(each, FieldNode) and each.name.value == name and each.selection_set is not None:
            return each.selection_set
    raise Refused(f"Connection fields must select {name}.")


def _node_type(connection: Any) -> Any:
    edge: Any = get_named_type(connection.fields["edges"].type)
    return get_named_type(edge.fields["node"].type)


def _rows(connection: Json, parent_id: str) -> Iterator[Json]:
    """Yield one row for each node; nested connections follow as rows of their own."""
    for edge in connection["edges"]:
        row, nested = _split(edge["node"])
        if parent_id:
            row["__parentId"] = parent_id
        yield row
        for inner in nested:
            yield from _rows(inner, row.get("id", ""))


def _split(node: Json) -> tuple[Json, list[Json]]:
    row, nested = {}, []
    for name, value in node.items():
        if isinstance(value, dict) and "edges" in value:
            nested.append(value)
        else:
            row[name] = value
    return row, nested


def _refused(message: str, code: str | None) -> Json:
    return {"bulkOperation": None, "userErrors": [user_error(message, ["query"], code)]}

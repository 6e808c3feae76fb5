"""The way of one GraphQL call: version, faults, token, document, cost, bucket, execution."""

from __future__ import annotations

import json
import re
import traceback
import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from sandbox.faults import Faults
from sandbox.server import Json, Request, Response, html_response, json_response
from sandbox.shopify.access import Access
from sandbox.shopify.context import Context
from sandbox.shopify.cost import MUTATION, Bucket, Meter
from sandbox.shopify.executable import schema
from sandbox.shopify.options import Options

PATH = re.compile(r"/admin/api/([a-z0-9-]+)(/.*)")
MAINTENANCE_PAGE = "<!doctype html><title>Something went wrong</title><h1>We will be back soon</h1>"
BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105 - a sentence

MakeContext = Callable[[frozenset[str], str], Context]
"""Makes the context of one call: the caller's scopes and our address as the caller knows it."""


class Api:
    """Answers ``/admin/api/{version}/graphql.json`` for one shop."""

    def __init__(self, options: Options, access: Access, faults: Faults, make_context: MakeContext) -> None:
        self.bucket = Bucket(options.bucket, options.restore_rate)
        self._options = options
        self._access = access
        self._faults = faults
        self._make_context = make_context

    def served(self, asked: str) -> str | None:
        """Return the version that answers a request for ``asked``: a retired one falls forward to the oldest."""
        if asked in (*self._options.versions, *self._options.unreleased):
            return asked
        is_retired = re.fullmatch(r"\d{4}-\d{2}", asked) and asked < self._options.versions[0]
        return self._options.versions[0] if is_retired else None

    def in_front(self, request: Request) -> Response | None:
        """Return what is answered before the call reaches the shop, or None."""
        if self._faults.take("html"):
            return html_response(MAINTENANCE_PAGE)
        if self._faults.take("empty"):
            return Response(200)
        if self._options.frozen or self._faults.take("plan_402"):
            return json_response({"errors": "Payment Required"}, 402)
        limited = self._faults.take("rate_limited")
        if limited:
            response = json_response({"errors": "Exceeded 2 calls per second for api client."}, 429)
            response.headers["Retry-After"] = f"{limited.seconds:.1f}"
            return response
        return None

    def scopes_of(self, request: Request) -> frozenset[str] | None:
        return self._access.scopes_of(request.headers.get("x-shopify-access-token", ""))

    def graphql(self, request: Request) -> Response:
        """Answer one call: with HTTP 200 whatever happens inside, but for a dead token."""
        scopes = self.scopes_of(request)
        if scopes is None:
            # A text, where every other error is a list.
            return json_response({"errors": BAD_TOKEN}, 401)
        try:
            sent = json.loads(request.body or b"{}")
            query, variables = sent["query"], sent.get("variables") or {}
            document, problems = _parsed(query)
        except GraphQLSyntaxError as error:
            return json_response({"errors": [_shown(error, "GRAPHQL_PARSE_FAILED")]})
        except (ValueError, KeyError, TypeError, AttributeError):
            return json_response({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        host = request.headers.get("host", "")
        context = self._make_context(scopes, f"http://{host}" if host else "")
        if problems:
            return json_response({"errors": [_shown(each, _code_of(each)) for each in problems]})
        return self._document(document, variables, sent.get("operationName"), context)

    def data_of(self, document: DocumentNode, context: Context) -> Json:
        """Execute a bulk query's document and return its data. Raises GraphQLError."""
        with context.shop.lock:
            result = _execute(document, {}, None, context)
        if result.errors:
            raise result.errors[0]
        return result.data or {}

    def _document(self, document: DocumentNode, variables: Json, name: str | None, context: Context) -> Response:
        operation = get_operation_ast(document, name)
        if operation is None:
            return json_response({"errors": [_no_operation()]})
        coerced = get_variable_values(schema(), operation.variable_definitions or (), variables)
        if isinstance(coerced, list):
            return json_response({"errors": [_shown(each, "INVALID_VARIABLE") for each in coerced]})
        is_write = operation.operation.value == "mutation"
        requested = self._requested(document, operation, coerced.coerced)
        if requested > self._options.max_cost:
            most = f"{self._options.max_cost:.0f}"
            message = f"Query cost is {requested:.0f}, which exceeds the single query max cost limit ({most})."
            return self._refused("MAX_COST_EXCEEDED", message, requested)
        has_room, _ = self.bucket.take(requested) if not self._faults.take("throttled") else (False, 0.0)
        if not has_room:
            return self._refused("THROTTLED", "Throttled", requested)
        if self._faults.take("error_before" if is_write else "error_reads"):
            return _server_error()
        fields = [each.name.value for each in operation.selection_set.selections if hasattr(each, "name")]
        if is_write and self._faults.take("internal_before"):
            return json_response(_internal(fields))
        with context.shop.lock:
            result = _execute(document, variables, name, context)
        response = self._answer(result, requested, is_write, context)
        if not is_write:
            return response
        if self._faults.take("error_after"):
            return _server_error()
        if self._faults.take("internal_after"):
            return json_response(_internal(fields))
        held = self._faults.take("timeout_after")
        if held:
            response.hang_up_after = held.seconds
        return response

    def _requested(self, document: DocumentNode, operation: OperationDefinitionNode, variables: Json) -> float:
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        return Meter(schema(), fragments, variables).of(operation)

    def _answer(self, result: ExecutionResult, requested: float, is_write: bool, context: Context) -> Response:
        actual = min(requested, _objects(result.data) + (MUTATION if is_write else 0.0))
        left = self.bucket.give_back(requested - actual)
        shown: Json = {"data": result.data}
        if result.errors:
            shown["errors"] = [_shown(each, "") for each in result.errors]
        shown["extensions"] = {"cost": self._cost(requested, actual, left)}
        if context.warnings:
            shown["extensions"]["search"] = context.warnings
        return json_response(shown)

    def _refused(self, code: str, message: str, requested: float) -> Response:
        left = self.bucket.give_back(0.0)
        error = {
            "message": message,
            "extensions": {"code": code, "documentation": "https://shopify.dev/api/usage/rate-limits"},
        }
        return json_response({"errors": [error], "extensions": {"cost": self._cost(requested, None, left)}})

    def _cost(self, requested: float, actual: float | None, left: float) -> Json:
        return {
            "requestedQueryCost": int(requested),
            "actualQueryCost": None if actual is None else int(actual),
            "throttleStatus": {
                "maximumAvailable": float(self.bucket.size),
                "currentlyAvailable": int(left),
                "restoreRate": float(self.bucket.rate),
            },
        }


@lru_cache(maxsize=256)
def _parsed(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """Return the document and what is wrong with it. Raises GraphQLSyntaxError."""
    document = parse(query)
    return document, validate(schema(), document)


def _execute(document: DocumentNode, variables: Json, name: str | None, context: Context) -> ExecutionResult:
    result = execute(
        schema(),
        document,
        context_value=context,
        variable_values=variables,
        operation_name=name,
    )
    return cast("ExecutionResult", result)


def _objects(value: Any) -> float:
    """Count the objects of an answer: what it really cost."""
    if isinstance(value, dict):
        return 1.0 + sum(_objects(each) for each in value.values())
    return sum(_objects(each) for each in value) if isinstance(value, list) else 0.0


def _shown(error: GraphQLError, code: str) -> Json:
    shown: Json = {"message": error.message}
    if error.locations:
        shown["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path:
        shown["path"] = error.path
    extensions = dict(error.extensions or {})
    if not code and not extensions and error.original_error is not None:
        # A fault of the simulator's own: its terminal says which.
        traceback.print_exception(error.original_error)
        shown["message"] = _INTERNAL
        extensions = {"code": "INTERNAL_SERVER_ERROR"}
    if code:
        extensions.setdefault("code", code)
    shown["extensions"] = extensions
    return shown


def _code_of(error: GraphQLError) -> str:
    for words, code in (
        ("Cannot query field", "undefinedField"),
        ("Unknown directive", "undefinedDirective"),
        ("Unknown argument", "argumentNotAccepted"),
        ("is required", "missingRequiredArguments"),
        ("is not defined by", "argumentNotAccepted"),
    ):
        if words in error.message:
            return code
    return "graphqlValidation"


def _no_operation() -> Json:
    return {"message": "No operation was named that the document has.", "extensions": {"code": "BAD_REQUEST"}}


_INTERNAL = "Internal error. Looks like something went wrong on our end."


def _internal(fields: list[str]) -> Json:
    message = f"{_INTERNAL}\nRequest ID: {uuid.uuid4()} (include this in support requests)."
    error = {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    return {"data": dict.fromkeys(fields), "errors": [error]}


def _server_error() -> Response:
    return json_response({"errors": "Internal Server Error"}, 500)

"""Amazon's official models as a judge of every call: what was asked, and what was answered.

They are read from ``$EVENKEEL_CONTRACTS/amazon`` (https://github.com/amzn/selling-partner-api-models) and are not part
of this project. Where the variable is unset nothing is judged, and the tests that are about the models are skipped.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft7Validator, FormatChecker
from jsonschema.protocols import Validator

from sandbox.amazon import AmazonSimulator
from sandbox.calls import Call

FOLDER = os.environ.get("EVENKEEL_CONTRACTS", "")
needs_models = pytest.mark.skipif(not FOLDER, reason="needs Amazon's models: set EVENKEEL_CONTRACTS to their folder")

MODELS = (
    *("listingsItems_2021-08-01", "feeds_2021-06-30", "reports_2021-06-30", "orders_2026-01-01", "fbaInventory"),
    *("notifications", "sellers"),
)
_NOTIFICATIONS = {
    "ORDER_CHANGE": "OrderChangeNotification",
    "FBA_INVENTORY_AVAILABILITY_CHANGES": "FBAInventoryAvailabilityChangeNotification",
    "FEED_PROCESSING_FINISHED": "FeedProcessingFinishedNotification",
    "REPORT_PROCESSING_FINISHED": "ReportProcessingFinishedNotification",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": "ListingsItemMfnQuantityChange",
    "LISTINGS_ITEM_STATUS_CHANGE": "ListingsItemStatusChangeNotification",
}
# The file says LISTINGS_ITEM_STATUS_CHANGED; its own sample and the type to subscribe to have no D.
_MISPRINT = "'LISTINGS_ITEM_STATUS_CHANGE' is not one of ['LISTINGS_ITEM_STATUS_CHANGED']"


def load(path: str) -> Any:
    """Return a JSON file below the folder of Amazon's contracts."""
    return json.loads(Path(FOLDER, "amazon", path).read_text(encoding="utf-8"))


@cache
def model(name: str) -> Any:
    return load(f"models/{name}.json")


@cache
def definition(name: str, of: str) -> Validator:
    """Return a validator of one definition of a model. Swagger 2.0's schemas are close to JSON Schema draft 4."""
    schema = {"$ref": f"#/definitions/{of}", "definitions": model(name)["definitions"]}
    return Draft4Validator(schema, format_checker=FormatChecker())


@cache
def schema(path: str) -> Validator:
    """Return a validator of a notification or of a feed's document."""
    return Draft7Validator(load(path), format_checker=FormatChecker())


@cache
def _operations() -> list[tuple[str, re.Pattern[str], str, Any]]:
    """Return (method, path, model, operation) of every operation there is; paths without variables first."""
    found = []
    for name in MODELS:
        base = model(name).get("basePath", "").rstrip("/")
        for path, methods in model(name)["paths"].items():
            pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(base + path)))
            for method, operation in methods.items():
                if isinstance(operation, dict) and "responses" in operation:
                    found.append((path.count("{"), method.upper(), pattern, name, operation))
    found.sort(key=lambda each: each[0])
    return [(method, pattern, name, operation) for _, method, pattern, name, operation in found]


def problems_of(call: Call) -> Iterator[str]:
    """Yield what of a call the official model would not have: the question, and the answer."""
    for method, pattern, name, operation in _operations():
        if method == call.method and pattern.fullmatch(call.path):
            where = operation["operationId"]
            parameters = operation.get("parameters", [])
            if call.status not in (400, 403, 415):
                # A refused question is the answer's own proof: tests ask wrong ones on purpose.
                yield from (f"{where}: {problem}" for problem in _question(name, parameters, call))
            yield from (f"{where} answered {call.status}: {problem}" for problem in _answer(name, operation, call))
            return
    if call.status not in (404, 405):
        yield f"{call.method} {call.path} is no operation of Amazon's"


def _question(name: str, parameters: Sequence[Any], call: Call) -> Iterator[str]:
    known = {each["name"]: each for each in parameters if each["in"] == "query"}
    for wanted in known.values():
        if wanted.get("required") and wanted["name"] not in call.query:
            yield f"the parameter {wanted['name']} is missing"
    for given, value in call.query.items():
        if given not in known:
            yield f"there is no parameter {given}"
        else:
            yield from _parameter(known[given], value)
    body = next((each for each in parameters if each["in"] == "body"), None)
    if body is None:
        if call.body:
            yield "it takes no body"
        return
    of = body["schema"]["$ref"].rsplit("/", 1)[1]
    yield from _errors(definition(name, of), json.loads(call.body))


def _parameter(wanted: Mapping[str, Any], value: str) -> Iterator[str]:
    values = value.split(",") if wanted.get("type") == "array" else [value]
    allowed = wanted.get("enum") or wanted.get("items", {}).get("enum")
    if allowed and not set(values) <= set(allowed):
        yield f"{wanted['name']}={value} is not among {allowed}"
    if len(values) > wanted.get("maxItems", len(values)):
        yield f"{wanted['name']} has more than {wanted['maxItems']} values"
    if wanted.get("type") == "integer" and not value.isdigit():
        yield f"{wanted['name']}={value} is not a number"
    if wanted.get("type") == "boolean" and value not in ("true", "false"):
        yield f"{wanted['name']}={value} is neither true nor false"
    if wanted.get("format") == "date-time" and not FormatChecker().conforms(value, "date-time"):
        yield f"{wanted['name']}={value} is not a time"


def _answer(name: str, operation: Any, call: Call) -> Iterator[str]:
    if call.status == 0 or not call.answer or call.answer.startswith(b"<"):
        return  # a fault of the simulator: no answer, an empty one, a web page
    response = operation["responses"].get(str(call.status))
    if response is None:
        yield "the model has no such status"
    elif "schema" in response:
        of = response["schema"]["$ref"].rsplit("/", 1)[1]
        yield from _errors(definition(name, of), json.loads(call.answer))


def _errors(validator: Validator, value: Any) -> Iterator[str]:
    for error in validator.iter_errors(value):
        yield f"{error.json_path}: {error.message[:200]}"


def problems_of_notification(body: str) -> Iterator[str]:
    """Yield what of a notification its schema would not have; EventBridge's envelope is opened first."""
    found = json.loads(body)
    found = found.get("detail", found)
    kind = found.get("NotificationType") or found["notificationType"]
    validator = schema(f"notifications/{_NOTIFICATIONS[kind]}.json")
    yield from (f"{kind} {problem}" for problem in _errors(validator, found) if _MISPRINT not in problem)


def problems_of_feeds(sim: AmazonSimulator) -> Iterator[str]:
    """Yield what of the feeds, and of what they resulted in, their schemas would not have."""
    for feed in sim.feeds.all():
        if feed.result is None or feed.document.body is None or feed.result.body is None:
            continue
        text = gzip.decompress(feed.result.body) if feed.result.is_compressed else feed.result.body
        result = json.loads(text)
        report = schema("feeds/listings-feed-processing-report-schema-v2.json")
        yield from (f"processing report: {problem}" for problem in _errors(report, result))
        if result["summary"]["messagesProcessed"]:
            sent = schema("feeds/listings-feed-schema-v2.json")
            yield from (f"feed: {problem}" for problem in _errors(sent, json.loads(feed.document.body)))


def assert_official(sim: AmazonSimulator) -> None:
    """See that everything a simulator was asked, answered and sent is as Amazon's models have it."""
    if not FOLDER:
        return
    found = [problem for call in sim.requests for problem in problems_of(call)]
    found += [problem for sent in sim.deliveries for problem in problems_of_notification(sent.body)]
    found += problems_of_feeds(sim)
    if found:
        pytest.fail("\n".join(sorted(set(found))), pytrace=False)

"""WordPress's REST habits that every address shares: bodies, ``_fields``, pages and links."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sandbox.server import Json, Request, Response, json_response
from sandbox.woocommerce.errors import WpError

_DEFAULT_PAGE = 10
_SECRET = ("consumer_key", "consumer_secret", "oauth_")

Tree = dict[str, "Tree"]
"""The names that ``_fields`` asks for; a name without names below it means all of it."""


def body_of(request: Request) -> Json:
    """Return what a call sends, as WordPress takes it: JSON or a form; any other Content-Type says nothing.

    Raises WpError 400 rest_invalid_json.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if kind != "application/json" or not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        data: Json = {"json_error_code": 4, "json_error_message": "Syntax error"}
        raise WpError(400, "rest_invalid_json", "Invalid JSON body passed.", data) from None
    return body if isinstance(body, dict) else {}


def asked_for(request: Request, name: str) -> bool:
    """Return a yes-or-no parameter, from the query or the body, as WordPress reads one."""
    sent = request.query.get(name, body_of(request).get(name, False))
    return str(sent).lower() in ("true", "1")


def answer(request: Request, payload: Json, status: int = 200) -> Response:
    """Answer one object, cut to ``_fields``; its ``_links`` stay. PHP writes an empty object as ``[]``."""
    tree = _tree(request)
    if tree:
        payload = _cut(payload, tree | {"_links": {}})
    return json_response(payload or [], status)


def answer_page(request: Request, items: list[Json], address: str) -> Response:
    """Answer a page of ``items``, each cut to ``_fields``. ``address`` is where the list stands, without query."""
    size = int(request.query.get("per_page", _DEFAULT_PAGE))
    number = int(request.query.get("page", 1))
    start = int(request.query["offset"]) if "offset" in request.query else (number - 1) * size
    pages = math.ceil(len(items) / size)
    shown = items[start : start + size]
    tree = _tree(request)
    if tree:
        shown = [_cut(item, tree) for item in shown]
    response = json_response(shown)
    response.headers |= {"X-WP-Total": str(len(items)), "X-WP-TotalPages": str(pages)}
    links = []
    if number > 1:
        links.append(_link(request, address, min(number - 1, pages), "prev"))
    if number < pages:
        links.append(_link(request, address, number + 1, "next"))
    response.headers["Link"] = ", ".join(links)
    return response


def _link(request: Request, address: str, page: int, rel: str) -> str:
    query = {name: value for name, value in request.query.items() if not name.startswith(_SECRET)}
    return f'<{address}?{urlencode(query | {"page": str(page)})}>; rel="{rel}"'


def _tree(request: Request) -> Tree:
    tree: Tree = {}
    for name in request.query.get("_fields", "").split(","):
        branch = tree
        for part in name.strip().split(".") if name.strip() else []:
            branch = branch.setdefault(part, {})
    return tree


def _cut(value: Json, tree: Tree) -> Json:
    found: dict[str, Any] = {}
    for name, below in tree.items():
        if name not in value:
            continue
        if not below:
            found[name] = value[name]
        elif isinstance(value[name], dict):
            found[name] = _cut(value[name], below)
        else:
            found[name] = []  # names below a list match nothing
    return found

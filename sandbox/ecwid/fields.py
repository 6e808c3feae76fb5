"""The ``responseFields`` parameter: ``total,items(id,combinations(id,sku))`` keeps what it names."""

from __future__ import annotations

import re

from sandbox.ecwid.errors import wrong_parameter

FieldTree = dict[str, "FieldTree"]
"""Field name → fields kept inside it; an empty inner tree keeps the whole value."""


def parse_fields(text: str) -> FieldTree:
    """Return the tree of a ``responseFields`` value. Raises ApiError 400 when it is malformed."""
    root: FieldTree = {}
    stack = [root]
    last: FieldTree | None = None
    for mark in re.findall(r"[A-Za-z_]\w*|[(),]|\S", text):
        if mark == "(":
            if last is None:
                raise wrong_parameter("responseFields: a parenthesis needs a field before it")
            stack.append(last)
            last = None
        elif mark == ")":
            stack.pop()
            if not stack:
                raise wrong_parameter("responseFields: one closing parenthesis too many")
            last = None
        elif mark == ",":
            last = None
        elif re.fullmatch(r"\w+", mark):
            last = stack[-1].setdefault(mark, {})
        else:
            raise wrong_parameter(f"responseFields: unexpected {mark!r}")
    if len(stack) != 1:
        raise wrong_parameter("responseFields: a parenthesis is not closed")
    return root


def keep_fields(value: object, tree: FieldTree) -> object:
    """Return ``value`` with only the fields in ``tree``; lists are filtered item by item."""
    if not tree:
        return value
    if isinstance(value, list):
        return [keep_fields(each, tree) for each in value]
    if isinstance(value, dict):
        return {name: keep_fields(value[name], inner) for name, inner in tree.items() if name in value}
    return value

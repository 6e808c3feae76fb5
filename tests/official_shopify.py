"""Shopify's official schemas, for the tests that hold documents and the simulated shop against them.

They are not part of this repository: EVENKEEL_CONTRACTS names the folder that has ``shopify/admin-*.introspection``.
"""

from __future__ import annotations

import gzip
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_client_schema

VERSIONS = ("2026-10", "2026-07")
FOLDER = os.environ.get("EVENKEEL_CONTRACTS", "")

_is_there = pytest.mark.skipif(not FOLDER, reason="EVENKEEL_CONTRACTS names no folder with Shopify's schemas")


def needs_contracts(test: Any) -> Any:
    """Skip a test without the schemas."""
    return _is_there(test)


@cache
def loaded(version: str) -> dict[str, Any]:
    """Return the introspection of a version with its list of scopes."""
    with gzip.open(Path(FOLDER, "shopify", f"admin-{version}.introspection.json.gz")) as file:
        found: dict[str, Any] = json.load(file)
    return found


@cache
def official(version: str) -> GraphQLSchema:
    """Return the schema of a version; building it takes a second."""
    return build_client_schema(loaded(version)["data"], assume_valid=True)

"""Every document against the official schema of two versions, and against the rules that no schema shows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import (
    FieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.validation import NoDeprecatedCustomRule

from channels.platforms.shopify import documents, order_documents
from channels.platforms.shopify.auth import REQUIRED_SCOPES
from channels.platforms.shopify.client import API_VERSION
from channels.platforms.shopify.document import Document
from channels.platforms.shopify.subscriptions import TOPICS
from sandbox.shopify import bulk
from sandbox.shopify.executable import schema
from tests.official_shopify import VERSIONS, loaded, needs_contracts, official

ALL = (*documents.DOCUMENTS, *order_documents.ORDER_DOCUMENTS)
# Fields that hold, or lead to, who bought.
OF_THE_BUYER = {"customer", "email", "phone", "note", "billingAddress", "shippingAddress", "displayAddress", "clientIp"}
KEYED = {"inventorySetQuantities", "inventoryActivate"}


def test_every_document_of_the_modules_is_in_the_list() -> None:
    found = {
        value
        for module in (documents, order_documents)
        for value in vars(module).values()
        if isinstance(value, Document)
    }

    assert found == set(ALL)
    assert len({document.name for document in ALL}) == len(ALL)
    assert VERSIONS[0] == API_VERSION


@needs_contracts
@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_is_valid_and_asks_for_nothing_deprecated(version: str) -> None:
    texts = {document.name: document.text for document in ALL} | {"BulkItems": documents.BULK_ITEMS}
    problems = {
        name: [error.message for error in found]
        for name, text in texts.items()
        if (
            found := [
                *validate(official(version), parse(text)),
                *validate(official(version), parse(text), [NoDeprecatedCustomRule]),
            ]
        )
    }

    assert problems == {}


@needs_contracts
def test_every_topic_is_one_of_shopifys() -> None:
    for version in VERSIONS:
        topics: Any = official(version).type_map["WebhookSubscriptionTopic"]
        assert set(TOPICS) <= set(topics.values)


@needs_contracts
def test_the_scopes_that_are_asked_for_open_every_field() -> None:
    table = {
        (item["typeName"], item.get("fieldName", "")): item["offlineScopes"]
        for item in loaded(VERSIONS[0])["offline_scopes"]["items"]
        if item["offlineScopes"]
    }
    shut = {
        (document.name, type_name, field)
        for document in ALL
        for type_name, field, returned in fields_of(document)
        for scopes in (table.get((type_name, field), []), table.get((returned, ""), []))
        if scopes and not set(scopes) & set(REQUIRED_SCOPES)
    }

    assert shut == set()


def fields_of(document: Document) -> list[tuple[str, str, str]]:
    """Return (type, field, named type of the field) of every field that a document asks for."""
    found: list[tuple[str, str, str]] = []
    info = TypeInfo(official(VERSIONS[0]))

    class Collector(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent, definition = info.get_parent_type(), info.get_field_def()
            if parent is not None and definition is not None:
                found.append((parent.name, node.name.value, get_named_type(definition.type).name))

    visit(parse(document.text), TypeInfoVisitor(info, Collector()))
    return found


def test_nothing_of_the_buyer_is_asked_for() -> None:
    for document in ALL:
        assert not OF_THE_BUYER & set(re.findall(r"\w+", document.text)), document.name


def test_what_the_schema_does_not_catch_is_kept() -> None:
    for document in ALL:
        for mutation in KEYED & set(re.findall(r"\w+", document.text)):
            assert re.search(rf"{mutation}\([^)]*\)\s*@idempotent\(key: \$key\)", document.text), document.name
        sizes = [int(size) for size in re.findall(r"(?:first|last): (\d+)", document.text)]
        assert all(size <= 250 for size in sizes)
        # A list without pages is only asked for where it is checked to be whole.
        assert "on_hand" not in document.text
    assert "userErrors { field message }" in documents.ACTIVATE.text


def test_the_simulated_shop_takes_every_document() -> None:
    for document in ALL:
        assert validate(schema(), parse(document.text)) == [], document.name
    bulk.check(schema(), parse(documents.BULK_ITEMS))


def test_the_check_would_find_a_document_that_is_wrong() -> None:
    toy = build_schema("type Query { shop: Shop } type Shop { name: String old: String @deprecated }")

    assert validate(toy, parse("{ shop { nmae } }"))
    assert validate(toy, parse("{ shop { old } }"), [NoDeprecatedCustomRule])

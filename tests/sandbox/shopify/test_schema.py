"""The simulated shop speaks Shopify's own schema: nothing of it differs, it only lacks the rest."""

from __future__ import annotations

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_required_argument,
    is_required_input_field,
)

from sandbox.shopify.executable import schema
from tests.official_shopify import VERSIONS, needs_contracts, official


@needs_contracts
def test_every_type_field_argument_and_value_is_shopifys_own() -> None:
    theirs, ours = official(VERSIONS[0]).type_map, schema().type_map
    differences: list[str] = []
    for name, kind in ours.items():
        if name.startswith("__"):
            continue
        other = theirs.get(name)
        if type(other) is not type(kind):
            differences.append(f"{name} is {other!r}")
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(other, GraphQLObjectType | GraphQLInterfaceType)
            differences += fields_differ(name, kind, other)
        elif isinstance(kind, GraphQLInputObjectType):
            assert isinstance(other, GraphQLInputObjectType)
            differences += [
                f"{name}.{field}"
                for field, own in kind.fields.items()
                if field not in other.fields or str(own.type) != str(other.fields[field].type)
            ]
            required = (field for field, own in other.fields.items() if is_required_input_field(own))
            differences += [f"{name} lacks {field}" for field in required if field not in kind.fields]
        elif isinstance(kind, GraphQLEnumType):
            assert isinstance(other, GraphQLEnumType)
            differences += [f"{name}.{value}" for value in sorted(set(kind.values) - set(other.values))]

    assert differences == []


def fields_differ(
    name: str, kind: GraphQLObjectType | GraphQLInterfaceType, other: GraphQLObjectType | GraphQLInterfaceType
) -> list[str]:
    found = [
        f"{name} is no {each.name}"
        for each in kind.interfaces
        if each.name not in {interface.name for interface in other.interfaces}
    ]
    for field, own in kind.fields.items():
        official_field = other.fields.get(field)
        if official_field is None or str(own.type) != str(official_field.type):
            found.append(f"{name}.{field}: {own.type} is {official_field and official_field.type}")
            continue
        for argument, sent in own.args.items():
            theirs = official_field.args.get(argument)
            if theirs is None or str(sent.type) != str(theirs.type):
                found.append(f"{name}.{field}({argument}: {sent.type})")
        found += [
            f"{name}.{field} lacks {argument}"
            for argument, theirs in official_field.args.items()
            if argument not in own.args and is_required_argument(theirs)
        ]
    return found


@needs_contracts
def test_it_executes_the_directive_that_writes_need() -> None:
    theirs = next(each for each in official(VERSIONS[0]).directives if each.name == "idempotent")
    ours = next(each for each in schema().directives if each.name == "idempotent")

    assert (ours.locations, str(ours.args["key"].type)) == (theirs.locations, str(theirs.args["key"].type))

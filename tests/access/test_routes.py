"""Every address has a verb, and each role may do what the table says and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from access.middleware import RolesMiddleware
from access.roles import LEAST, Role, Verb, may, may_role, roles_with
from access.routes import ROUTES, is_public, verb_of
from api import tokens
from api.permissions import SCOPES, scopes_for
from dashboard.models import User

NOWHERE = "7a52b6f1-3a2e-4a0e-9d55-0c5c1f3b2a10"
_SAMPLES = {"int": "999999", "uuid": NOWHERE, "slug": "csv", "str": "x", "path": "x"}


def _addresses(resolver: URLResolver, namespace: str = "", prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield (name of the view, an address, the view) of all that is served, but for Django's own admin."""
    for each in resolver.url_patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            own = each.name or f"{each.callback.__module__}.{getattr(each.callback, '__name__', '')}"
            yield f"{namespace}{own}", pattern, each.callback
        elif isinstance(each, URLResolver) and each.namespace != "admin":
            yield from _addresses(each, f"{namespace}{each.namespace}:" if each.namespace else namespace, pattern)


def _named(match: re.Match[str]) -> str:
    return "csv" if match[1] == "kind" else NOWHERE if "a-f" in match[2] else "999999"


def _sample(pattern: str) -> str:
    """Return an address that the pattern takes and where nothing is."""
    filled = re.sub(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)", _named, pattern)
    filled = re.sub(r"<(?:(\w+):)?\w+>", lambda match: _SAMPLES[match[1] or "str"], filled)
    return "/" + filled.replace("^", "").replace("$", "").replace("\\.", ".").replace("/?", "/").replace("\\Z", "")


ADDRESSES = sorted({(name, _sample(pattern)) for name, pattern, _view in _addresses(get_resolver())})
PAGES = [(name, path) for name, path in ADDRESSES if not is_public(name) and not name.startswith("api:")]
API = [(name, path) for name, path in ADDRESSES if name.startswith("api:") and not is_public(name)]


def test_every_address_has_a_verb_and_no_verb_is_left_of_an_address_that_is_gone() -> None:
    names = {name for name, _path in ADDRESSES if not is_public(name)}

    assert sorted(names - set(ROUTES)) == [], "add these to access.routes.ROUTES"
    assert sorted(set(ROUTES) - names) == []


def test_every_verb_is_used_and_has_its_least_role() -> None:
    used = {verb for each in ROUTES.values() for verb in ((each,) if isinstance(each, Verb) else each)}

    assert used == set(Verb)
    assert set(LEAST) == set(Verb)


def test_a_scope_that_changes_something_is_not_offered_to_viewers() -> None:
    offered = scopes_for(User(username="ana", role=Role.VIEWER))

    assert [scope for scope in offered if scope.endswith(":write")] == ["tokens:write"], "api.permissions._SCOPE_VERBS"
    assert scopes_for(User(username="ana", role=Role.OWNER)) == list(SCOPES)


def test_each_role_may_all_that_the_role_before_it_may() -> None:
    for verb in Verb:
        able = roles_with(verb)
        assert able == list(Role)[-len(able) :]
    assert [verb for verb in Verb if may_role("viewer", verb)] == [Verb.SEE, Verb.OWN]
    assert all(may_role("owner", verb) for verb in Verb)
    assert not may_role("nobody", Verb.SEE)


def test_whoever_is_deactivated_may_nothing() -> None:
    assert not may(User(username="ana", role=Role.OWNER, is_active=False), Verb.SEE)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    return {role.value: User.objects.create_user(role.value, role=role) for role in Role}


@pytest.mark.parametrize("role", Role.values)
def test_each_role_is_refused_just_what_the_table_says(people: dict[str, User], role: str, rf: RequestFactory) -> None:
    browser = Client()
    browser.force_login(people[role])
    middleware = RolesMiddleware(lambda request: HttpResponse())
    wrong = []

    for name, path in PAGES:
        for method in ("GET", "POST"):
            if may_role(role, verb_of(name, method)):
                request = rf.generic(method, path)
                request.user, request.resolver_match = people[role], resolve(path)
                is_wrong = middleware.process_view(request, request.resolver_match.func, (), {}) is not None
            else:
                response = browser.generic(method, path)
                is_wrong = not (response.status_code == 403 and "Who can:" in response.content.decode())
            if is_wrong:
                wrong.append(f"{method} {path} ({name})")

    assert wrong == []


@pytest.mark.parametrize("role", Role.values)
def test_a_token_with_every_scope_can_do_no_more_than_its_users_role(people: dict[str, User], role: str) -> None:
    token = tokens.issue(user=people[role], scopes=list(SCOPES))
    client = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)
    wrong = []

    for name, path in API:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            is_allowed = may_role(role, verb_of(name, method))
            if is_allowed and method != "GET":
                continue
            response = client.generic(method, path, content_type="application/json")
            refused = response.status_code == 403 and "may not" in response.json()["detail"]
            if refused == is_allowed and response.status_code != 405:
                wrong.append(f"{method} {path} ({name}): {response.status_code}")

    assert wrong == []


def test_a_token_loses_what_its_user_loses(people: dict[str, User]) -> None:
    token = tokens.issue(user=people["operator"], scopes=["stock:read", "stock:write"])
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.post("/api/v1/stock/receipts/", {}, content_type="application/json").status_code == 400

    User.objects.filter(username="operator").update(role=Role.VIEWER)

    response = client.post("/api/v1/stock/receipts/", {}, content_type="application/json")
    assert response.status_code == 403
    assert "viewer" in response.json()["detail"]
    assert client.get("/api/v1/skus/").status_code == 200


def test_the_page_that_refuses_says_what_and_who_can(people: dict[str, User], client: Client) -> None:
    User.objects.filter(username="owner").update(first_name="Ana", last_name="Lopes")
    client.force_login(people["operator"])

    response = client.get("/inventory/warehouses/new/")

    text = response.content.decode()
    assert response.status_code == 403
    assert "Your role, operator, may not make and change warehouses." in text
    assert "Ana Lopes" in text
    assert "manager" in text
    assert "viewer" not in text


def test_a_part_of_a_page_that_is_refused_draws_the_page_again_and_says_why(
    people: dict[str, User], client: Client
) -> None:
    client.force_login(people["viewer"])

    response = client.post("/inventory/warehouses/new/", {}, headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Refresh"]) == (403, "true")
    assert "may not make and change warehouses" in client.get("/inventory/warehouses/").content.decode()


def test_a_person_is_offered_the_scopes_that_their_role_can_use(people: dict[str, User], client: Client) -> None:
    client.force_login(people["viewer"])

    assert "stock:write" not in client.get("/developers/tokens/new/").content.decode()
    assert client.post("/developers/tokens/new/", {"name": "x", "scopes": ["stock:write"]}).status_code == 422
    assert client.post("/developers/tokens/new/", {"name": "x", "scopes": ["stock:read"]}).status_code == 200

"""An owner who is signed in, and somebody beside."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from access.roles import Role
from dashboard.models import User

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def _attempts_begin_at_none(settings: Settings, request: pytest.FixtureRequest) -> None:
    """allauth counts attempts by user in the cache, where the users of earlier tests had the same numbers."""
    backend = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": request.node.nodeid}}


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("ana", "ana@example.com", PASSWORD, role=Role.OWNER)


@pytest.fixture
def ben(db: None) -> User:
    return User.objects.create_user("ben", "ben@example.com", PASSWORD, role=Role.OPERATOR)


@pytest.fixture
def browser(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def sign_in(name: str, password: str = PASSWORD) -> Client:
    """Return a browser in which the person has typed their password."""
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": password})
    return client


def confirm(browser: Client, password: str = PASSWORD) -> None:
    """Type the password once more, as is asked for before the second factor changes."""
    browser.post("/accounts/reauthenticate/", {"password": password})

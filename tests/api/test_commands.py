"""The commands that make the first user, a token and a key."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.test import Client

from api.models import ApiToken
from api.permissions import SCOPES
from dashboard.models import User

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    "scopes",
    [
        ["stock:read,stock:write"],
        ["stock:read", "stock:write"],
        ["stock:write stock:read"],
        ["stock:read, stock:write"],
    ],
)
def test_a_token_is_printed_alone_and_works(user: User, scopes: list[str]) -> None:
    out, err = run("token", "ana", "--scopes", *scopes, "--name", "Shop")

    assert err == ""
    [token] = out.splitlines()
    stored = ApiToken.objects.get()
    assert (stored.scopes, stored.name, stored.prefix) == (["stock:read", "stock:write"], "Shop", token[:12])
    assert token not in str(ApiToken.objects.values().get())
    answer = Client().get("/api/v1/skus/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    stored.refresh_from_db()
    assert stored.last_used_at is not None


def test_all_is_every_scope(user: User) -> None:
    run("token", "ana", "--scopes", "all")

    assert ApiToken.objects.get().scopes == list(SCOPES)


@pytest.mark.parametrize("scopes", ["stock:raed", "", "all,stock"])
def test_an_unknown_scope_lists_those_there_are(user: User, scopes: str) -> None:
    with pytest.raises(CommandError, match="The scopes are: stock:read, stock:write, "):
        run("token", "ana", "--scopes", scopes)
    assert not ApiToken.objects.exists()


def test_a_token_needs_someone_who_can_sign_in(user: User) -> None:
    with pytest.raises(CommandError, match="There is no user bo"):
        run("token", "bo", "--scopes", "all")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="not active"):
        run("token", "ana", "--scopes", "all")


def test_tokens_are_listed_and_revoked(user: User) -> None:
    token = run("token", "ana", "--scopes", "stock:read", "--name", "Shop")[0].strip()

    assert run("token", "ana", "--list")[0] == f"{token[:12]}\tstock:read\tShop\tactive\n"
    run("token", "ana", "--revoke", token[:12])

    assert Client().get("/api/v1/skus/", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert run("token", "ana", "--list")[0].endswith("\trevoked\n")
    with pytest.raises(CommandError, match="no active token"):
        run("token", "ana", "--revoke", token[:12])


@pytest.fixture
def owner_environment(db: None, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("OWNER_USERNAME", "owner")
    monkeypatch.setenv("OWNER_EMAIL", "owner@shop.example")
    monkeypatch.setenv("OWNER_PASSWORD", "correct horse battery")
    return monkeypatch


@pytest.mark.usefixtures("owner_environment")
def test_the_owner_is_made_from_the_environment_and_once() -> None:
    run("create_owner")

    owner = User.objects.get()
    assert (owner.username, owner.email, owner.is_superuser, owner.is_staff) == (
        "owner",
        "owner@shop.example",
        True,
        True,
    )
    assert owner.check_password("correct horse battery")
    with pytest.raises(CommandError, match="There is an owner already: owner"):
        run("create_owner")
    assert "There is an owner already: owner" in run("create_owner", "--if-missing")[0]
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("OWNER_PASSWORD", "12345678", "too common"),
        ("OWNER_PASSWORD", "owner@shop.example", "too similar"),
        ("OWNER_EMAIL", "not an address", "valid email"),
        ("OWNER_USERNAME", "a b", "valid username"),
        ("OWNER_PASSWORD", "", "OWNER_PASSWORD is not set"),
        ("OWNER_EMAIL", "", "OWNER_EMAIL is not set"),
    ],
)
def test_a_bad_owner_is_refused(owner_environment: pytest.MonkeyPatch, variable: str, value: str, message: str) -> None:
    owner_environment.setenv(variable, value)
    owner_environment.setattr("sys.stdin", io.StringIO())

    with pytest.raises(CommandError, match=message):
        run("create_owner")
    assert not User.objects.exists()


def test_the_owner_is_asked_for_at_a_terminal(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["owner", "owner@shop.example"])
    for variable in ("OWNER_USERNAME", "OWNER_EMAIL", "OWNER_PASSWORD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    monkeypatch.setattr("dashboard.management.commands.create_owner.getpass", lambda _: "correct horse battery")

    run("create_owner")

    assert User.objects.get().check_password("correct horse battery")


def test_a_key_is_made_with_settings_and_before_there_are_any() -> None:
    Fernet(run("generate_key")[0].strip())

    bare = subprocess.run(
        [sys.executable, "-m", "channels.management.commands.generate_key"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    Fernet(bare.stdout.strip())


def test_a_token_holds_no_scope_that_its_users_role_cant_use(user: User) -> None:
    User.objects.update(role="viewer")

    with pytest.raises(CommandError, match="The role of ana, viewer, can't use: stock:write"):
        run("token", "ana", "--scopes", "stock:read,stock:write")
    run("token", "ana", "--scopes", "all")

    assert [scope for scope in ApiToken.objects.get().scopes if scope.endswith(":write")] == ["tokens:write"]

"""A missing or bad variable stops the start with its name, and never repeats a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]


def start(**variables: str | None) -> subprocess.CompletedProcess[str]:
    """Load the product's settings as a process of its own would, with these variables changed; None takes one away."""
    good: dict[str, str | None] = {
        "SECRET_KEY": "x" * 50,
        "EVENKEEL_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "PUBLIC_URL": "https://stock.example.com",
        "DATABASE_URL": "sqlite:////tmp/never-opened.sqlite3",
    }
    given = {name: value for name, value in {**good, **variables}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", "from config import settings; print(settings.ALLOWED_HOSTS)"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_four_variables_are_enough() -> None:
    started = start()

    assert (started.returncode, started.stdout) == (0, "['stock.example.com']\n")


@pytest.mark.parametrize("name", ["SECRET_KEY", "EVENKEEL_ENCRYPTION_KEY", "PUBLIC_URL"])
@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_missing_one_is_named(name: str, value: str | None) -> None:
    started = start(**{name: value})

    assert started.returncode == 1
    assert f"{name} is not set" in started.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVENKEEL_ENCRYPTION_KEY", "tell-nobody"),
        ("PUBLIC_URL", "stock.example.com"),
        ("PUBLIC_URL", "ftp://stock.example.com"),
        ("PUBLIC_URL", "https://stock.example.com:tell-nobody"),
        ("DATABASE_URL", "mysql://root:tell-nobody@localhost/evenkeel"),
        ("DATABASE_URL", "postgres:///tell-nobody"),
        ("REDIS_URL", "localhost:6379/tell-nobody"),
        ("EVENKEEL_ALLOW_PRIVATE_HOSTS", "perhaps"),
        ("EVENKEEL_WORKERS", "0"),
        ("EVENKEEL_WORKERS", "many"),
        ("EVENKEEL_SWEEP_SECONDS", "inf"),
        ("DEBUG", "2"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_bad_one_is_named_and_no_secret_repeated(name: str, value: str) -> None:
    started = start(**{name: value})

    assert started.returncode == 1
    assert name in started.stderr
    assert "tell-nobody" not in started.stderr.splitlines()[-1]


def test_a_plain_public_address_needs_no_https_cookies() -> None:
    started = start(PUBLIC_URL="http://localhost:8000", ALLOWED_HOSTS="localhost, 127.0.0.1")

    assert started.stdout == "['localhost', '127.0.0.1']\n"

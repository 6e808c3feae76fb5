"""The servers that the benchmarks use: those that the environment names. Nothing is started behind your back."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
OWN_DATABASE = os.environ.get("BENCH_DATABASE", "evenkeel_bench")  # dropped and made anew by each run
PEER_DATABASE = "evenkeel_bench_oscar"

_HOW_TO_START_POSTGRES = """\
The benchmarks need a PostgreSQL server whose user may make databases. On Debian:
    sudo apt-get install postgresql
    sudo -u postgres createuser --superuser "$USER"
    export DATABASE_URL="postgres://$USER@%2Fvar%2Frun%2Fpostgresql/postgres"
or, on a server of your own:
    export DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres
They use databases of their own (evenkeel_bench, evenkeel_bench_oscar) and leave yours alone."""


def server_url() -> str:
    """Return DATABASE_URL when PostgreSQL answers there; else say how to start one, and stop."""
    url = os.environ.get("DATABASE_URL", "")
    if urlsplit(url).scheme not in {"postgres", "postgresql"}:
        sys.exit(_HOW_TO_START_POSTGRES)
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        sys.exit(f"No PostgreSQL answers at DATABASE_URL: {error}\n{_HOW_TO_START_POSTGRES}")
    return url


def fresh_database(name: str) -> str:
    """Drop and make the database, and return its address."""
    server = server_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def kept_database(name: str) -> str | None:
    """Return the address of a database that an earlier run has left; None where there is none."""
    server = server_url()
    with psycopg.connect(server) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if found else None


def settings_for(database_url: str, **more: str) -> dict[str, str]:
    """Return the environment of an installation on that database; REDIS_URL as the environment has it."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(60),
        "EVENKEEL_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "ALLOWED_HOSTS": "*",
        "EVENKEEL_ALLOW_PRIVATE_HOSTS": "1",
        "DEBUG": "0",
        "LOG_LEVEL": "WARNING",
        **more,
    }


def manage(env: dict[str, str], *arguments: str) -> str:
    """Run manage.py and return what it prints."""
    command = [sys.executable, "manage.py", *arguments, "--skip-checks"]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout

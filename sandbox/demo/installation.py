"""Where the demo lives and what it is made of."""

from __future__ import annotations

import base64
import os
import secrets
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.demo.filling import FillingFailed
from sandbox.demo.stores import DemoSource, DemoStore, all_sources, all_stores


@dataclass(slots=True, kw_only=True)
class Demo:
    """A demo installation: SQLite and secrets of its own, thrown away at the end."""

    root: Path
    folder: Path
    port: int
    username: str = "demo"
    password: str = "calm-harbour"  # noqa: S105 - shown to everyone who starts the demo
    env: dict[str, str] = field(init=False)
    stores: tuple[DemoStore, ...] = field(init=False)
    sources: tuple[DemoSource, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.stores = all_stores(self.port + 101)
        self.sources = all_sources(self.port + 121)
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "DEBUG"}},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{self.folder / 'evenkeel.sqlite3'}",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "EVENKEEL_ENCRYPTION_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "EVENKEEL_ALLOW_PRIVATE_HOSTS": "true",
            "PUBLIC_URL": self.url,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            "OWNER_USERNAME": self.username,
            "OWNER_EMAIL": "demo@example.com",
            "OWNER_PASSWORD": self.password,
        }

    @property
    def systems(self) -> tuple[DemoStore | DemoSource, ...]:
        """Return all that is simulated."""
        return (*self.stores, *self.sources)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def processes(self) -> dict[str, str]:
        """Return the command line of each process by its name."""
        python = shlex.quote(sys.executable)
        commands = {
            "web": f"{python} -m gunicorn --config python:config.gunicorn --bind 127.0.0.1:{self.port}",
            "worker": f"{python} manage.py worker",
        }
        for system in self.systems:
            commands[system.process] = system.command
        return {name: f"exec {command}" for name, command in commands.items()}

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed. Raises FillingFailed with its error."""
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "manage.py", *arguments], cwd=self.root, env=self.env, capture_output=True, text=True
        )
        if done.returncode:
            raise FillingFailed(f"manage.py {arguments[0]} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def welcome(self) -> str:
        """Return what a visitor needs to know."""
        systems = [f"  {each.label:<12}  {each.url}    {each.name}" for each in self.systems]
        return "\n".join(
            (
                "",
                f"  Evenkeel      {self.url}    sign in as {self.username} with the password {self.password}",
                *systems,
                "",
                "  Buy something in one store and watch it go down in the others; ship it in the warehouse.",
                "  Ctrl-C ends the demo.",
                "",
            )
        )

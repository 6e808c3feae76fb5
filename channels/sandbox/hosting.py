"""Running the simulated stores: one process beside the worker, started and ended as the sandbox's row says.

The stores keep what they hold in memory. When they were away they begin again with what they held at first; the
numbers they show are then accounted for anew, so that nothing looks like a difference that nobody made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import publishing
from channels.lanes import wake
from channels.models import Channel, Listing, Sandbox
from channels.sandbox.loading import LANE

log = structlog.get_logger(__name__)

LOOKS_EVERY = 1.0  # seconds between two looks at the row
SILENT_AFTER = timedelta(seconds=30)  # a host that did not look for so long is gone
TRIES_AGAIN_AFTER = 10.0  # seconds after the stores have ended by themselves


@dataclass(slots=True)
class Host:
    """Keeps the stores' process as the row wants it; ``look`` often, ``stop`` at the end."""

    process: subprocess.Popen[bytes] | None = None
    _folder: Path | None = None
    _errors: IO[bytes] | None = None
    _is_told: bool = False
    _next_look: float = 0.0
    _next_try: float = 0.0
    _name: str = field(default_factory=lambda: f"{socket.gethostname()}/{os.getpid()}")

    def look(self) -> None:
        """Start or end the stores where the row says so. Never raises for what the database or they do."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOKS_EVERY
        try:
            close_old_connections()
            self._look(timezone.now())
        except (DatabaseError, OSError, ValueError) as error:
            log.warning("sandbox_host", error=type(error).__name__)

    def _look(self, now: datetime) -> None:
        row = Sandbox.objects.exclude(state=Sandbox.State.FAILED).first()
        if row is None:
            self.stop()
            return
        mine = Q(host="") | Q(host=self._name) | Q(beat_at=None) | Q(beat_at__lt=now - SILENT_AFTER)
        if not Sandbox.objects.filter(mine, pk=row.pk).update(host=self._name, beat_at=now):
            return
        if self.process is None:
            if time.monotonic() >= self._next_try:
                self._start(row)
        elif self.process.poll() is not None:
            self._ended(row)
        elif not self._is_told and self._folder is not None and (self._folder / "told.json").exists():
            self._is_told = True
            self._hear(row, json.loads((self._folder / "told.json").read_text()), now)
            (self._folder / "told.json").unlink()

    def _start(self, row: Sandbox) -> None:
        self._folder, self._is_told = Path(tempfile.mkdtemp(prefix="evenkeel-sandbox-")), False
        self._errors = (self._folder / "errors").open("w+b")
        command = [sys.executable, "-m", "sandbox.stand", "--tell", str(self._folder / "told.json")]
        command += ["--webhook-base", settings.PUBLIC_URL, "--ports", ",".join(map(str, row.ports))]
        seed = hmac.new(settings.SECRET_KEY.encode(), row.uuid.bytes, hashlib.sha256).hexdigest()
        self.process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            cwd=settings.BASE_DIR,
            # Nothing of the installation's own: no key, no database.
            env={"PATH": os.environ.get("PATH", ""), "SANDBOX_SEED": seed},
            stdin=subprocess.PIPE,  # ends when we do, and so do the stores
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
        )
        log.info("sandbox_started", pid=self.process.pid)

    def _ended(self, row: Sandbox) -> None:
        words = ""
        if self._errors is not None:
            self._errors.seek(0)
            words = "".join(self._errors.read().decode("utf-8", "replace").strip().splitlines()[-1:])
        log.warning("sandbox_ended", words=words)
        self.stop()
        self._next_try = time.monotonic() + TRIES_AGAIN_AFTER
        problem = _("The simulated stores have ended: %(words)s") % {"words": words or _("they did not say why.")}
        loading = Sandbox.objects.filter(pk=row.pk, state=Sandbox.State.LOADING)
        if not loading.update(state=Sandbox.State.FAILED, problem=problem[:500]):
            # They may listen elsewhere only if nobody was told where: a loaded sandbox waits for its ports.
            Sandbox.objects.filter(pk=row.pk).update(problem=problem[:500])

    def _hear(self, row: Sandbox, told: dict[str, Any], now: datetime) -> None:
        ports = [int(store["page"].rstrip("/").rsplit(":", 1)[1]) for store in told["stores"]]
        row.told = told
        row.ports, row.problem, row.stores_since, row.due_at = ports, "", now, now
        row.save(update_fields=["told", "ports", "problem", "stores_since", "due_at"])
        if row.state == Sandbox.State.LOADED:
            begin_anew(now=now)
        wake(LANE)

    def stop(self) -> None:
        """End the stores, and wait for it."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(3)
            self.process.kill()
            self.process.wait()
            if self.process.stdin is not None:
                self.process.stdin.close()
        if self._errors is not None:
            self._errors.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self.process = self._errors = self._folder = None


def begin_anew(*, now: datetime) -> None:
    """Account for what the sandbox's stores show now: they have begun again with what they held at first."""
    listings = Listing.objects.filter(channel__is_sandbox=True, channel__disconnected_at=None)
    listings.update_in_order(accounted=None, accounted_version=F("accounted_version") + 1, drift=0, drift_since=None)
    listings.publishable().wake_all(now=now)
    for channel in Channel.objects.filter(is_sandbox=True, disconnected_at=None):
        wake(publishing.lane_of(channel.pk))

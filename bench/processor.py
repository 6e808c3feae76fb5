"""Processor time of this process and of the PostgreSQL backend that serves it, on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psutil


class Processor:
    """Adds up in ``spent`` the seconds of processor that are used while it is ``counting``."""

    def __init__(self, backend_pid: int) -> None:
        self._backend = psutil.Process(backend_pid)
        self.spent = 0.0

    @contextmanager
    def counting(self) -> Iterator[None]:
        before = self._now()
        yield
        self.spent += self._now() - before

    def timing(self, section: Callable[[Any], AbstractContextManager[None]]) -> Callable[[Any], Any]:
        """Return the context manager ``section`` so that it is counted too."""

        @contextmanager
        def counted(owner: Any) -> Iterator[None]:
            with section(owner), self.counting():
                yield

        return counted

    def _now(self) -> float:
        used = self._backend.cpu_times()
        return time.thread_time() + used.user + used.system

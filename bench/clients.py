"""Many client processes that do one thing over and over, all starting at the same moment.

Only the standard library: the peers' environments import it too.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict, dataclass

Act = Callable[[], None]


@dataclass(frozen=True)
class Load:
    """What the command line asks of a client program."""

    workers: int
    shape: str  # "spread" over all SKUs, or "hot": one SKU
    seconds: float


@dataclass(frozen=True)
class Result:
    done: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.done / self.seconds


def read_load() -> Load:
    parser = ArgumentParser()
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--shape", choices=["spread", "hot"], required=True)
    parser.add_argument("--seconds", type=float, required=True)
    return Load(**vars(parser.parse_args()))


def measure(prepare: Callable[[int], Act], load: Load) -> Result:
    """Fork ``load.workers`` processes, have each call what ``prepare`` gave it until the time is up, and add up.

    ``prepare`` runs in the child, so connections are the child's own. A child that raises fails the whole run.
    """
    context = multiprocessing.get_context("fork")
    start = context.Barrier(load.workers + 1)
    results = context.SimpleQueue()

    def work(number: int) -> None:
        try:
            act = prepare(number)
            act()  # the first one connects and plans; it is not measured
        except Exception:
            start.abort()
            raise
        start.wait(timeout=60)
        began, done = time.perf_counter(), 0
        while (now := time.perf_counter()) < began + load.seconds:
            act()
            done += 1
        results.put((done, now - began))

    children = [context.Process(target=work, args=(number,)) for number in range(load.workers)]
    for child in children:
        child.start()
    with contextlib.suppress(threading.BrokenBarrierError):
        start.wait(timeout=60)
    for child in children:
        child.join()
    if any(child.exitcode for child in children):
        sys.exit("A client failed; its error stands above.")
    parts = [results.get() for _ in children]
    return Result(done=sum(done for done, _ in parts), seconds=max(seconds for _, seconds in parts))


def report(result: Result) -> None:
    """Print the result for the process that started this one."""
    print(json.dumps(asdict(result)))

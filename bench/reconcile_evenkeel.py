"""Client of the scale benchmark: a run over each channel up to what it suspects, in this one process."""

from __future__ import annotations

import json
import resource
import sys
import time

import django


def main() -> None:
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from bench.processor import Processor
    from channels import tasks
    from channels.models import Channel
    from channels.platforms.ecwid import client
    from reconciliation import runs, scanning
    from reconciliation.models import Run

    # The store's limit is lifted: it would only stretch the waiting.
    client.CALLS_PER_SECOND, client.BURST = 1e6, 1_000_000
    connection.ensure_connection()
    backend = Processor(connection.connection.info.backend_pid)
    # What is compared with the bare statements is timed by the processor too: the machine may be busy with others.
    for part in ("comparing", "writing"):
        setattr(scanning.Clock, part, backend.timing(getattr(scanning.Clock, part)))
    fresh = _peak()
    began = time.perf_counter()
    busy = time.process_time()
    for channel in Channel.objects.order_by("pk"):
        run = Run.objects.create(
            channel=channel, requested_by="bench", started_at=timezone.now(), due_at=timezone.now(), is_allowed=True
        )
        while run.phase != Run.Phase.CONFIRM:  # a slice at a time, as the worker does
            tasks.run_lane(runs.lane_of(channel.pk))
            run.refresh_from_db()
    made = list(Run.objects.all())
    report = {
        part: sum(getattr(run, f"{part}_seconds") for run in made)
        for part in ("waiting", "parsing", "comparing", "writing")
    }
    print(
        json.dumps(
            {
                **report,
                "compared_and_written": backend.spent,
                "wall": time.perf_counter() - began,
                "processor": time.process_time() - busy,
                "read": sum(run.listings_read for run in made),
                "calls": sum(run.calls for run in made),
                "suspected": sum(run.suspected for run in made),
                "fresh_mb": fresh,
                "peak_mb": _peak(),
            }
        )
    )
    sys.stdout.flush()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

"""The drop folder: files that others write are taken when they are whole, and moved away with a report.

A file is whole when it has not changed between two looks, or when it was renamed from ``.part``. It ends in ``done/``
or ``failed/``. What a crash leaves behind is taken again, and the same content does nothing twice.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext as _

from inventory.sheets import MAX_BYTES, UnreadableSheet, neutral
from inventory.sources import plans, pulls
from inventory.sources.csv_files import files
from inventory.sources.models import Pull, PullProblem, Source
from inventory.sources.registry import capabilities_of

log = structlog.get_logger(__name__)

SETTLED_AFTER = timedelta(seconds=2)  # between two looks at a file that is whole
LOOK_AGAIN = timedelta(seconds=4)  # while something is still being written
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
SUFFIXES = (".csv", ".txt", ".tsv")
DONE, FAILED = "done", "failed"


def folder_of(source: Source) -> Path | None:
    """Return the source's own folder; None where the installation has none."""
    if not settings.DROP_FOLDER:
        return None
    return Path(settings.DROP_FOLDER) / f"{slugify(source.name) or 'source'}-{source.uuid.hex[:8]}"


def look(source: Source, *, now: datetime) -> bool:
    """Take the files that are whole; tell whether any was taken."""
    folder = folder_of(source)
    memory = dict(source.memory)
    took_any = is_unsettled = False
    if folder is not None:
        try:
            for name in (DONE, FAILED):
                (folder / name).mkdir(parents=True, exist_ok=True)
            ready, is_unsettled = _ready(folder, memory, now=now)
            memory["warnings"] = []
            for path in ready:
                took_any = True
                _take(source, path, now=now)
        except OSError as error:
            log.warning("drop_folder", source=source.name, error=type(error).__name__)
            memory["warnings"] = [
                _("The drop folder %(folder)s can't be used: %(why)s.") % {"folder": folder, "why": error.strerror}
            ]
    wait = LOOK_AGAIN if is_unsettled else timedelta(seconds=source.pull_seconds)
    Source.objects.filter(pk=source.pk).update(memory=memory, next_pull_at=now + wait)
    return took_any


def _ready(folder: Path, memory: dict[str, object], *, now: datetime) -> tuple[list[Path], bool]:
    """Return the files that are whole, oldest first, and whether others are still being written."""
    seen = memory.get("seen")
    before: dict[str, list[object]] = seen if isinstance(seen, dict) else {}
    after: dict[str, list[object]] = {}
    ready: list[tuple[int, Path]] = []
    for entry in os.scandir(folder):
        if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
            continue
        if entry.name.endswith(UNFINISHED):
            after[entry.name] = ["part", now.isoformat()]
            continue
        status = entry.stat(follow_symlinks=False)
        shape = [status.st_size, status.st_mtime_ns]
        last = before.get(entry.name)
        was_part = any(f"{entry.name}{suffix}" in before for suffix in UNFINISHED)
        is_same = last is not None and last[:2] == shape
        if was_part or (last is not None and is_same and _age(last, now) >= SETTLED_AFTER):
            ready.append((status.st_mtime_ns, Path(entry.path)))
        else:
            after[entry.name] = last if last is not None and is_same else [*shape, now.isoformat()]
    memory["seen"] = after
    return [path for _mtime, path in sorted(ready)], bool(after)


def _age(seen: list[object], now: datetime) -> timedelta:
    return now - datetime.fromisoformat(str(seen[2]))


def _take(source: Source, path: Path, *, now: datetime) -> None:
    """Take one file and move it away with a report of what became of it."""
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        content = _content(path)
        pull, plan = files.stage(
            source,
            content,
            name=path.name,
            is_full=source.options.get("mode") == "full",
            trigger=Pull.Trigger.FOLDER,
            actor="",
            as_of=min(written_at, now),
            now=now,
        )
    except (UnreadableSheet, files.Busy) as error:
        _move(path, FAILED, [str(error)], now=now)
        _note_failed(source, path, str(error), now=now)
        return
    except files.SameFile as error:
        _move(path, DONE, [str(error)], now=now)
        return
    if pull.is_full and plan.is_alarming(source.zero_percent):
        pulls.wait_for_person(pull, plan, now=now)
        _move(path, DONE, [pull.problem, *_sentences(pull)], now=now)
        return
    pull.state, pull.problem = Pull.State.READING, ""
    pulls.finish(pull, plans.gather(pull, capabilities_of(source)), now=now)
    words = _("%(rows)d lines: %(matched)d agree, %(adjusted)d adjusted, %(flagged)d wait, %(skipped)d not used.")
    values = {name: getattr(pull, name) for name in ("rows", "matched", "adjusted", "flagged", "skipped")}
    _move(path, DONE, [words % values, *_sentences(pull)], now=now)


def _content(path: Path) -> bytes:
    if not path.name.lower().endswith(SUFFIXES):
        raise UnreadableSheet(_("Only files that end in .csv are taken."))
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableSheet(_("The file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1024 // 1024})
    return path.read_bytes()


def _sentences(pull: Pull) -> list[str]:
    return list(PullProblem.objects.filter(pull=pull).values_list("sentence", flat=True))


def _note_failed(source: Source, path: Path, sentence: str, *, now: datetime) -> None:
    Pull.objects.create(
        source=source,
        state=Pull.State.DISCARDED,
        trigger=Pull.Trigger.FOLDER,
        file_name=path.name[-200:],
        problem=sentence[:500],
        started_at=now,
        touched_at=now,
        ended_at=now,
    )


def _move(path: Path, where: str, sentences: Iterable[str], *, now: datetime) -> None:
    """Move a file to ``done`` or ``failed``, under a name of its own, and write the report beside it."""
    target = path.parent / where / f"{now:%Y%m%dT%H%M%S}-{path.name}"
    number = 1
    while target.exists():
        target = target.with_name(f"{now:%Y%m%dT%H%M%S}-{number}-{path.name}")
        number += 1
    with target.with_name(f"{target.name}.report.csv").open("w", encoding="utf-8", newline="") as report:
        writer = csv.writer(report)
        writer.writerow([_("What became of it")])
        writer.writerows([str(neutral(sentence))] for sentence in sentences)
    os.replace(path, target)

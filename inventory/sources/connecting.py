"""Connecting a source: tested first, kept only if it answers. What a person changes of it leaves a trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from inventory import audit
from inventory.addresses import check_address
from inventory.sources import holds, mapping, pulls, signatures
from inventory.sources.contract import Capabilities, Connection, Report, ReportedLocation
from inventory.sources.models import Pull, Source, SourceEvent
from inventory.sources.registry import KINDS, capabilities_of, opened


class ConnectRefused(Exception):
    """The source can't be connected so; the message says why and what to do."""


def _kept(capabilities: Capabilities, credentials: Mapping[str, str]) -> dict[str, str]:
    """Leave out what was only good for obtaining something else: a password is never stored."""
    dropped = {each.name for each in capabilities.credentials if not each.is_kept}
    return {name: value for name, value in credentials.items() if name not in dropped}


def test(
    *, kind: str, base_url: str, credentials: Mapping[str, str], options: Mapping[str, str]
) -> tuple[Report, Connection, list[ReportedLocation]]:
    """Ask who is there and what there is, keeping nothing. Raises SourceError, ForbiddenAddress.

    The connection that comes back holds the settled credentials and the adapter's memory.
    """
    adapter_class = KINDS[kind]
    capabilities = adapter_class.capabilities
    address = check_address(base_url) if capabilities.pulls else ""
    first = adapter_class(Connection(base_url=address, credentials=credentials, options=options))
    try:
        settled = _kept(capabilities, first.settled_credentials())
    finally:
        first.close()
    connection = Connection(base_url=address, credentials=settled, options=options)
    adapter = adapter_class(connection)
    try:
        report = adapter.check()
        return report, connection, list(adapter.locations())
    finally:
        adapter.close()


def connect(
    *,
    kind: str,
    name: str,
    base_url: str,
    credentials: Mapping[str, str],
    options: Mapping[str, str],
    actor: str,
    now: datetime,
    **columns: Any,
) -> tuple[Source, Report]:
    """Test a source and keep it, its locations known and unmapped; return both.

    Nothing is read of its stock before a person has mapped a location. Raises SourceError or ForbiddenAddress from the
    test, ConnectRefused for a name that is taken.
    """
    report, connection, locations = test(kind=kind, base_url=base_url, credentials=credentials, options=options)
    try:
        with transaction.atomic():
            source = Source.objects.create(
                kind=kind,
                name=name,
                base_url=connection.base_url,
                account=report.account[:200],
                credentials=dict(connection.credentials),  # type: ignore[misc]  # any JSON; a text in the column
                options=dict(options),
                report=_as_json(report, now),
                memory=dict(connection.memory),
                skew_seconds=report.skew_seconds,
                started_at=now,
                pull_seconds=columns.pop("pull_seconds", KINDS[kind].capabilities.default_pull_seconds),
                next_pull_at=None if KINDS[kind].capabilities.pulls else now,
                **columns,
            )
            mapping.refresh(source, locations, now=now)
            audit.record(
                actor=actor,
                action="source.connect",
                subject=f"source:{source.pk}",
                before={},
                after={"kind": kind, "name": name, "account": report.account},
            )
    except IntegrityError:
        raise ConnectRefused(_("There is a source named %(name)s already.") % {"name": name}) from None
    source.refresh_from_db()
    return source, report


def _as_json(report: Report, now: datetime) -> dict[str, Any]:
    return {**asdict(replace(report, skew_seconds=None)), "checked_at": now.isoformat()}


def check(source: Source, *, now: datetime) -> Report:
    """Test a connected source with its own credentials; one that answers again goes on. Raises SourceError."""
    with opened(source) as (adapter, connection):
        report = adapter.check()
        if adapter.capabilities.pulls:
            mapping.refresh(source, adapter.locations(), now=now)
    Source.objects.filter(pk=source.pk).update(
        report=_as_json(report, now),
        memory=dict(connection.memory),
        skew_seconds=report.skew_seconds,
        account=report.account[:200],
    )
    _go_on(source, now=now)
    return report


def reconnect(source: Source, *, credentials: Mapping[str, str], base_url: str, actor: str, now: datetime) -> Report:
    """Replace a source's credentials, and its address where one is given, by ones that work. Raises as ``test``.

    What is left out stays as it is.
    """
    given = {**source.credentials, **{name: value for name, value in credentials.items() if value}}
    if credentials.get("username") and not credentials.get("token"):
        given.pop("token", None)
    report, connection, locations = test(
        kind=source.kind, base_url=base_url or source.base_url, credentials=given, options=source.options
    )
    with transaction.atomic():
        stored = Source.objects.select_for_update().get(pk=source.pk)
        stored.credentials = dict(connection.credentials)
        stored.credentials_version += 1
        stored.base_url, stored.account = connection.base_url, report.account[:200]
        stored.report, stored.skew_seconds = _as_json(report, now), report.skew_seconds
        stored.memory = {**stored.memory, **connection.memory}
        stored.disconnected_at = None
        stored.save()
        mapping.refresh(stored, locations, now=now)
        audit.record(actor=actor, action="source.reconnect", subject=f"source:{source.pk}", before={}, after={})
    _go_on(stored, now=now)
    return report


def _go_on(source: Source, *, now: datetime) -> None:
    Source.objects.filter(pk=source.pk).update(
        connection=Source.Connection.OK, connection_problem="", connection_problem_at=None, failures=0
    )
    if source.locations.exclude(warehouse=None).exists() or not capabilities_of(source).pulls:
        Source.objects.filter(pk=source.pk).update(next_pull_at=now)


def disconnect(source: Source, *, actor: str, now: datetime) -> None:
    """Stop all calls, forget the credentials and give back what was held for the source; its history stays."""
    with transaction.atomic():
        stored = Source.objects.select_for_update().get(pk=source.pk)
        stored.credentials, stored.disconnected_at, stored.next_pull_at = {}, now, None
        stored.save(update_fields=["credentials", "disconnected_at", "next_pull_at"])
        source.pulls.filter(state__in=[Pull.State.READING, Pull.State.WAITING, Pull.State.DECIDED]).update(
            state=Pull.State.DISCARDED, problem=_("The source was disconnected."), ended_at=now
        )
        source.events.filter(state=SourceEvent.State.PENDING).update(state=SourceEvent.State.IGNORED, ended_at=now)
        source.locations.update(warehouse=None)
        audit.record(actor=actor, action="source.disconnect", subject=f"source:{source.pk}", before={}, after={})
    holds.release_all(source, actor=actor, now=now)


@transaction.atomic
def renew_secret(source: Source, *, actor: str, now: datetime) -> Source:
    """Make a new secret for the source's events; the old one is accepted for a day, so that no event is lost."""
    stored: Source = Source.objects.select_for_update().get(pk=source.pk)
    stored.credentials = signatures.renewed(stored.credentials, now=now)
    stored.save(update_fields=["credentials"])
    audit.record(actor=actor, action="source.secret", subject=f"source:{source.pk}", before={}, after={})
    return stored


@transaction.atomic
def end_old_secret(source: Source, *, actor: str) -> None:
    """Accept no event any more that is signed with an older secret than the newest."""
    stored: Source = Source.objects.select_for_update().get(pk=source.pk)
    stored.credentials = signatures.without_old(stored.credentials)
    stored.save(update_fields=["credentials"])
    audit.record(actor=actor, action="source.end_old_secret", subject=f"source:{source.pk}", before={}, after={})


CHANGEABLE = (
    "name",
    "reserves",
    "knows_orders_after",
    "on_difference",
    "tolerance_units",
    "tolerance_percent",
    "zero_percent",
    "counts_picks",
    "pull_seconds",
    "options",
    "is_paused",
)


def change(source: Source, *, actor: str, now: datetime, **columns: Any) -> Source:
    """Write what differs of CHANGEABLE columns. A source that stops reserving gives back what was held for it.

    Raises ConnectRefused for a name that is taken.
    """
    unknown = set(columns) - set(CHANGEABLE)
    if unknown:
        raise TypeError(f"can't be changed: {', '.join(sorted(unknown))}")
    try:
        with transaction.atomic():
            stored: Source = Source.objects.select_for_update().get(pk=source.pk)
            before = {name: getattr(stored, name) for name in columns if getattr(stored, name) != columns[name]}
            for name in before:
                setattr(stored, name, columns[name])
            if before:
                stored.save(update_fields=list(before))
                after = {name: columns[name] for name in before}
                audit.record(
                    actor=actor, action="source.change", subject=f"source:{source.pk}", before=before, after=after
                )
    except IntegrityError:
        raise ConnectRefused(_("There is a source of this name already.")) from None
    if "reserves" in before and stored.reserves == Source.Reserves.LEDGER:
        holds.release_all(stored, actor=actor, now=now)
    if {"reserves", "options", "pull_seconds", "is_paused"} & set(before) and stored.next_pull_at is not None:
        Source.objects.filter(pk=stored.pk).update(next_pull_at=now)
    return stored


def read_now(source: Source, *, actor: str, now: datetime) -> bool:
    """Have the source read at once; tell whether a reading began (none when one is under way)."""
    begun = pulls.begin(source, trigger=Pull.Trigger.PERSON, actor=actor, now=now)
    return begun is not None

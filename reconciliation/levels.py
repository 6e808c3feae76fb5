"""Tolerances and hold-backs as one table: what each scope says, what it inherits, and what a change would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from channels import availability, hold_backs
from channels.hold_backs import Scope
from channels.models import Listing
from inventory import formats
from inventory.models import MAX_UNITS, AuditEntry
from reconciliation import tolerances
from reconciliation.models import Discrepancy, LevelDraft, Tolerance

FIELDS = ("hold_back", *tolerances.FIELDS)
PERCENTS = {"over_percent", "under_percent"}
MOST = 20_000  # scopes changed at once
LOOKED_AT = 20_000  # listings whose published quantity is worked out for a preview
AT_ONCE = 500
DRAFT_KEPT = timedelta(days=1)

Value = int | str | None
Values = dict[str, Value]


class Invalid(Exception):
    """A text is no value of its field; the message says what would be."""


class MovedMeanwhile(Exception):
    """Someone else has changed one of the scopes since the changes were looked at; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one scope should say instead; only the fields that change."""

    scope: Scope
    before: Values
    after: Values


@dataclass(slots=True, kw_only=True)
class Outlook:
    """What changes would do. ``is_partial``: so many listings are concerned that only the first were worked out."""

    listings: int = 0
    quantities: int = 0
    raised: int = 0
    lowered: int = 0
    is_partial: bool = False
    within: int = 0  # open discrepancies that would be small enough not to ask
    examples: list[tuple[Listing, int, int]] = field(default_factory=list)


def parse(name: str, text: str) -> Value:
    """Return the value that a person typed for a field; nothing inherits. Raises Invalid."""
    text = text.strip()
    if not text:
        return None
    if name == "policy":
        return _policy(text)
    is_percent = name in PERCENTS
    number = text.removesuffix("%").strip() if is_percent else text
    if not number.isascii() or not number.isdecimal():
        words = (
            _("“%(text)s” is no percentage from 0 to 100.") if is_percent else _("“%(text)s” is no number of units.")
        )
        raise Invalid(words % {"text": text[:40]})
    most = 100 if is_percent else MAX_UNITS
    if len(number) > 15 or int(number) > most:
        raise Invalid(_("At most %(most)s.") % {"most": formats.number(most)})
    return int(number)


def _policy(text: str) -> str:
    for code, label in Tolerance.Policy.choices:
        if text.casefold() in {code, str(label).casefold()}:
            return code
    raise Invalid(_("Write one of: %(choices)s.") % {"choices": ", ".join(Tolerance.Policy.values)})


def said(scopes: Sequence[Scope]) -> dict[Scope, Values]:
    """Return what each scope itself says, field by field; None inherits."""
    found: dict[Scope, Values] = {scope: dict.fromkeys(FIELDS) for scope in scopes}
    for scope, units in hold_backs.said(scopes).items():
        found[scope]["hold_back"] = units
    for scope, row in _tolerances(scopes).items():
        values = {name: getattr(row, name) for name in tolerances.FIELDS}
        found[scope].update({name: None if value == "" else value for name, value in values.items()})
    return found


def _tolerances(scopes: Sequence[Scope]) -> dict[Scope, Tolerance]:
    found = {}
    for start in range(0, len(scopes), AT_ONCE):
        for row in Tolerance.objects.filter(_rows_of(scopes[start : start + AT_ONCE])):
            found[Scope(channel_id=row.channel_id, sku_id=row.sku_id, listing_id=row.listing_id)] = row
    return found


def _rows_of(scopes: Sequence[Scope]) -> Q:
    wanted = Q(listing__in=[scope.listing_id for scope in scopes if scope.listing_id is not None])
    wanted |= Q(sku__in=[scope.sku_id for scope in scopes if scope.sku_id is not None])
    wanted |= Q(channel__in=[scope.channel_id for scope in scopes if scope.channel_id is not None])
    return wanted | Q(channel=None, sku=None, listing=None) if Scope() in scopes else wanted


def changes(wanted: Mapping[Scope, Values]) -> list[Change]:
    """Return what is different from what the scopes say now; a field that is not named stays."""
    now = said(list(wanted))
    found = []
    for scope, values in wanted.items():
        after = {name: value for name, value in values.items() if now[scope][name] != value}
        if after:
            found.append(Change(scope=scope, before={name: now[scope][name] for name in after}, after=after))
    return found


# Changing -------------------------------------------------------------------------------------------------------


def apply(wanted: Sequence[Change], *, actor: str, now: datetime) -> None:
    """Make the changes, all or none. Raises MovedMeanwhile."""
    with transaction.atomic():
        kept = _write(wanted, actor=actor)
        hold_backs.publish(kept, now=now)


def _write(wanted: Sequence[Change], *, actor: str) -> list[Scope]:
    """Write the rows and the trail; return the scopes whose hold-back has changed. Inside a transaction."""
    stands = said([change.scope for change in wanted])
    for change in wanted:
        if any(stands[change.scope][name] != value for name, value in change.before.items()):
            raise MovedMeanwhile(_("Someone has changed one of these meanwhile. Look at them anew."))
    units = {c.scope: _units(c.after["hold_back"]) for c in wanted if "hold_back" in c.after}
    kept = hold_backs.set_many(units, actor=actor) if units else []
    _write_tolerances([c for c in wanted if c.after.keys() - {"hold_back"}], stands, actor=actor)
    return kept


def _units(value: Value) -> int | None:
    return value if isinstance(value, int) else None


def _write_tolerances(wanted: Sequence[Change], stands: Mapping[Scope, Values], *, actor: str) -> None:
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        Tolerance.objects.filter(_rows_of([change.scope for change in part])).delete()
        Tolerance.objects.bulk_create(
            row for change in part if (row := _tolerance(change, stands[change.scope])) is not None
        )
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                actor=actor,
                action="tolerance.change",
                subject=change.scope.subject,
                before={name: value for name, value in change.before.items() if name != "hold_back"},
                after={name: value for name, value in change.after.items() if name != "hold_back"},
            )
            for change in wanted
        ),
        batch_size=AT_ONCE,
    )


def _tolerance(change: Change, stands: Values) -> Tolerance | None:
    """Return the row that says what the scope shall say; None where it says nothing any more."""
    values = {name: change.after.get(name, stands[name]) for name in tolerances.FIELDS}
    if all(value is None for value in values.values()):
        return None
    scope = change.scope
    policy = values.pop("policy") or ""
    return Tolerance(
        channel_id=scope.channel_id, sku_id=scope.sku_id, listing_id=scope.listing_id, policy=policy, **values
    )


# Looking ahead --------------------------------------------------------------------------------------------------


class _NotMeant(Exception):
    """Ends a transaction that was only looked into."""


def outlook(wanted: Sequence[Change]) -> Outlook:
    """Return what the changes would do: worked out by making them and taking them back before anyone sees."""
    found = Outlook()
    holding = [change.scope for change in wanted if "hold_back" in change.after]
    tolerant = [change.scope for change in wanted if change.after.keys() - {"hold_back"}]
    listings = _concerned(holding, Listing.objects.publishable().filter(accounted__isnull=False))
    found.listings, found.is_partial = len(listings), len(listings) > LOOKED_AT
    listings = listings[:LOOKED_AT]
    asking = _asking(tolerant)
    before = _targets(listings)
    try:
        with transaction.atomic():
            _write(wanted, actor="preview")
            after = _targets(listings)
            within = tolerances.effective([row.listing for row in asking if row.listing is not None])
            raise _NotMeant
    except _NotMeant:
        pass
    found.within = sum(
        row.listing is not None
        and within[row.listing.pk].allows(difference=row.units_apart, ledger_says=row.ledger_says or 0)
        for row in asking
    )
    moved = [(ls, before[ls.pk], after[ls.pk]) for ls in listings if before[ls.pk] != after[ls.pk]]
    found.quantities = len(moved)
    found.raised = sum(new > old for _listing, old, new in moved)
    found.lowered = len(moved) - found.raised
    found.examples = sorted(moved, key=lambda row: (-abs(row[2] - row[1]), row[0].pk))[:10]
    return found


def _concerned(scopes: Sequence[Scope], listings: QuerySet[Listing]) -> list[Listing]:
    """Return the listings that the scopes may decide about, one more than are looked at."""
    if not scopes:
        return []
    if Scope() in scopes:
        return list(listings.select_related("channel", "sku").order_by("pk")[: LOOKED_AT + 1])
    found: dict[int, Listing] = {}
    for start in range(0, len(scopes), AT_ONCE):
        wanted = listings.filter(hold_backs.listings_of(scopes[start : start + AT_ONCE]))
        found.update({ls.pk: ls for ls in wanted.select_related("channel", "sku").order_by("pk")[: LOOKED_AT + 1]})
        if len(found) > LOOKED_AT:
            break
    return list(found.values())


def _asking(scopes: Sequence[Scope]) -> list[Discrepancy]:
    """Return the open discrepancies that the tolerances of the scopes may decide about."""
    if not scopes:
        return []
    rows = Discrepancy.objects.open().filter(listing__isnull=False).exclude(channel_shows=None)
    if Scope() not in scopes:
        rows = rows.filter(
            Q(listing__in=[s.listing_id for s in scopes if s.listing_id is not None])
            | Q(listing__sku__in=[s.sku_id for s in scopes if s.sku_id is not None])
            | Q(channel__in=[s.channel_id for s in scopes if s.channel_id is not None])
        )
    return list(rows.select_related("listing").order_by("pk")[:LOOKED_AT])


def _targets(listings: Sequence[Listing]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(listings), 2000):
        found.update(availability.targets(listings[start : start + 2000]))
    return found


# Drafts ---------------------------------------------------------------------------------------------------------


def draft(wanted: Sequence[Change], *, title: str, user_id: int, now: datetime) -> LevelDraft:
    """Keep changes so that a person can look at their effect; older drafts of theirs are forgotten."""
    LevelDraft.objects.filter(user=user_id, created_at__lt=now - DRAFT_KEPT).delete()
    kept = [
        {
            "channel": change.scope.channel_id,
            "sku": change.scope.sku_id,
            "listing": change.scope.listing_id,
            "before": change.before,
            "after": change.after,
        }
        for change in wanted
    ]
    return LevelDraft.objects.create(user_id=user_id, title=title[:200], changes=kept, created_at=now)


def drafted(row: LevelDraft) -> list[Change]:
    """Return the changes of a draft."""
    return [
        Change(
            scope=Scope(channel_id=item["channel"], sku_id=item["sku"], listing_id=item["listing"]),
            before=item["before"],
            after=item["after"],
        )
        for item in row.changes
    ]


def keep(row: LevelDraft, *, actor: str, now: datetime) -> int:
    """Make the changes of a draft and forget it; return how many scopes they were. Raises MovedMeanwhile."""
    wanted = drafted(row)
    with transaction.atomic():
        apply(wanted, actor=actor, now=now)
        row.delete()
    return len(wanted)


def fields_of(wanted: Iterable[Change]) -> list[str]:
    """Return the names of the fields that any of the changes touches, in their order."""
    touched = {name for change in wanted for name in change.after}
    return [name for name in FIELDS if name in touched]

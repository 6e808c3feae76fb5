"""Mappings as a table: taken out as CSV or XLSX, brought back line by line, each line checked before anything is done.

What a line says: the listing it is about (the store's id of it, or a code that is one listing's alone), and the SKU
it shall sell, or in ``mapping`` that it shall be unmapped or ignored. An empty SKU alone changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from channels import availability, rulings, suggesting
from channels.models import Channel, Listing, MappingLine, MappingRun
from channels.rulings import Ruling, pools_of
from inventory import catalogue, sheets
from inventory.actors import name_of
from inventory.catalogue import SkuFields
from inventory.models import FormerCode, Sku

REQUIRED = ("listing", "sku")
OPTIONAL = (
    "channel", "store_sku", "title", "barcode", "shows", "mapping", "suggestion", "confidence", "reason",
)  # fmt: skip
HEADERS = ("channel", "listing", "store_sku", "title", "barcode", "shows", "mapping", "sku", *OPTIONAL[-3:])
EXPORTED_AT_ONCE = 500

Action = MappingLine.Action


# Out ------------------------------------------------------------------------------------------------------------


def rows(listings: QuerySet[Listing]) -> Iterator[tuple[sheets.Cell, ...]]:
    """Yield one row per listing in the order of HEADERS; an unmapped one with its best suggestion beside it."""
    numbers = list(listings.values_list("pk", flat=True))
    for start in range(0, len(numbers), EXPORTED_AT_ONCE):
        part = Listing.objects.select_related("channel", "sku").in_bulk(numbers[start : start + EXPORTED_AT_ONCE])
        waiting = [each for each in part.values() if each.mapping == Listing.Mapping.UNMAPPED]
        suggestions = suggesting.suggest(waiting) if waiting else {}
        for number in numbers[start : start + EXPORTED_AT_ONCE]:
            if (each := part.get(number)) is not None:
                yield _row(each, suggestions.get(number, []))


def _row(listing: Listing, suggestions: Sequence[suggesting.Suggestion]) -> tuple[sheets.Cell, ...]:
    best = suggestions[0] if suggestions else None
    return (
        listing.channel.name,
        listing.ref,
        listing.external_sku,
        listing.title,
        listing.barcode,
        listing.accounted if listing.accounted is not None else listing.shown,
        listing.mapping,
        listing.sku.code if listing.sku else "",
        best.sku.code if best else "",
        best.confidence if best else listing.mapping_confidence or None,
        best.reason if best else listing.mapping_reason,
    )


# In -------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> list[sheets.Line]:
    """Return the lines of a CSV or XLSX file. Raises UnreadableSheet."""
    return sheets.read(content, required=REQUIRED, optional=OPTIONAL)


def keep(run: MappingRun, lines: Sequence[sheets.Line]) -> None:
    """Store the lines as they are, to be checked."""
    said = ("channel", "listing", "store_sku", "title", "mapping", "sku")
    MappingLine.objects.bulk_create(
        (
            MappingLine(run=run, number=line.number, cells={name: line.cells.get(name, "")[:300] for name in said})
            for line in lines
        ),
        batch_size=1000,
    )


def check(run: MappingRun, *, start: int, at_once: int) -> int:
    """Check the next lines after the first ``start`` and return how many are checked now; the same: all of them."""
    lines = list(run.lines.order_by("number")[start : start + at_once])
    if not lines:
        return start
    desk = _Desk(run, lines)
    for line in lines:
        line.action, line.problem = desk.check(line)
    _foresee(lines)
    MappingLine.objects.bulk_update(
        lines, ["action", "problem", "listing", "sku", "before_sku", "shows", "target"], batch_size=500
    )
    return start + len(lines)


class _Desk:
    """What a slice of lines may be about, read in a fixed number of queries."""

    def __init__(self, run: MappingRun, lines: Sequence[MappingLine]) -> None:
        self.makes_skus = run.makes_skus
        self.channels = {channel.name.casefold(): channel for channel in Channel.objects.all()}
        self.simulated = {channel.pk for channel in self.channels.values() if channel.is_sandbox}
        refs = {line.cells["listing"] for line in lines} - {""}
        codes = {line.cells["store_sku"] for line in lines if not line.cells["listing"]} - {""}
        found = Listing.objects.filter(Q(ref__in=refs) | Q(item_ref__in=refs) | Q(external_sku__in=codes))
        self.by_ref: dict[tuple[int, str], list[Listing]] = defaultdict(list)
        self.by_code: dict[tuple[int, str], list[Listing]] = defaultdict(list)
        for listing in found.select_related("sku").order_by("pk"):
            for ref in {listing.ref, listing.item_ref} - {""}:
                self.by_ref[listing.channel_id, ref].append(listing)
            if listing.state == Listing.State.ACTIVE:
                self.by_code[listing.channel_id, listing.external_sku].append(listing)
        wanted = {line.cells["sku"] for line in lines} - {""}
        self.skus = {sku.code: sku for sku in Sku.objects.filter(code__in=wanted)}
        former = FormerCode.objects.filter(code__in=wanted - self.skus.keys()).select_related("sku")
        self.skus |= {row.code: row.sku for row in former}

    def check(self, line: MappingLine) -> tuple[Action, str]:
        """Return what the line would do, and why nothing where it is bad; sets its listing and SKU."""
        try:
            listing = line.listing = self._listing(line.cells)
            line.before_sku = listing.sku
            return self._action(line, listing), ""
        except _Bad as problem:
            return Action.BAD, str(problem)

    def _listing(self, cells: Mapping[str, str]) -> Listing:
        name, ref, code = cells["channel"], cells["listing"], cells["store_sku"]
        channel = self.channels.get(name.casefold())
        if name and channel is None:
            raise _Bad(_("There is no channel “%(name)s”.") % {"name": name})
        if not ref and not code:
            raise _Bad(_("It names no listing: fill in listing, or store_sku."))
        source, said = (self.by_ref, ref) if ref else (self.by_code, code)
        channels = [channel] if channel else list(self.channels.values())
        groups = [source[each.pk, said] for each in channels if each is not None and (each.pk, said) in source]
        if not groups:
            where = name or _("any channel")
            raise _Bad(_("%(where)s has no listing “%(said)s”.") % {"where": where, "said": said})
        if len(groups) > 1:
            raise _Bad(_("Several channels have a listing “%(said)s”: fill in channel.") % {"said": said})
        items = {listing.item_ref or listing.ref for listing in groups[0]}
        if len(items) > 1:
            raise _Bad(_("Several listings have the SKU “%(said)s”: fill in listing.") % {"said": said})
        return groups[0][0]

    def _action(self, line: MappingLine, listing: Listing) -> Action:
        code, said = line.cells["sku"], line.cells["mapping"].casefold()
        if said not in {"", *Listing.Mapping.values}:
            raise _Bad(_("“%(said)s” is no mapping: say mapped, unmapped or ignored.") % {"said": said})
        if listing.state == Listing.State.GONE:
            raise _Bad(_("The store does not offer it any more."))
        if said == Listing.Mapping.IGNORED:
            if code:
                raise _Bad(_("It says ignored and names a SKU: leave one of them out."))
            return Action.NOTHING if listing.mapping == said else Action.IGNORE
        if code:
            return self._link(line, listing, code)
        if said == Listing.Mapping.MAPPED:
            raise _Bad(_("It says mapped and names no SKU: say unmapped to take the mapping away."))
        if said == Listing.Mapping.UNMAPPED and listing.mapping != said:
            return Action.UNLINK
        return Action.NOTHING

    def _link(self, line: MappingLine, listing: Listing, code: str) -> Action:
        sku = self.skus.get(code)
        if sku is None:
            if not self.makes_skus:
                raise _Bad(_("No SKU has the code “%(code)s”.") % {"code": code})
            try:
                Sku(code=code).clean_fields(exclude=["match_key"])
            except ValidationError as error:
                raise _Bad("; ".join(error.messages)) from error
            return Action.MAKE
        if sku.merged_into is not None:
            sku = sku.merged_into
        if sku.archived_at is not None:
            raise _Bad(_("The SKU “%(code)s” is archived.") % {"code": code})
        if sku.is_sandbox != (listing.channel_id in self.simulated):
            raise _Bad(
                _("The sandbox is kept apart: its stores sell only its own SKUs, and real stores only real ones.")
            )
        line.sku = sku
        return Action.NOTHING if listing.sku_id == sku.pk else Action.LINK


class _Bad(Exception):
    """A line can't be done; the message says why."""


def _foresee(lines: Sequence[MappingLine]) -> None:
    """Set what each line's listing shows and what it would be told to show: summed over the locations of an item."""
    moving = [line for line in lines if line.action in {Action.LINK, Action.MAKE, Action.UNLINK, Action.IGNORE}]
    pools: dict[object, list[Listing]] = defaultdict(list)
    for pool in pools_of(line.listing for line in moving if line.listing is not None):
        pools[_item_of(pool)].append(pool)
    asked: dict[int, int | None] = {}
    for line in moving:
        if line.listing is None:
            continue
        own = pools[_item_of(line.listing)]
        known = [pool.accounted if pool.accounted is not None else pool.shown for pool in own]
        line.shows = sum(units for units in known if units is not None) if any(u is not None for u in known) else None
        if line.action in {Action.LINK, Action.MAKE} and any(_is_written(pool) for pool in own):
            line.target = 0
            for pool in own:
                asked[pool.pk] = line.sku.pk if line.sku else None
    copies = [pool for group in pools.values() for pool in group if asked.get(pool.pk) and _is_written(pool)]
    for pool in copies:
        pool.sku_id = asked[pool.pk]
    targets = availability.targets(copies)
    for line in moving:
        if line.target is not None and line.listing is not None:
            line.target = sum(targets.get(pool.pk, 0) for pool in pools[_item_of(line.listing)])


def _item_of(listing: Listing) -> object:
    return (listing.channel_id, listing.item_ref) if listing.item_ref else listing.pk


def _is_written(listing: Listing) -> bool:
    """Tell whether quantities would be written to it once it is mapped."""
    return listing.tracked is True and not listing.unwritable_reason and listing.state == Listing.State.ACTIVE


def refuse_contradictions(run: MappingRun) -> None:
    """Make lines bad that say different things about one listing, once all are checked. The same twice is no harm."""
    seen: dict[object, MappingLine] = {}
    bad: dict[int, MappingLine] = {}
    moving = run.lines.exclude(action=Action.BAD).select_related("listing").order_by("number")
    for line in moving.iterator(chunk_size=1000):
        if line.listing is None or not (line.cells["sku"] or line.cells["mapping"]):
            continue
        first = seen.setdefault(_item_of(line.listing), line)
        if first is line or (first.action, first.cells["sku"]) == (line.action, line.cells["sku"]):
            continue
        bad[first.pk], bad[line.pk] = first, line
        first.problem = _("Line %(number)d says otherwise about this listing.") % {"number": line.number}
        line.problem = _("Line %(number)d says otherwise about this listing.") % {"number": first.number}
    for line in bad.values():
        line.action = Action.BAD
    MappingLine.objects.bulk_update(bad.values(), ["action", "problem"], batch_size=500)


# Done -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Done:
    """What a slice of lines has done: lines looked at, listings changed, SKUs made, and the pools to settle."""

    lines: int = 0
    changed: int = 0
    made: int = 0
    written: list[int] = field(default_factory=list)


@transaction.atomic
def apply(run: MappingRun, *, start: int, at_once: int, now: datetime) -> Done:
    """Do the next lines after the first ``start``. A listing that was decided since the preview is left, and said."""
    lines = list(run.lines.select_related("listing__channel").order_by("number")[start : start + at_once])
    moving = {
        line.listing_id: line
        for line in lines
        if line.listing_id is not None and line.action not in {Action.BAD, Action.NOTHING}
    }
    missing = [
        SkuFields(code=line.cells["sku"], is_sandbox=line.listing.channel.is_sandbox)
        for line in moving.values()
        if line.action == Action.MAKE and line.listing is not None
    ]
    made = catalogue.create_skus(missing, actor=run.actor)
    named = {line.cells["sku"] for line in moving.values() if line.action == Action.MAKE}
    by_code = {sku.code: sku for sku in Sku.objects.active().filter(code__in=named)}
    found = {}
    for number, line in moving.items():
        sku_id = line.sku_id if line.action == Action.LINK else None
        if line.action == Action.MAKE:
            if line.cells["sku"] not in by_code:
                continue
            sku_id = by_code[line.cells["sku"]].pk
        found[number] = _ruling(run, line, sku_id, is_made=line.action == Action.MAKE and line.cells["sku"] in made)
    written = rulings.write(
        found, actor=run.actor, now=now, run=run, only_if=lambda listing: _is_as_seen(listing, moving)
    )
    left = [line for number, line in moving.items() if number not in written]
    for line in left:
        line.action, line.problem = Action.BAD, _("It was decided otherwise since the preview.")
    MappingLine.objects.bulk_update(left, ["action", "problem"])
    return Done(lines=len(lines), changed=len(moving) - len(left), made=len(made), written=written)


def _is_as_seen(listing: Listing, moving: Mapping[int, MappingLine]) -> bool:
    line = moving.get(listing.pk)
    return line is None or listing.sku_id == line.before_sku_id


def _ruling(run: MappingRun, line: MappingLine, sku_id: int | None, *, is_made: bool) -> Ruling:
    mapping = {Action.UNLINK: Listing.Mapping.UNMAPPED, Action.IGNORE: Listing.Mapping.IGNORED}
    wanted = mapping.get(Action(line.action), Listing.Mapping.MAPPED)
    return Ruling(
        mapping=wanted,
        sku_id=sku_id,
        kind=rulings.TAKEN_AWAY if wanted == Listing.Mapping.UNMAPPED else rulings.FILE,
        reason=_("From %(file)s, line %(number)d, by %(actor)s")
        % {"file": run.name, "number": line.number, "actor": name_of(run.actor)},
        made_sku=is_made,
    )

"""The rows of the table of tolerances and hold-backs: what each scope says, and what it inherits from where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from channels.hold_backs import Scope
from channels.models import Channel, HoldBack, Listing
from inventory import sheets
from inventory.models import Sku
from inventory.sheets import Line
from reconciliation import levels
from reconciliation.levels import FIELDS, Change, Invalid, Value, Values
from reconciliation.models import Tolerance

HEADERS = ("level", "channel", "sku", "listing", *FIELDS)
ERRORS_SHOWN = 50
AT_ONCE = 500
DEFAULTS: Values = {**dict.fromkeys(FIELDS, 0), "policy": Tolerance.Policy.LEAVE.value}


class Refused(Exception):
    """A file can't be taken; ``problems`` say why, line by line, the first of them."""

    def __init__(self, problems: Sequence[str], total: int) -> None:
        super().__init__(_("Nothing was taken from the file."))
        self.problems = problems
        self.total = total


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value of a scope: its own, or what it inherits. ``origin`` says from where, in a word or two."""

    name: str
    own: Value
    inherited: Value
    origin: str
    is_default: bool = False  # nobody has said anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scope as it is drawn."""

    key: str
    kind: str
    name: str
    note: str
    cells: list[Cell]


def key_of(scope: Scope) -> str:
    return scope.subject.replace(":", "-")


def scope_of(key: str) -> Scope | None:
    """Return the scope that a form names; None for what is none."""
    if key == "everything":
        return Scope()
    kind, _mark, number = key.partition("-")
    if kind not in {"channel", "sku", "listing"} or not number.isdecimal() or len(number) > 18:
        return None
    return Scope(**{f"{kind}_id": int(number)})


def broad() -> list[Row]:
    """Return the rows of everything and of each channel."""
    channels = list(Channel.objects.filter(disconnected_at=None).only("name").order_by("name"))
    own = levels.said([Scope(), *(Scope(channel_id=channel.pk) for channel in channels)])
    rows = [_row(Scope(), "everything", _("Everything"), "", own[Scope()], [(_("the default"), DEFAULTS)])]
    above = _above_channels(own[Scope()])
    for channel in channels:
        scope = Scope(channel_id=channel.pk)
        rows.append(_row(scope, "channel", channel.name, "", own[scope], above))
    return rows


def of_skus(skus: Sequence[Sku]) -> list[Row]:
    """Return the rows of SKUs. What a SKU inherits may differ by channel; then no value is told."""
    scopes = [Scope(sku_id=sku.pk) for sku in skus]
    broad_own = _broad_own()
    own = levels.said(scopes)
    above = _above_channels(broad_own[Scope()])
    varying = {
        name
        for name in FIELDS
        if any(values[name] is not None for scope, values in broad_own.items() if scope != Scope())
    }
    rows = []
    for sku, scope in zip(skus, scopes, strict=True):
        row = _row(scope, "sku", sku.code, sku.name, own[scope], above)
        cells = [
            Cell(name=cell.name, own=cell.own, inherited=None, origin=_("by channel"))
            if cell.own is None and cell.name in varying
            else cell
            for cell in row.cells
        ]
        rows.append(Row(key=row.key, kind=row.kind, name=row.name, note=row.note, cells=cells))
    return rows


def of_listings(listings: Sequence[Listing]) -> list[Row]:
    """Return the rows of listings."""
    broad_own = _broad_own()
    skus = levels.said([Scope(sku_id=pk) for pk in {ls.sku_id for ls in listings if ls.sku_id is not None}])
    own = levels.said([Scope(listing_id=ls.pk) for ls in listings])
    nothing: Values = dict.fromkeys(FIELDS)
    rows = []
    for listing in listings:
        scope = Scope(listing_id=listing.pk)
        above = [
            (_("the SKU"), skus.get(Scope(sku_id=listing.sku_id), nothing) if listing.sku_id else nothing),
            (_("the channel"), broad_own.get(Scope(channel_id=listing.channel_id), nothing)),
            *_above_channels(broad_own[Scope()]),
        ]
        note = f"{listing.channel.name} · {listing.sku.code}" if listing.sku else listing.channel.name
        rows.append(_row(scope, "listing", str(listing), note, own[scope], above))
    return rows


def _broad_own() -> dict[Scope, Values]:
    channels = Channel.objects.filter(disconnected_at=None).values_list("pk", flat=True)
    return levels.said([Scope(), *(Scope(channel_id=pk) for pk in channels)])


def _above_channels(everything: Values) -> list[tuple[str, Values]]:
    return [(_("everything"), everything), (_("the default"), DEFAULTS)]


def _row(scope: Scope, kind: str, name: str, note: str, own: Values, above: Sequence[tuple[str, Values]]) -> Row:
    cells = []
    for field in FIELDS:
        origin, values = next((words, values) for words, values in above if values[field] is not None)
        cells.append(
            Cell(
                name=field,
                own=own[field],
                inherited=values[field],
                origin=origin,
                is_default=values is DEFAULTS,
            )
        )
    return Row(key=key_of(scope), kind=kind, name=name, note=note, cells=cells)


# Which SKUs and listings ----------------------------------------------------------------------------------------


def skus(*, words: str, is_set: bool) -> QuerySet[Sku]:
    """Return the SKUs that are looked for; only those that say something themselves where ``is_set``."""
    rows = Sku.objects.filter(archived_at=None).order_by("code", "pk")
    if words:
        rows = rows.filter(Q(code__icontains=words) | Q(name__icontains=words) | Q(barcode__startswith=words))
    return rows.filter(_says("sku")) if is_set else rows


def listings(*, words: str, channel: Channel | None, is_set: bool) -> QuerySet[Listing]:
    """Return the mapped listings that are looked for; only those that say something themselves where ``is_set``."""
    rows = Listing.objects.filter(mapping=Listing.Mapping.MAPPED).exclude(state=Listing.State.GONE)
    rows = rows.select_related("channel", "sku").defer("channel__credentials", "channel__options")
    if words:
        rows = rows.search(words)
    if channel is not None:
        rows = rows.filter(channel=channel)
    found: QuerySet[Listing] = rows.filter(_says("listing")) if is_set else rows
    return found.order_by("title", "pk")


def _says(name: str) -> Q:
    wanted = {name: OuterRef("pk")}
    return Q(Exists(HoldBack.objects.filter(**wanted))) | Q(Exists(Tolerance.objects.filter(**wanted)))


# Files ----------------------------------------------------------------------------------------------------------


def exported(rows: Iterable[tuple[Scope, Sequence[str]]]) -> Iterator[list[sheets.Cell]]:
    """Yield the lines of a file: how each scope is named, and what it says itself."""
    part: list[tuple[Scope, Sequence[str]]] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield from _lines(part)
            part = []
    yield from _lines(part)


def _lines(part: Sequence[tuple[Scope, Sequence[str]]]) -> Iterator[list[sheets.Cell]]:
    own = levels.said([scope for scope, _names in part])
    for scope, names in part:
        yield [*names, *(own[scope][field] for field in FIELDS)]


def brought_in(content: bytes) -> list[Change]:
    """Return what a file changes. Raises UnreadableSheet and Refused; then nothing of it is taken."""
    lines = sheets.read_csv(content, required=("level", *FIELDS), optional=("channel", "sku", "listing"))
    if len(lines) > levels.MOST:
        raise Refused(
            [
                _("The file has %(found)d lines, at most %(most)d are taken at once.")
                % {"found": len(lines), "most": levels.MOST}
            ],
            1,
        )
    names = _Names.of(lines)
    problems: list[str] = []
    wanted: dict[Scope, Values] = {}
    first_seen: dict[Scope, int] = {}
    for line in lines:
        try:
            scope = names.scope(line)
            if scope in first_seen:
                raise Invalid(_("it stands on line %(line)d already") % {"line": first_seen[scope]})
            first_seen[scope] = line.number
            wanted[scope] = _values(line)
        except Invalid as problem:
            problems.append(_("Line %(line)d: %(why)s") % {"line": line.number, "why": problem})
    if problems:
        raise Refused(problems[:ERRORS_SHOWN], len(problems))
    return levels.changes(wanted)


def _values(line: Line) -> Values:
    values: Values = {}
    for field in FIELDS:
        try:
            values[field] = levels.parse(field, line.cells[field])
        except Invalid as problem:
            raise Invalid(f"{field}: {problem}") from problem
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """The rows that the lines of a file name, looked up together."""

    channels: Mapping[str, int]
    skus: Mapping[str, int]
    listings: Mapping[tuple[int, str], int]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Names:
        codes = sorted({line.cells.get("sku", "") for line in lines} - {""})
        refs = sorted({line.cells.get("listing", "") for line in lines} - {""})
        skus: dict[str, int] = {}
        found: dict[tuple[int, str], int] = {}
        for start in range(0, len(codes), AT_ONCE):
            skus.update(Sku.objects.filter(code__in=codes[start : start + AT_ONCE]).values_list("code", "pk"))
        for start in range(0, len(refs), AT_ONCE):
            rows = Listing.objects.filter(ref__in=refs[start : start + AT_ONCE])
            found.update({(channel, ref): pk for channel, ref, pk in rows.values_list("channel_id", "ref", "pk")})
        channels = dict(Channel.objects.filter(disconnected_at=None).values_list("name", "pk"))
        return cls(channels=channels, skus=skus, listings=found)

    def scope(self, line: Line) -> Scope:
        """Return the scope that a line is about. Raises Invalid."""
        level = line.cells["level"].casefold()
        if level == "everything":
            return Scope()
        if level == "channel":
            return Scope(channel_id=self._channel(line))
        if level == "sku":
            code = line.cells.get("sku", "")
            if code not in self.skus:
                raise Invalid(_("there is no SKU “%(code)s”") % {"code": code[:80]})
            return Scope(sku_id=self.skus[code])
        if level == "listing":
            place = self._channel(line), line.cells.get("listing", "")
            if place not in self.listings:
                raise Invalid(_("the channel has no listing “%(ref)s”") % {"ref": place[1][:80]})
            return Scope(listing_id=self.listings[place])
        raise Invalid(_("the level is one of: everything, channel, sku, listing"))

    def _channel(self, line: Line) -> int:
        name = line.cells.get("channel", "")
        if name not in self.channels:
            raise Invalid(_("there is no channel “%(name)s”") % {"name": name[:80]})
        return self.channels[name]

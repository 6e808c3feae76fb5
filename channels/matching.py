"""What a store's item may be of ours: evidence, weighed. Pure: no query, no clock.

Three kinds link by themselves, and only where nothing speaks against them: the same code, the same code but for case,
spaces and dashes, the same barcode. Whatever several items or several SKUs share is never guessed. A similar title
only suggests. ``decide`` weighs a whole store at once, because what is unambiguous depends on all of it.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.translation import gettext as _

from channels import likeness
from channels.likeness import TitleIndex
from inventory.models import match_key

AT_MOST = 3  # suggestions for one item
AGREEING = 60  # titles as alike as that say the same thing, of 100
APART = 35  # titles less alike than that speak against it
SHORT_NUMBER = 6  # a code of fewer digits and no letter may be counted up by two systems alike
STRONG_KEY = 5  # characters that a code needs to mean one thing whatever its case and dashes


class Kind(enum.StrEnum):
    """What a match rests on."""

    CODE = "code"
    FORMER_CODE = "former-code"
    NEAR_CODE = "near-code"
    BARCODE = "barcode"
    TITLE = "title"


@dataclass(frozen=True)
class StoreItem:
    """One item of a store as it calls itself; pools of it at several locations are one item."""

    id: int
    code: str = ""
    barcode: str = ""
    title: str = ""

    @cached_property
    def key(self) -> str:
        return match_key(self.code)

    @cached_property
    def gtin(self) -> str:
        return likeness.gtin(self.barcode)


@dataclass(frozen=True)
class OurSku:
    """A SKU of ours; ``former`` are the codes it had, or that SKUs which were merged into it had."""

    id: int
    code: str
    name: str = ""
    barcode: str = ""
    former: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(filter(None, map(match_key, (self.code, *self.former))))

    @cached_property
    def gtin(self) -> str:
        return likeness.gtin(self.barcode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A SKU that an item may be: ``confidence`` of 100, and the reason in words."""

    sku_id: int
    kind: Kind
    confidence: int
    reason: str
    is_safe: bool = False

    def doubted(self, confidence: int, doubt: str) -> Match:
        """Return the match as one that only suggests, with what speaks against it."""
        return replace(
            self, is_safe=False, confidence=min(confidence, self.confidence), reason=f"{self.reason} {doubt}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of an item: it links to ``link``, or waits with ``suggestions``, best first, and ``why``."""

    link: Match | None = None
    suggestions: tuple[Match, ...] = ()
    why: str = ""


def decide(
    items: Sequence[StoreItem],
    skus: Collection[OurSku],
    *,
    sold_already: Mapping[int, str],
    others: Iterable[StoreItem] = (),
    titles: TitleIndex | None = None,
) -> dict[int, Decision]:
    """Return the decision on each of ``items`` by its id.

    ``others`` are the store's items that are not up for decision: a code they share is not unambiguous.
    ``sold_already``: SKUs that an item of the store is linked to, and what that item is called. ``titles`` finds
    SKUs by their name; without it nothing is suggested for a title.
    """
    weighing = _Weighing(items, skus, [*items, *others])
    found = {item.id: weighing.matches(item) for item in items}
    claims = Counter(matches[0].sku_id for matches in found.values() if matches and matches[0].is_safe)
    by_code = {m[0].sku_id for m in found.values() if m and m[0].is_safe and m[0].kind is Kind.CODE}
    decisions = {}
    for item in items:
        matches = found[item.id]
        best = matches[0] if matches else None
        if best is not None and best.is_safe and best.kind is not Kind.CODE:
            if best.sku_id in sold_already:
                doubt = _("But “%(title)s” of this store sells it already.") % {"title": sold_already[best.sku_id]}
                matches = [best.doubted(75, doubt), *matches[1:]]
            elif best.sku_id in by_code or claims[best.sku_id] > 1:
                matches = [best.doubted(75, _("But another listing of this store means it too.")), *matches[1:]]
        if matches and matches[0].is_safe:
            decisions[item.id] = Decision(link=matches[0])
            continue
        shown = _with_titles(item, matches, weighing, titles)
        decisions[item.id] = Decision(suggestions=tuple(shown[:AT_MOST]), why=weighing.why(item, shown))
    return decisions


def _with_titles(
    item: StoreItem, matches: Sequence[Match], weighing: _Weighing, titles: TitleIndex | None
) -> list[Match]:
    """Add the SKUs whose names are like the item's title, and put the surest first."""
    known = {match.sku_id for match in matches}
    shown = list(matches)
    if titles is not None and item.title and len(shown) < AT_MOST:
        for sku_id, score in titles.nearest(item.title, limit=AT_MOST):
            if sku_id not in known and sku_id in weighing.skus:
                reason = _("The titles are alike (%(score)d %%).") % {"score": score}
                shown.append(Match(sku_id=sku_id, kind=Kind.TITLE, confidence=score * 8 // 10, reason=reason))
    return sorted(shown, key=lambda match: -match.confidence)


class _Weighing:
    """The evidence of one store against all SKUs."""

    def __init__(self, items: Sequence[StoreItem], skus: Collection[OurSku], store: Sequence[StoreItem]) -> None:
        self.skus = {sku.id: sku for sku in skus}
        self.by_code: dict[str, list[OurSku]] = _grouped(skus, lambda sku: [sku.code])
        self.by_former = _grouped(skus, lambda sku: sku.former)
        self.by_key = _grouped(skus, lambda sku: sku.keys)
        self.by_gtin = _grouped(skus, lambda sku: [sku.gtin])
        self.codes = Counter(item.code for item in store if item.code)
        self.keys = Counter(item.key for item in store if item.key)
        self.gtins = Counter(item.gtin for item in store if item.gtin)

    def matches(self, item: StoreItem) -> list[Match]:
        """Return what the item may be by code or barcode, the surest first."""
        found: dict[int, Match] = {}
        for match in (*self._by_code(item), *self._by_key(item), *self._by_gtin(item), *self._in_title(item)):
            earlier = found.get(match.sku_id)
            if earlier is None or match.confidence > earlier.confidence:
                found[match.sku_id] = match
        matches = sorted(found.values(), key=lambda match: (-match.is_safe, -match.confidence, match.sku_id))
        if len(matches) > 1 and matches[0].is_safe:
            # Its code says one thing, its barcode another; beside an equal code a near one says nothing.
            is_plain = matches[0].kind is Kind.CODE and matches[1].kind is Kind.NEAR_CODE
            if not is_plain and matches[1].kind is not Kind.TITLE:
                one, other = (self.skus[match.sku_id].code for match in matches[:2])
                doubt = _("But something else of it means %(sku)s.")
                matches[:2] = [
                    matches[0].doubted(70, doubt % {"sku": other}),
                    matches[1].doubted(65, doubt % {"sku": one}),
                ]
        return matches

    def _by_code(self, item: StoreItem) -> Iterable[Match]:
        for kind, index in ((Kind.CODE, self.by_code), (Kind.FORMER_CODE, self.by_former)):
            skus = index.get(item.code, [])
            for sku in skus:
                reason = (
                    _("The store's SKU is the same code.")
                    if kind is Kind.CODE
                    else _("The store's SKU is a code that %(sku)s had.") % {"sku": sku.code}
                )
                match = Match(
                    sku_id=sku.id, kind=kind, confidence=100 if kind is Kind.CODE else 99, reason=reason, is_safe=True
                )
                if self.codes[item.code] > 1:
                    yield match.doubted(80, _("But several listings of this store carry it."))
                elif len(skus) > 1:
                    yield match.doubted(75, _("But so do others."))
                else:
                    yield _unless_another_product(match, item, sku)

    def _by_key(self, item: StoreItem) -> Iterable[Match]:
        if not item.key or item.code in self.by_code:
            return
        skus = self.by_key.get(item.key, [])
        for sku in skus:
            # That a title repeats the code is no second evidence.
            alike = likeness.titles(item.title, sku.name, codes=(item.code, sku.code))
            is_strong = any(likeness.is_respelling(item.code, code) for code in (sku.code, *sku.former))
            is_strong = is_strong and len(item.key) >= STRONG_KEY and not item.key.isdecimal()
            reason = _("The store's SKU is the same code but for case, spaces, dashes or leading zeros.")
            match = Match(sku_id=sku.id, kind=Kind.NEAR_CODE, confidence=97, reason=reason, is_safe=True)
            if self.keys[item.key] > 1 or len(skus) > 1:
                yield match.doubted(70, _("But so is that of others."))
            elif _is_other_barcode(item, sku):
                yield match.doubted(55, _("But the barcodes differ."))
            elif likeness.contradiction(item.title, sku.name) or (alike is not None and alike < APART):
                yield match.doubted(55, _("But the titles don't agree."))
            elif alike is not None and alike >= AGREEING:
                agreeing = f"{reason} " + _("The titles agree (%(score)d %%).") % {"score": alike}
                yield replace(match, reason=agreeing, confidence=97 if is_strong else 95)
            elif item.gtin and item.gtin == sku.gtin:
                yield replace(match, reason=f"{reason} " + _("So is the barcode."), confidence=98)
            elif is_strong:
                yield replace(match, confidence=96)
            else:
                yield match.doubted(80, _("But it is too short or too like others to link by itself."))

    def _by_gtin(self, item: StoreItem) -> Iterable[Match]:
        skus = self.by_gtin.get(item.gtin, []) if item.gtin else []
        for sku in skus:
            reason = _("The barcode %(barcode)s is the same.") % {"barcode": item.barcode}
            match = Match(sku_id=sku.id, kind=Kind.BARCODE, confidence=98, reason=reason, is_safe=True)
            alike = likeness.titles(item.title, sku.name)
            contradiction = likeness.contradiction(item.title, sku.name)
            if self.gtins[item.gtin] > 1 or len(skus) > 1:
                yield match.doubted(70, _("But so is that of others."))
            elif likeness.is_of_a_shop(item.gtin):
                yield match.doubted(65, _("But it is a number that each shop gives for itself."))
            elif contradiction:
                yield match.doubted(60, contradiction)
            elif alike is not None and alike < APART:
                yield match.doubted(60, _("But the titles don't agree."))
            else:
                yield match

    def _in_title(self, item: StoreItem) -> Iterable[Match]:
        for word in item.title.split():
            written = word.strip("()[]{},.;:#'\"")
            if len(written) >= STRONG_KEY and any(c.isdigit() for c in written):
                for sku in self.by_key.get(match_key(written), []):
                    reason = _("Its title names the code %(sku)s.") % {"sku": sku.code}
                    yield Match(sku_id=sku.id, kind=Kind.TITLE, confidence=80, reason=reason)

    def why(self, item: StoreItem, suggestions: Sequence[Match]) -> str:
        """Return the sentence that says why the item waits, where a suggestion's own reason does not say it."""
        if item.code and self.codes[item.code] > 1:
            return _("Several listings of this store carry this SKU: choose which one sells it.")
        if suggestions:
            return ""
        return "" if item.code else _("The store gives it no SKU.")


def _unless_another_product(match: Match, item: StoreItem, sku: OurSku) -> Match:
    """Doubt an equal code where the rest says that two systems have counted up to the same number."""
    is_other = _is_other_barcode(item, sku)
    is_short_number = item.code.isdecimal() and len(item.code) < SHORT_NUMBER
    if not is_other and (not is_short_number or (item.gtin and item.gtin == sku.gtin)):
        return match
    alike = likeness.titles(item.title, sku.name)
    if alike is None or alike >= AGREEING - 10:
        return match
    if is_other:
        return match.doubted(60, _("But neither the titles nor the barcodes agree."))
    return match.doubted(60, _("But it is a short number, and the titles don't agree."))


def _is_other_barcode(item: StoreItem, sku: OurSku) -> bool:
    return bool(item.gtin and sku.gtin and item.gtin != sku.gtin)


def _grouped(skus: Iterable[OurSku], names: Callable[[OurSku], Iterable[str]]) -> dict[str, list[OurSku]]:
    groups: dict[str, list[OurSku]] = defaultdict(list)
    for sku in skus:
        for name in set(names(sku)):
            if name:
                groups[name].append(sku)
    return dict(groups)

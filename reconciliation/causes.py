"""Why a channel shows another number, what speaks for it, and what to do about it. Pure: no query, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from inventory import formats
from inventory.models import Sku
from reconciliation.facts import Facts, SentPush
from reconciliation.words import Cause, Verb

Evidence = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A cause with its evidence (sentences, each with the row it is about) and the action that follows from it."""

    cause: Cause
    evidence: tuple[Evidence, ...] = ()
    proposal: Verb | None = None
    reason: str = ""
    proposed_sku: Sku | None = field(default=None)


def judge(facts: Facts) -> Judgement:
    """Return the most likely cause: what can be proved first, what only remains last."""
    for rule in _RULES:
        judgement = rule(facts)
        if judgement is not None:
            return judgement
    return _unknown(facts)


def evidence(kind: str, sentence: str, pk: int | None = None) -> Evidence:
    return {"kind": kind, "id": pk, "sentence": sentence}


def _gone(facts: Facts) -> Judgement | None:
    if not facts.is_gone:
        return None
    said = [evidence("reading", _("It is neither in the store's catalogue nor found when asked for directly."))]
    reason = _("There is nothing left to write to; its history stays.")
    if facts.successor is not None:
        sentence = _("Another listing carries its code %(code)s: it was probably made anew.")
        said.append(evidence("listing", sentence % {"code": facts.code}, facts.successor.pk))
        reason = _("Its place was taken by a new listing with the same code; that one is published to.")
    return Judgement(cause=Cause.LISTING_GONE, evidence=tuple(said), proposal=Verb.IGNORE, reason=reason)


def _untracked(facts: Facts) -> Judgement | None:
    if not facts.is_untracked:
        return None
    return Judgement(
        cause=Cause.TRACKING_SWITCHED,
        evidence=(
            evidence("reading", _("The store sells it without counting: its stock was set to unlimited there.")),
        ),
        proposal=Verb.KEEP_OURS,
        reason=_("Uncounted, the store sells what isn't there. Ours gives it a counted stock again."),
    )


def _managed(facts: Facts) -> Judgement | None:
    if not facts.unwritable_reason:
        return None
    return Judgement(
        cause=Cause.PLATFORM_MANAGED,
        evidence=(evidence("listing", facts.unwritable_reason),),
        proposal=Verb.IGNORE,
        reason=_("The platform keeps this number itself: nothing of ours may change it."),
    )


def _mapping(facts: Facts) -> Judgement | None:
    if facts.other_sku is None or facts.code == facts.sku_code:
        return None
    sentence = _("The store calls it %(code)s, which is another SKU of ours; it is linked to %(sku)s.")
    return Judgement(
        cause=Cause.MAPPING,
        evidence=(evidence("listing", sentence % {"code": facts.code, "sku": facts.sku_code}),),
        proposal=Verb.CHANGE_MAPPING,
        reason=_("It should sell the SKU whose code it carries."),
        proposed_sku=facts.other_sku,
    )


def _lost_push(facts: Facts) -> Judgement | None:
    lost = _lost(facts)
    if not lost:
        return None
    if facts.drift < 0 and facts.unbooked and not any(push.was_decided for push in lost):
        return _unknown(facts)  # it may as well be the order that is not booked
    return Judgement(
        cause=Cause.LOST_PUSH,
        evidence=tuple(_changes(lost)),
        proposal=Verb.KEEP_OURS,
        reason=_("Our own change did not arrive as booked: send the difference again."),
    )


def _changes(lost: Sequence[SentPush]) -> list[Evidence]:
    """Return what is known of changes of ours that may be lost."""
    said = []
    for push in lost:
        if push.was_decided or push.state == "unknown":
            sentence = _("What became of our change of %(delta)s was never answered; a reading had to decide.")
        elif push.state == "applied":
            sentence = _("Our change of %(delta)s was answered as done, yet the number is off by exactly that.")
        else:
            sentence = _("Our change of %(delta)s was answered as not done, yet the number is off by exactly that.")
        said.append(evidence("push", sentence % {"delta": formats.change(push.delta)}, push.pk))
    return said


def _lost(facts: Facts) -> Sequence[SentPush]:
    """Return the pushes whose loss, or whose unnoticed success, is exactly the drift.

    One alone, those whose outcome was in doubt first; else the newest few together, as a store that was put back to
    a backup loses them.
    """
    doubtful = [push for push in facts.pushes if push.was_decided or push.state == "unknown"]
    for push in [*doubtful, *facts.pushes]:
        was_counted = push.state == "applied"
        if push.delta and facts.drift == (-push.delta if was_counted else push.delta):
            return [push]
    together: list[SentPush] = []
    for push in facts.pushes:
        if push.state != "applied":
            continue
        together.append(push)
        if len(together) > 1 and facts.drift == -sum(p.delta for p in together):
            return together
    return []


def _late_order(facts: Facts) -> Judgement | None:
    if facts.drift >= 0 or not facts.unbooked:
        return None
    return Judgement(
        cause=Cause.LATE_ORDER,
        evidence=tuple(_orders(facts)),
        proposal=Verb.SNOOZE,
        reason=_("It heals once the order is booked: see to that first."),
    )


def _orders(facts: Facts) -> list[Evidence]:
    """Return what is known of orders that are not booked."""
    sentence = _("%(name)s is known and not booked: %(problem)s")
    return [evidence(u.kind, sentence % {"name": u.name, "problem": u.problem}, u.pk) for u in facts.unbooked[:5]]


def _hand_edit(facts: Facts) -> Judgement | None:
    if not facts.drift:
        return None
    said = [
        evidence("event", _("The store told of a change of this product that no order explains."), edit.pk)
        for edit in facts.edits[:3]
    ]
    said.append(
        evidence(
            "reading",
            _("Orders were asked for before and after: neither they nor a change of ours explain %(drift)s.")
            % {"drift": formats.change(facts.drift)},
        )
    )
    proposal, reason = _about(facts)
    return Judgement(cause=Cause.HAND_EDIT, evidence=tuple(said), proposal=proposal, reason=reason)


def _unknown(facts: Facts) -> Judgement:
    """Return that it can't be told, with everything that might explain it."""
    proposal, reason = _about(facts)
    said = [
        evidence("reading", _("More than one thing may explain %(drift)s.") % {"drift": formats.change(facts.drift)})
    ]
    said += _changes(_lost(facts))
    said += _orders(facts)
    return Judgement(cause=Cause.UNKNOWN, evidence=tuple(said), proposal=proposal, reason=reason)


def _about(facts: Facts) -> tuple[Verb, str]:
    """Return what to do about a number that somebody has changed: lowering is safe, raising wants a look."""
    if facts.drift > 0:
        return Verb.KEEP_OURS, _("Every unit shown too many can be sold without being there.")
    if facts.has_one_warehouse:
        return Verb.RECOUNT, _("Someone took units off: count before they are offered again.")
    return Verb.KEEP_OURS, _("The ledger knows where each of its units came from; the store's number has no history.")


_RULES: Iterable[Callable[[Facts], Judgement | None]] = (
    _gone,
    _untracked,
    _managed,
    _mapping,
    _lost_push,
    _late_order,
    _hand_edit,
)

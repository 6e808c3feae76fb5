"""What each verb would write where, told before anything is. Nothing here asks a store or changes a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from channels import availability
from channels.models import Channel, ChannelWarehouse, Listing
from inventory import formats
from inventory.models import MAX_UNITS, Sku, Warehouse
from reconciliation.models import Cause, Discrepancy, Run, Verb
from reconciliation.verbs.choice import Choice, Effect, NotPossible, Preview, Where

RESTS_FOR = timedelta(days=1)  # what snoozing means where it is proposed


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What previews look up, for any number of discrepancies in a fixed number of queries."""

    targets: Mapping[int, int]  # what each listing should show now, by listing id
    feeds: Mapping[int, list[Warehouse]]  # the warehouses of each channel, first one first
    others: Mapping[int, list[Listing]]  # the published listings of each SKU, by SKU id
    new_targets: Mapping[int, int]  # what each listing would show if it sold the chosen SKU

    @classmethod
    def of(cls, rows: Sequence[Discrepancy], sku: Sku | None = None) -> Surroundings:
        """Look up what the previews of ``rows`` need."""
        listings = [row.listing for row in rows if row.listing is not None]
        feeds: dict[int, list[Warehouse]] = {}
        for feed in (
            ChannelWarehouse.objects.filter(channel__in={ls.channel_id for ls in listings})
            .select_related("warehouse")
            .order_by("priority", "pk")
        ):
            feeds.setdefault(feed.channel_id, []).append(feed.warehouse)
        others: dict[int, list[Listing]] = {}
        for listing in (
            Listing.objects.filter(sku__in={row.sku_id for row in rows if row.sku_id is not None})
            .publishable()
            .select_related("channel")
            .order_by("channel__name", "pk")
        ):
            others.setdefault(listing.sku_id, []).append(listing)
        return cls(
            targets=availability.targets([ls for ls in listings if ls.sku_id is not None]),
            feeds=feeds,
            others=others,
            new_targets=_targets_with(listings, sku) if sku is not None else {},
        )

    def warehouse(self, row: Discrepancy, choice: Choice) -> Warehouse | None:
        """Return the warehouse that the choice means: the one it names, the row's own, or the only one there is."""
        if choice.warehouse is not None:
            return choice.warehouse
        if row.warehouse is not None:
            return row.warehouse
        feeds = self.feeds.get(row.channel_id or 0, [])
        return feeds[0] if len(feeds) == 1 else None


def _targets_with(listings: Sequence[Listing], sku: Sku) -> dict[int, int]:
    """Return what the listings would show if each sold ``sku``. Copies: nothing is saved."""
    copies = [Listing(pk=ls.pk, channel_id=ls.channel_id, location_ref=ls.location_ref, sku=sku) for ls in listings]
    return availability.targets(copies)


def preview(row: Discrepancy, choice: Choice, surroundings: Surroundings) -> Preview:
    """Return what the choice would do to ``row``, or why it can't be done."""
    try:
        effects = tuple(_EFFECTS[choice.verb](row, choice, surroundings))
    except NotPossible as problem:
        return Preview(discrepancy=row, verb=choice.verb, problem=str(problem), field=problem.field)
    return Preview(discrepancy=row, verb=choice.verb, effects=effects)


def check(row: Discrepancy, choice: Choice, surroundings: Surroundings) -> tuple[Effect, ...]:
    """Return the effects of a choice. Raises NotPossible."""
    return tuple(_EFFECTS[choice.verb](row, choice, surroundings))


def _keep_ours(row: Discrepancy, choice: Choice, around: Surroundings) -> list[Effect]:
    listing = _listing(row, _("A stock source can't be told: take its number, or mend it there."))
    channel: Channel = listing.channel
    if row.cause == Cause.LISTING_GONE or listing.state == Listing.State.GONE:
        raise NotPossible(_("The store does not offer it any more: there is nothing to write to."))
    if listing.sku_id is None:
        raise NotPossible(_("It is linked to no SKU: link it first, its number comes from there."))
    if listing.unwritable_reason:
        raise NotPossible(listing.unwritable_reason)
    target = around.targets.get(listing.pk, 0)
    if listing.tracked is False:
        if not _is_live(listing) or not channel.is_writable:
            raise NotPossible(_("Nothing is written to this channel now: go live, or reconnect it, first."))
        sentence = _("%(channel)s counts it again and shows %(target)d.") % {"channel": channel, "target": target}
        return [Effect(where=Where.CHANNEL, name=channel.name, sentence=sentence, units=target)]
    if row.channel_shows is None:
        raise NotPossible(_("The store tells no number for it: there is nothing to change."))
    return [_write(listing, shows=row.channel_shows, target=target)]


def _is_live(listing: Listing) -> bool:
    """Tell whether every change of its quantity is written."""
    return listing.channel.mode in {Channel.Mode.LIVE, Channel.Mode.PART_LIVE} and not listing.is_observed


def _write(listing: Listing, *, shows: int, target: int) -> Effect:
    """Return what publishing will do once what is shown is accounted for."""
    channel: Channel = listing.channel
    units = target - shows
    numbers = {
        "channel": channel.name,
        "shows": formats.units(shows),
        "target": formats.units(target),
        "units": formats.change(units),
    }
    goes_out = _is_live(listing) or (channel.mode == Channel.Mode.SELL_DOWN and units < 0)
    if units == 0:
        sentence, is_certain = _("%(channel)s shows %(target)s already: nothing is written."), True
    elif goes_out and channel.is_writable:
        sentence, is_certain = _("%(channel)s: %(shows)s → %(target)s (%(units)s)."), True
    elif channel.mode == Channel.Mode.SELL_DOWN:
        sentence, is_certain = _("%(channel)s only sells down: %(target)s is written once it is live again."), False
    else:
        sentence, is_certain = _("Nothing goes out to %(channel)s now: %(target)s is written once it is live."), False
    return Effect(
        where=Where.CHANNEL, name=channel.name, sentence=sentence % numbers, units=units, is_certain=is_certain
    )


def _take_theirs(row: Discrepancy, choice: Choice, around: Surroundings) -> list[Effect]:
    if row.channel_shows is None or row.ledger_says is None:
        raise NotPossible(_("It shows no number that could be taken over."))
    sku = _countable(row)
    if not choice.reason.strip():
        raise NotPossible(_("Taking their number needs a reason: it stands in the ledger."), field="reason")
    if abs(row.difference) > MAX_UNITS:
        raise NotPossible(
            _("%(units)s units are no stock: mend the number there.") % {"units": formats.change(row.difference)}
        )
    if not row.difference:
        raise NotPossible(_("The numbers agree: there is nothing to take over."))
    warehouse = _warehouse(row, choice, around)
    effects = [
        Effect(
            where=Where.LEDGER,
            name=warehouse.name,
            sentence=_("%(warehouse)s: %(units)s on hand of %(sku)s.")
            % {"warehouse": warehouse.name, "units": formats.change(row.difference), "sku": sku.code},
            units=row.difference,
        )
    ]
    names = [ls.channel.name for ls in around.others.get(sku.pk, []) if ls.pk != row.listing_id]
    if names:
        sentence = _("%(channels)s follow: they sell the same units.") % {"channels": ", ".join(names)}
        effects.append(Effect(where=Where.QUEUE, name=sku.code, sentence=sentence))
    return effects


def _recount(row: Discrepancy, choice: Choice, around: Surroundings) -> list[Effect]:
    sku = _countable(row)
    warehouse = _warehouse(row, choice, around)
    sentence = _("A task to count %(sku)s in %(warehouse)s; this rests until it is counted.")
    return [
        Effect(where=Where.TASK, name=warehouse.name, sentence=sentence % {"sku": sku, "warehouse": warehouse.name})
    ]


def _snooze(row: Discrepancy, choice: Choice, around: Surroundings) -> list[Effect]:
    if choice.until is None:
        raise NotPossible(_("Say until when it should rest."), field="until")
    if choice.until <= timezone.now():
        raise NotPossible(_("That time has passed: choose a later one."), field="until")
    sentence = _("It rests, and comes back then unless it has healed. Nothing is written to a store or the ledger.")
    return [Effect(where=Where.QUEUE, name="", sentence=sentence)]


def _ignore(row: Discrepancy, choice: Choice, around: Surroundings) -> list[Effect]:
    if not choice.reason.strip():
        raise NotPossible(_("Ignoring it needs a reason: whoever comes after you will ask."), field="reason")
    sentence = _("It leaves the queue until the difference changes. Nothing is written to a store or the ledger.")
    return [Effect(where=Where.QUEUE, name="", sentence=sentence)]


def _change_mapping(row: Discrepancy, choice: Choice, around: Surroundings) -> list[Effect]:
    listing = _listing(row, _("A stock source has no mapping of its own."))
    if choice.sku is None:
        raise NotPossible(_("Choose the SKU that it sells."), field="sku")
    if choice.sku.archived_at is not None:
        raise NotPossible(_("%(sku)s is archived: choose another.") % {"sku": choice.sku}, field="sku")
    if choice.sku.is_sandbox != listing.channel.is_sandbox:
        raise NotPossible(
            _("The sandbox is kept apart: its stores sell only its own SKUs, and real stores only real ones."),
            field="sku",
        )
    if choice.sku.pk == listing.sku_id:
        raise NotPossible(_("It is linked to %(sku)s already.") % {"sku": choice.sku}, field="sku")
    if listing.state == Listing.State.GONE:
        raise NotPossible(_("The store does not offer it any more: link the listing that has taken its place."))
    sentence = _("“%(listing)s” on %(channel)s sells %(sku)s from now on; orders booked before stay as they are.")
    words = {"listing": listing, "channel": listing.channel, "sku": choice.sku}
    effects = [Effect(where=Where.MAPPING, name=choice.sku.code, sentence=sentence % words)]
    if listing.tracked and row.channel_shows is not None and not listing.unwritable_reason:
        effects.append(_write(listing, shows=row.channel_shows, target=around.new_targets.get(listing.pk, 0)))
    return effects


_EFFECTS: Mapping[Verb, Callable[[Discrepancy, Choice, Surroundings], list[Effect]]] = {
    Verb.KEEP_OURS: _keep_ours,
    Verb.TAKE_THEIRS: _take_theirs,
    Verb.RECOUNT: _recount,
    Verb.SNOOZE: _snooze,
    Verb.IGNORE: _ignore,
    Verb.CHANGE_MAPPING: _change_mapping,
}


def _listing(row: Discrepancy, problem: str) -> Listing:
    if row.kind == Run.Kind.SOURCE or row.listing is None:
        raise NotPossible(problem)
    listing: Listing = row.listing
    return listing


def _countable(row: Discrepancy) -> Sku:
    sku = row.listing.sku if row.listing is not None else row.sku
    if sku is None:
        raise NotPossible(_("It is linked to no SKU: link it first."))
    if sku.archived_at is not None:
        raise NotPossible(_("%(sku)s is archived: its stock is not kept any more.") % {"sku": sku})
    if sku.is_bundle:
        raise NotPossible(_("A bundle holds no stock of its own: count its components instead."))
    return sku


def _warehouse(row: Discrepancy, choice: Choice, around: Surroundings) -> Warehouse:
    """Return the warehouse to change or count. Raises NotPossible where it is open or would not mend anything."""
    warehouse = around.warehouse(row, choice)
    if warehouse is None:
        raise NotPossible(_("Choose the warehouse."), field="warehouse")
    if row.kind == Run.Kind.SOURCE:
        if warehouse.pk != row.warehouse_id:
            raise NotPossible(_("The source tells of %(own)s only.") % {"own": row.warehouse}, field="warehouse")
    elif warehouse not in around.feeds.get(row.channel_id or 0, []):
        raise NotPossible(
            _("%(channel)s does not sell from %(warehouse)s: its number would still differ.")
            % {"channel": row.channel, "warehouse": warehouse},
            field="warehouse",
        )
    return warehouse


def proposed(row: Discrepancy) -> Choice | None:
    """Return the choice that accepting the row's proposal means; None where nothing is proposed."""
    if not row.proposal:
        return None
    return Choice(
        verb=Verb(row.proposal),
        version=row.version,
        warehouse=row.warehouse,
        reason=row.proposal_reason,
        until=timezone.now() + RESTS_FOR,
        sku=row.proposed_sku,
    )

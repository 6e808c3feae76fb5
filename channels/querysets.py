"""Reads of the channels' tables: chainable, ordered to the last key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from inventory.searches import found

# What keeps a quantity from a mapped listing by itself, whatever its channel does; the model has an index of these.
UNWRITTEN = (
    Q(tracked=None) | Q(tracked=False) | ~Q(unwritable_reason="") | Q(parked_at__isnull=False) | Q(accounted=None)
)
# What a quantity may ever be written to; the model has an index of these that holds what observing counts and compares.
PUBLISHABLE = Q(state="active", mapping="mapped", tracked=True, unwritable_reason="", parked_at=None)
_OBSERVED = Q(channel__mode="observe") | Q(channel__mode="part-live", is_live=False)


class ListingQuerySet(models.QuerySet[Any]):
    def publishable(self) -> ListingQuerySet:
        """Return the listings that a quantity may ever be written to; mirrors Listing.is_publishable."""
        return self.filter(PUBLISHABLE)

    def observed(self) -> ListingQuerySet:
        """Return the listings whose quantity is worked out and not written; mirrors Listing.is_observed."""
        return self.filter(_OBSERVED)

    def due(self, now: datetime) -> ListingQuerySet:
        return self.filter(due_at__lte=now)

    def update_in_order(self, **columns: Any) -> int:
        """Like ``update``, but locking the rows in the order that everyone locks listings in: by id.

        Two statements over many rows in any order could wait for each other, or for an order that is being booked.
        """
        with transaction.atomic():
            rows = self.order_by("pk").select_for_update(no_key=True)
            changed: int = self.model._default_manager.filter(pk__in=rows.values("pk")).update(**columns)
            return changed

    def wake_all(self, *, now: datetime, since: datetime | None = None) -> int:
        """Make these listings due, whatever they are; one that waits for a later try keeps its time.

        ``since`` is when the change happened that they should follow. The version moves always, so that a lane which
        is looking at an older state does not put the listing to rest.
        """
        return self.update_in_order(
            due_at=Coalesce("due_at", Value(now, output_field=models.DateTimeField())),
            due_since=Coalesce("due_since", Value(since or now, output_field=models.DateTimeField())),
            due_version=F("due_version") + 1,
        )

    def wake(self, listing_ids: Sequence[int], *, now: datetime) -> int:
        """Make those of the listings due that may be published."""
        return self.filter(pk__in=listing_ids).publishable().wake_all(now=now)

    def with_siblings(self) -> ListingQuerySet:
        """Return these listings and the other pools of their items: one item at several locations is one SKU."""
        rows: ListingQuerySet = self.model._default_manager.all()
        items = self.exclude(item_ref="").filter(channel=OuterRef("channel"), item_ref=OuterRef("item_ref"))
        return rows.filter(Q(pk__in=self.values("pk")) | Exists(items.order_by()))

    def unmapped(self) -> ListingQuerySet:
        return self.filter(mapping="unmapped", state="active")

    def beside_variations(self) -> ListingQuerySet:
        """Return the listings of a product itself where all its variations have pools of their own.

        Such a pool sells only what a buyer chose and no variation matches; most stores keep it at nothing.
        """
        rows = self.model._default_manager.filter(state="active")
        siblings = rows.filter(channel=OuterRef("channel"), product_ref=OuterRef("product_ref"))
        chosen = self.model._meta.get_field("variants").related_model._default_manager.filter(listing=OuterRef("pk"))
        return self.filter(Exists(siblings.exclude(pk=OuterRef("pk")))).exclude(Exists(chosen.exclude(options="")))

    def needing_attention(self) -> ListingQuerySet:
        """Return the listings that wait for a person: parked, or confirmed to show another number than accounted."""
        return self.filter(Q(parked_at__isnull=False) | ~Q(drift=0)).exclude(state="gone")

    def with_obstacle(self) -> ListingQuerySet:
        """Annotate ``obstacle``: by a code the first reason why nothing is written to a mapped listing now, or ""."""
        fed = self._feeds().filter(channel=OuterRef("channel"), location_ref=OuterRef("location_ref"))
        reasons = (
            (Q(channel__disconnected_at__isnull=False), "disconnected"),
            (~Q(channel__connection="ok"), "connection"),
            (Q(tracked=False), "unlimited"),
            (Q(tracked=None), "not-told"),
            (~Q(unwritable_reason=""), "read-only"),
            (Q(parked_at__isnull=False), "parked"),
            (_OBSERVED, "observe"),
            (Q(channel__mode="paused"), "paused"),
            (Q(channel__halted_at__isnull=False), "halted"),
            (~Exists(fed), "no-warehouse"),
            (Q(accounted=None), "unread"),
        )
        whens = [When(condition, then=Value(code)) for condition, code in reasons]
        rows: ListingQuerySet = self.annotate(obstacle=Case(*whens, default=Value(""), output_field=models.CharField()))
        return rows

    def _feeds(self) -> models.QuerySet[Any]:
        found: Any = self.model._meta.get_field("channel").related_model._meta.get_field("feeds").related_model
        rows: models.QuerySet[Any] = found._default_manager.all()
        return rows

    def not_pushing(self) -> ListingQuerySet:
        """Return the mapped listings that nothing is written to now, with their ``obstacle``."""
        # Of a channel that writes, only those that have a reason of their own are looked at; they have an index.
        channels = self.model._meta.get_field("channel").related_model._default_manager.order_by()
        plain = channels.filter(
            Exists(self._feeds().filter(channel=OuterRef("pk"), location_ref="")),
            disconnected_at=None,
            connection="ok",
            halted_at=None,
            mode__in=["live", "sell-down"],
            locations=None,
        )
        others = list(channels.exclude(pk__in=plain).values_list("pk", flat=True))
        rows = self.filter(mapping="mapped", state="active").filter(Q(channel__in=others) | UNWRITTEN)
        held: ListingQuerySet = rows.with_obstacle().exclude(obstacle="")
        return held

    def pushing_unmapped(self) -> ListingQuerySet:
        """Return the listings that sell without a SKU, with ``ground``: what shows it, by a code.

        ``written``: we wrote its number once, and it stands still since. ``waiting``: orders of it wait to be booked.
        ``offered``: the store offers units of it.
        """
        lines = self.model._meta.get_field("order_lines").related_model._default_manager.all()
        waiting = Q(Exists(lines.waiting().filter(listing=OuterRef("pk"))))
        offered = Q(enabled=True) & (Q(shown__gt=0) | Q(accounted__gt=0))
        ground = Case(
            When(last_pushed_at__isnull=False, then=Value("written")),
            When(waiting & Q(mapping="unmapped"), then=Value("waiting")),
            When(offered & Q(mapping="unmapped"), then=Value("offered")),
            default=Value(""),
            output_field=models.CharField(),
        )
        rows = self.filter(state="active").exclude(mapping="mapped").annotate(ground=ground)
        selling: ListingQuerySet = rows.exclude(ground="")
        return selling

    def search(self, text: str) -> ListingQuerySet:
        if not text:
            return self
        return found(self, ("title", "external_sku", "sku__code", "^barcode"), text)


class OrderQuerySet(models.QuerySet[Any]):
    def parked(self) -> OrderQuerySet:
        """Return the orders that wait for a person: with a problem, or with a line that is not booked yet."""
        lines = self.model._meta.get_field("lines").related_model._default_manager.all()
        waiting = Exists(lines.waiting().filter(order=OuterRef("pk")))
        return self.filter(~Q(problem="") | Q(waiting), channel__disconnected_at=None)


class OrderLineQuerySet(models.QuerySet[Any]):
    def waiting(self) -> OrderLineQuerySet:
        """Return the lines that hold units on the platform but not yet in the ledger."""
        return self.filter(state="waiting").exclude(sold=0, returned=0)


class InboundEventQuerySet(models.QuerySet[Any]):
    def due(self, now: datetime) -> InboundEventQuerySet:
        return self.filter(state="pending", due_at__lte=now).order_by("due_at", "pk")


class PushQuerySet(models.QuerySet[Any]):
    def open(self) -> PushQuerySet:
        """Return the pushes whose outcome is not settled."""
        return self.filter(state__in=["sending", "unknown", "accepted"])

    def latencies(self, since: datetime) -> PushQuerySet:
        """Annotate ``took``, from the cause to the receipt, for the pushes applied after ``since``."""
        rows: PushQuerySet = self.filter(state="applied", settled_at__gte=since, cause_at__isnull=False)
        timed: PushQuerySet = rows.annotate(took=F("settled_at") - F("cause_at"))
        return timed

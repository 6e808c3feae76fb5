"""Orders as their channels tell them, and what of them is booked."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from channels.models.channel import Channel
from channels.models.listing import Listing
from channels.querysets import OrderLineQuerySet, OrderQuerySet
from inventory.models import Sku


class Order(models.Model):
    """An order as a channel last told it, and what of it is booked."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FULFILLED = "fulfilled", _("Fulfilled")
        CANCELLED = "cancelled", _("Cancelled")
        DELETED = "deleted", _("Deleted")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="orders")
    ref = models.CharField(max_length=120, help_text=_("The platform's id of the order."))
    number = models.CharField(
        max_length=120, blank=True, db_index=True, help_text=_("The number that people know it by.")
    )
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    status = models.CharField(max_length=100, blank=True, help_text=_("The platform's own words."))
    placed_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True, help_text=_("When it last changed on the platform."))
    payload = models.JSONField(default=dict, help_text=_("What was last booked from, without the buyer's data."))
    digest = models.CharField(max_length=64, blank=True, help_text=_("Of the payload; an equal one needs no booking."))
    problem = models.CharField(max_length=500, blank=True)
    first_seen_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True, blank=True, help_text=_("When the payload was asked for."))
    booked_at = models.DateTimeField(null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at", "-pk"]
        indexes = [models.Index(fields=["-placed_at", "-id"], name="order_newest_first")]
        constraints = [models.UniqueConstraint(fields=["channel", "ref"], name="order_once_per_channel")]

    def __str__(self) -> str:
        return self.number or self.ref

    @property
    def reservation_key(self) -> str:
        return f"order:{self.channel_id}:{self.ref}"


class OrderLine(models.Model):
    """One line of an order: what it asks for, and what of it the ledger and ``accounted`` hold."""

    class State(models.TextChoices):
        BOOKED = "booked", _("Booked")
        WAITING = "waiting", _("Waiting")
        UNTRACKED = "untracked", _("Untracked")

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", db_index=False)  # the first of an index
    ref = models.CharField(max_length=120)
    variant_ref = models.CharField(max_length=120)
    product_ref = models.CharField(max_length=120, blank=True)
    external_sku = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=500, blank=True)
    listing = models.ForeignKey(Listing, models.PROTECT, null=True, blank=True, related_name="order_lines")
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="order_lines")
    components = models.JSONField(
        null=True, blank=True, help_text=_("Of a bundle as it was booked: SKU id and units, in pairs.")
    )
    ordered = models.BigIntegerField(default=0, help_text=_("Units the order asks for now."))
    sold = models.BigIntegerField(default=0, help_text=_("Units the ledger must hold for it, shipped ones included."))
    fulfilled = models.BigIntegerField(default=0, help_text=_("Units of them that have shipped."))
    returned = models.BigIntegerField(
        default=0, db_default=0, help_text=_("Units back on sale at this line's location that had left from elsewhere.")
    )
    taken = models.BigIntegerField(default=0, help_text=_("Units the platform has taken off its own quantity."))
    is_held = models.BooleanField(default=False, help_text=_("Whether the platform now keeps units aside for it."))
    before_start = models.BigIntegerField(
        default=0, help_text=_("Units that had left, less those that were back, before the ledger began; not booked.")
    )
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it waits."))

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["listing"], condition=Q(state="waiting"), name="order_line_waiting"),
            models.Index(fields=["order", "ordered"], name="order_line_units"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "ref"], name="order_line_once_per_order"),
            models.CheckConstraint(condition=Q(sold__gte=F("fulfilled")), name="order_line_fulfils_what_is_sold"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}:{self.ref}"

    @property
    def waits_to_ship(self) -> int:
        """Units the ledger must keep reserved for it."""
        return self.sold - self.fulfilled

    @property
    def left(self) -> int:
        """Units that have left since the ledger began, less those that came back; below 0 where more came back."""
        return self.fulfilled - self.returned - self.before_start

"""Sales channels and everything that has to survive a crash: events, orders, pushes, lanes.

Each arrow of the data's way is a row here: webhook → InboundEvent → Order → (ledger) → Listing due → Push.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from channels.encryption import EncryptedJSONField
from channels.querysets import InboundEventQuerySet, ListingQuerySet, OrderLineQuerySet, PushQuerySet
from inventory.models import Sku, Warehouse


class Channel(models.Model):
    """One connected store, marketplace account or shop."""

    class Mode(models.TextChoices):
        OBSERVE = "observe", _("Observe")
        LIVE = "live", _("Live")
        SELL_DOWN = "sell-down", _("Sell-down")
        PAUSED = "paused", _("Paused")

    class Connection(models.TextChoices):
        OK = "ok", _("Connected")
        RECONNECT = "reconnect", _("Reconnect needed")
        REFUSED = "refused", _("Refused by the platform")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    platform = models.CharField(max_length=32)
    name = models.CharField(max_length=100, unique=True)
    base_url = models.URLField(max_length=300, help_text=_("Where the platform's API answers."))
    account_ref = models.CharField(max_length=100, help_text=_("The platform's id of the store."))
    credentials = EncryptedJSONField(help_text=_("Encrypted at rest; never shown again."))
    credentials_version = models.PositiveIntegerField(
        default=1, help_text=_("Raised by each reconnect: the failure of older credentials says nothing any more.")
    )
    options = models.JSONField(default=dict, blank=True, help_text=_("Facts about this store that differ per store."))
    warehouses: models.ManyToManyField[Warehouse, ChannelWarehouse] = models.ManyToManyField(
        Warehouse, through="ChannelWarehouse", related_name="channels"
    )
    mode = models.CharField(max_length=16, choices=Mode, default=Mode.OBSERVE)
    connection = models.CharField(max_length=16, choices=Connection, default=Connection.OK)
    connection_problem = models.CharField(max_length=500, blank=True, help_text=_("The platform's own words."))
    connection_problem_at = models.DateTimeField(null=True, blank=True)

    # The circuit breaker: a wave beyond these stops and asks.
    breaker_percent = models.PositiveSmallIntegerField(default=50)
    breaker_zeros = models.PositiveIntegerField(default=50)
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_reason = models.CharField(max_length=300, blank=True)
    wave_allowed_until = models.DateTimeField(null=True, blank=True)

    # Coming in. Each "next" column is a due time that the sweep reads.
    started_at = models.DateTimeField(help_text=_("Orders placed earlier took their stock before the ledger began."))
    poll_seconds = models.PositiveIntegerField(default=300)
    orders_polled_to = models.DateTimeField(null=True, blank=True)
    deep_polled_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    next_subscription_check_at = models.DateTimeField(null=True, blank=True)
    subscription_report = models.JSONField(default=dict, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    refused_webhooks = models.PositiveIntegerField(default=0)
    refused_webhook_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    disconnected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "account_ref", "base_url"],
                condition=Q(disconnected_at=None),
                name="channel_once_per_store",
            ),
            models.CheckConstraint(condition=Q(breaker_percent__range=(1, 100)), name="channel_breaker_percent_valid"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def webhook_url(self) -> str:
        return f"{settings.PUBLIC_URL}/webhooks/{self.platform}/{self.uuid}/"

    @property
    def is_writable(self) -> bool:
        """Whether quantities go out at all now."""
        return (
            self.mode in {self.Mode.LIVE, self.Mode.SELL_DOWN}
            and self.connection == self.Connection.OK
            and self.disconnected_at is None
        )


class ChannelWarehouse(models.Model):
    """A warehouse whose stock a channel sells; orders take from the smallest priority first."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="feeds")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="feeds")
    priority = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "warehouse"], name="channel_warehouse_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}←{self.warehouse_id}"


class Listing(models.Model):
    """One stock pool of a channel: the thing whose quantity is read and written. It may be mapped to a SKU.

    ``accounted`` is what the channel shows if we know of everything that happened there; null until it was read.
    """

    class Mapping(models.TextChoices):
        UNMAPPED = "unmapped", _("Unmapped")
        MAPPED = "mapped", _("Mapped")
        IGNORED = "ignored", _("Ignored")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        GONE = "gone", _("Gone")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="listings")
    ref = models.CharField(max_length=120, help_text=_("The platform's id of the pool."))
    product_ref = models.CharField(max_length=120, db_index=True)
    title = models.CharField(max_length=500, blank=True)
    external_sku = models.CharField(max_length=255, blank=True, db_index=True)
    barcode = models.CharField(max_length=64, blank=True)
    url = models.URLField(max_length=500, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=16, choices=State, default=State.ACTIVE)

    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="listings")
    mapping = models.CharField(max_length=16, choices=Mapping, default=Mapping.UNMAPPED)
    mapping_reason = models.CharField(max_length=300, blank=True)

    tracked = models.BooleanField(null=True, help_text=_("False: unlimited. Null: the platform has not told."))
    unwritable_reason = models.CharField(max_length=300, blank=True, help_text=_("Why the platform refuses writes."))
    accounted = models.BigIntegerField(null=True, blank=True)
    accounted_version = models.BigIntegerField(default=0, help_text=_("Raised by whatever changes accounted."))
    shown = models.BigIntegerField(null=True, blank=True, help_text=_("The quantity last read from the channel."))
    shown_at = models.DateTimeField(null=True, blank=True)
    shown_version = models.BigIntegerField(null=True, blank=True, help_text=_("The accounted version at that reading."))
    drift = models.BigIntegerField(default=0, help_text=_("Shown less accounted, once confirmed; zero when healed."))
    drift_since = models.DateTimeField(null=True, blank=True)

    due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the lane should look at it; null: at rest."))
    due_since = models.DateTimeField(
        null=True, blank=True, help_text=_("When the oldest change that is not sent yet happened.")
    )
    due_version = models.BigIntegerField(default=0, help_text=_("Raised by each wake-up, so that none is lost."))
    check_due_at = models.DateTimeField(null=True, blank=True, help_text=_("When its quantity should be read."))
    failures = models.PositiveIntegerField(default=0)
    parked_at = models.DateTimeField(null=True, blank=True)
    parked_reason = models.CharField(max_length=500, blank=True, help_text=_("The platform's own words."))
    last_pushed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ["channel", "title", "pk"]
        indexes = [
            models.Index(fields=["channel", "due_at"], condition=Q(due_at__isnull=False), name="listing_due"),
            models.Index(fields=["check_due_at"], condition=Q(check_due_at__isnull=False), name="listing_check_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["channel", "ref"], name="listing_once_per_channel"),
            models.CheckConstraint(
                condition=Q(mapping="mapped", sku__isnull=False) | ~Q(mapping="mapped") & Q(sku__isnull=True),
                name="listing_mapped_has_a_sku",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.ref

    @property
    def is_publishable(self) -> bool:
        """Whether a quantity may ever be written to it, whatever the channel's mode."""
        return (
            self.state == self.State.ACTIVE
            and self.mapping == self.Mapping.MAPPED
            and self.tracked is True
            and not self.unwritable_reason
            and self.parked_at is None
        )


class ListingVariant(models.Model):
    """Something a buyer can choose that sells from a listing's pool: the product itself or one of its variations."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="variants")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="variants")
    ref = models.CharField(max_length=120, help_text=_("The platform's id of the product or variation."))
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("The platform's row number of a variation.")
    )
    external_sku = models.CharField(max_length=255, blank=True)
    options = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "ref"], name="listing_variant_once_per_channel"),
        ]

    def __str__(self) -> str:
        return self.options or self.ref


class HoldBack(models.Model):
    """Units kept from channels. The most specific one decides: listing, then SKU, then channel, then global."""

    channel = models.OneToOneField(Channel, models.CASCADE, null=True, blank=True, related_name="hold_back")
    sku = models.OneToOneField(Sku, models.CASCADE, null=True, blank=True, related_name="hold_back")
    listing = models.OneToOneField(Listing, models.CASCADE, null=True, blank=True, related_name="hold_back")
    units = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(sku=None, listing=None) | Q(channel=None, listing=None) | Q(channel=None, sku=None)),
                name="hold_back_has_one_scope",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(channel=None, sku=None, listing=None),
                name="hold_back_one_global",
            ),
        ]

    def __str__(self) -> str:
        return str(self.units)


class Order(models.Model):
    """An order as a channel last told it, and what of it is booked."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FULFILLED = "fulfilled", _("Fulfilled")
        CANCELLED = "cancelled", _("Cancelled")
        DELETED = "deleted", _("Deleted")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="orders")
    ref = models.CharField(max_length=120, help_text=_("The platform's id of the order."))
    number = models.CharField(max_length=120, blank=True, help_text=_("The number that people know it by."))
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

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    ref = models.CharField(max_length=120)
    variant_ref = models.CharField(max_length=120)
    product_ref = models.CharField(max_length=120, blank=True)
    external_sku = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=500, blank=True)
    listing = models.ForeignKey(Listing, models.PROTECT, null=True, blank=True, related_name="order_lines")
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="order_lines")
    ordered = models.BigIntegerField(default=0, help_text=_("Units the order asks for now."))
    sold = models.BigIntegerField(default=0, help_text=_("Units the ledger must hold for it, shipped ones included."))
    fulfilled = models.BigIntegerField(default=0, help_text=_("Units of them that have shipped."))
    taken = models.BigIntegerField(default=0, help_text=_("Units the platform has taken off its own quantity."))
    is_held = models.BooleanField(default=False, help_text=_("Whether the platform now keeps units aside for it."))
    before_start = models.BigIntegerField(default=0, help_text=_("Units shipped before the ledger began; not booked."))
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it waits."))

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["listing"], condition=Q(state="waiting"), name="order_line_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["order", "ref"], name="order_line_once_per_order"),
            models.CheckConstraint(condition=Q(sold__gte=F("fulfilled")), name="order_line_fulfils_what_is_sold"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}:{self.ref}"


class InboundEvent(models.Model):
    """A webhook as it arrived: stored and answered first, worked on afterwards."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Ignored")
        FAILED = "failed", _("Failed")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="events")
    delivery_id = models.CharField(max_length=200, help_text=_("The platform's id; a repeat finds its row."))
    topic = models.CharField(max_length=120, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField()
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text=_("When to work on it next; null once ended."))
    problem = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = InboundEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["channel", "due_at"], condition=Q(state="pending"), name="inbound_event_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["channel", "delivery_id"], name="inbound_event_once_per_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.delivery_id}"


class Push(models.Model):
    """One change of a channel's quantity: intended before the call, settled after it."""

    class State(models.TextChoices):
        SENDING = "sending", _("Sending")
        APPLIED = "applied", _("Applied")
        NOT_APPLIED = "not-applied", _("Not applied")
        REJECTED = "rejected", _("Rejected")
        UNKNOWN = "unknown", _("Outcome unknown")
        OBSERVED = "observed", _("Observed")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="pushes")
    listing = models.ForeignKey(Listing, models.PROTECT, related_name="pushes")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    accounted_before = models.BigIntegerField()
    target = models.BigIntegerField()
    delta = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=State, default=State.SENDING)
    receipt = models.CharField(max_length=500, blank=True, help_text=_("What the platform answered, in short."))
    reading = models.BigIntegerField(
        null=True, blank=True, help_text=_("The quantity that decided an unknown outcome.")
    )
    cause_at = models.DateTimeField(null=True, blank=True, help_text=_("When the change that made it due happened."))
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = PushQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "pushes"
        indexes = [
            models.Index(fields=["listing", "-id"], name="push_of_a_listing"),
            models.Index(fields=["settled_at"], name="push_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"],
                condition=Q(state__in=["sending", "unknown"]),
                name="push_one_open_per_listing",
            ),
            models.CheckConstraint(condition=~Q(delta=0), name="push_changes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.delta:+d}"


class CatalogImport(models.Model):
    """One full read of a channel's catalogue, page by page; it goes on where it stopped."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="imports")
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    cursor = models.CharField(max_length=300, blank=True, help_text=_("The next page; empty at the start."))
    total = models.PositiveIntegerField(null=True, blank=True)
    products_read = models.PositiveIntegerField(default=0)
    listings_read = models.PositiveIntegerField(default=0)
    listings_new = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(state="running"),
                name="catalog_import_one_running_per_channel",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.state}"


class ConnectAttempt(models.Model):
    """An OAuth connect under way: guards the callback against forged and repeated exchanges."""

    state_token = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    platform = models.CharField(max_length=32)
    form = EncryptedJSONField(help_text=_("What the person entered, the app's secret included; encrypted."))
    created_at = models.DateTimeField(auto_now_add=True)
    exchanged_at = models.DateTimeField(null=True, blank=True)
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, blank=True)

    def __str__(self) -> str:
        return self.platform


class Lane(models.Model):
    """A strand of work that one process at a time may hold, for example publish:7. It also remembers wake-ups."""

    name = models.CharField(max_length=80, primary_key=True)
    queued_at = models.DateTimeField(null=True, blank=True, help_text=_("A task is queued and has not begun."))
    holder = models.CharField(max_length=120, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class CallBudget(models.Model):
    """The rate limiter of one token, shared by all processes (generic cell rate algorithm)."""

    key = models.CharField(max_length=64, primary_key=True, help_text=_("A digest of the token."))
    next_free = models.FloatField(default=0, help_text=_("Theoretical arrival time, Unix seconds."))
    blocked_until = models.FloatField(default=0, help_text=_("The platform asked to wait; Unix seconds."))

    def __str__(self) -> str:
        return self.key[:8]


class Heartbeat(models.Model):
    """When the worker last ran a task. A stale one makes the watchdog restart it."""

    name = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

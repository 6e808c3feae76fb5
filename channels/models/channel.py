"""Connected stores, the warehouses that feed them, and connects under way."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.encryption import EncryptedJSONField
from inventory.models import Warehouse


class Channel(models.Model):
    """One connected store, marketplace account or shop."""

    class Mode(models.TextChoices):
        OBSERVE = "observe", _("Observe")
        PART_LIVE = "part-live", _("Partly live")
        LIVE = "live", _("Live")
        SELL_DOWN = "sell-down", _("Sell-down")
        PAUSED = "paused", _("Paused")

    class Connection(models.TextChoices):
        OK = "ok", _("Connected")
        RECONNECT = "reconnect", _("Reconnect needed")
        REFUSED = "refused", _("Refused by the platform")
        MOVED = "not-found", _("Not found at its address")

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
    tags = models.CharField(
        max_length=200, blank=True, help_text=_("Words, separated by commas, that channels are stopped together by.")
    )
    # The emergency stop: which mode it was in, since when it is stopped, and by whom; empty while none is pulled.
    mode_before = models.CharField(max_length=16, choices=Mode, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    connection = models.CharField(max_length=16, choices=Connection, default=Connection.OK)
    connection_problem = models.CharField(max_length=500, blank=True, help_text=_("The platform's own words."))
    connection_problem_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text=_("When calls began to fail that may work later; null: the last one worked.")
    )
    failing_words = models.CharField(max_length=500, blank=True, help_text=_("How the last of them failed."))
    failing_is_told = models.BooleanField(default=False, help_text=_("Others have been told that calls fail."))

    # The circuit breaker: a wave beyond these stops and asks.
    breaker_percent = models.PositiveSmallIntegerField(default=50)
    breaker_zeros = models.PositiveIntegerField(default=50)
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_reason = models.CharField(max_length=300, blank=True)
    wave_allowed_until = models.DateTimeField(null=True, blank=True)

    mirror = models.ForeignKey(
        Warehouse,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="mirrored_by",
        help_text=_("Shows the stock that the platform holds for us; nobody else changes it."),
    )

    is_sandbox = models.BooleanField(default=False, help_text=_("A simulated store; clearing the sandbox removes it."))

    # Coming in. Each "next" column is a due time that the sweep reads.
    started_at = models.DateTimeField(help_text=_("Orders placed earlier took their stock before the ledger began."))
    poll_seconds = models.PositiveIntegerField(default=300)
    orders_polled_to = models.DateTimeField(null=True, blank=True)
    poll_progress = models.JSONField(
        null=True, blank=True, help_text=_("How far an order poll has come that takes longer than one task may.")
    )
    deep_polled_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    next_queue_at = models.DateTimeField(null=True, blank=True)
    dead_letters = models.PositiveIntegerField(null=True, blank=True, help_text=_("Messages its queue gave up on."))
    dead_letters_at = models.DateTimeField(null=True, blank=True)
    next_mirror_at = models.DateTimeField(null=True, blank=True)
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
    def tag_list(self) -> list[str]:
        """Return the channel's tags as they were typed, each once."""
        return list(dict.fromkeys(tag for each in self.tags.split(",") if (tag := " ".join(each.split()))))

    @property
    def is_writable(self) -> bool:
        """Whether quantities go out at all now; which listings they go to, ``Listing.is_observed`` says."""
        return (
            self.mode in {self.Mode.PART_LIVE, self.Mode.LIVE, self.Mode.SELL_DOWN}
            and self.connection == self.Connection.OK
            and self.disconnected_at is None
        )


class ObservedDay(models.Model):
    """How far a channel that is observed agreed with the ledger on one day, as it was looked at last (UTC)."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="observed_days")
    on = models.DateField()
    listings = models.PositiveIntegerField(help_text=_("Those observed, whose quantity is known."))
    agreeing = models.PositiveIntegerField(help_text=_("Those of them that showed what they would have been told."))
    measured_at = models.DateTimeField()

    class Meta:
        ordering = ["-on"]
        constraints = [models.UniqueConstraint(fields=["channel", "on"], name="observed_day_once_per_channel")]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.on}: {self.agreeing} of {self.listings}"


class ChannelWarehouse(models.Model):
    """A warehouse whose stock a channel sells; orders take from the smallest priority first."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="feeds")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="feeds")
    priority = models.PositiveSmallIntegerField(default=100)
    location_ref = models.CharField(
        max_length=120, blank=True, help_text=_("The place it stands for; empty where the platform has none.")
    )

    class Meta:
        ordering = ["priority", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "warehouse"], name="channel_warehouse_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}←{self.warehouse_id}"


class Location(models.Model):
    """A place where a channel's platform keeps quantities; warehouses that feed the channel stand for one each."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="locations")
    ref = models.CharField(max_length=120, help_text=_("The platform's id of the place."))
    name = models.CharField(max_length=200)
    is_usable = models.BooleanField(default=True)
    unusable_reason = models.CharField(max_length=300, blank=True, help_text=_("Why nothing sells from it."))
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["channel", "ref"], name="location_once_per_channel")]

    def __str__(self) -> str:
        return self.name


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

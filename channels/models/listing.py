"""What a channel offers: its listings, their variants, what is kept from them, and reads of the catalogue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models.channel import Channel
from channels.querysets import PUBLISHABLE, UNWRITTEN, ListingQuerySet
from inventory.models import Sku


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

    # The references have no indexes of their own: the ones below begin with them.
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="listings", db_index=False)
    ref = models.CharField(max_length=120, help_text=_("The platform's id of the pool."))
    product_ref = models.CharField(max_length=120)
    title = models.CharField(max_length=500, blank=True)
    external_sku = models.CharField(max_length=255, blank=True, db_index=True)
    barcode = models.CharField(max_length=64, blank=True)
    url = models.URLField(max_length=500, blank=True)
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    enabled = models.BooleanField(default=True)
    location_ref = models.CharField(max_length=120, blank=True, help_text=_("The platform's id of the place."))
    item_ref = models.CharField(max_length=120, blank=True, help_text=_("Shared by one item's pools at all places."))
    sells_below_zero = models.BooleanField(default=False, help_text=_("The store goes on selling when it is at 0."))
    state = models.CharField(max_length=16, choices=State, default=State.ACTIVE)

    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="listings", db_index=False)
    mapping = models.CharField(max_length=16, choices=Mapping, default=Mapping.UNMAPPED)
    mapping_reason = models.CharField(max_length=300, blank=True)
    mapping_kind = models.CharField(max_length=16, blank=True, help_text=_("What the mapping rests on, by its code."))
    mapping_confidence = models.PositiveSmallIntegerField(
        default=0, help_text=_("Of 100; of the best suggestion while it waits, 0 where a person decided.")
    )
    suggested_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When suggestions were last looked for; null: look for them.")
    )

    tracked = models.BooleanField(null=True, help_text=_("False: unlimited. Null: the platform has not told."))
    unwritable_reason = models.CharField(max_length=300, blank=True, help_text=_("Why the platform refuses writes."))
    accounted = models.BigIntegerField(null=True, blank=True)
    accounted_version = models.BigIntegerField(default=0, help_text=_("Raised by whatever changes accounted."))
    shown = models.BigIntegerField(null=True, blank=True, help_text=_("The quantity last read from the channel."))
    shown_at = models.DateTimeField(null=True, blank=True)
    shown_version = models.BigIntegerField(null=True, blank=True, help_text=_("The accounted version at that reading."))
    drift = models.BigIntegerField(default=0, help_text=_("Shown less accounted, once confirmed; zero when healed."))
    drift_since = models.DateTimeField(null=True, blank=True)

    is_live = models.BooleanField(
        default=False, help_text=_("Chosen to be written to while its channel is only partly live.")
    )
    would_show = models.BigIntegerField(
        null=True, blank=True, help_text=_("What it would be told to show; worked out while it is observed.")
    )

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
            models.Index(fields=["title", "id"], name="listing_by_title"),
            models.Index(
                fields=["channel", "title", "id", "is_live"], condition=PUBLISHABLE, name="listing_observed_by_title"
            ),
            models.Index(
                fields=["channel", "-would_show", "id", "accounted", "drift", "is_live", "due_at"],
                condition=PUBLISHABLE,
                name="listing_publishable",
            ),
            models.Index(fields=["sku", "channel", "item_ref", "state"], name="listing_of_a_sku"),
            models.Index(fields=["channel"], condition=~Q(mapping="mapped"), name="listing_without_a_sku"),
            models.Index(fields=["channel"], condition=Q(state="gone"), name="listing_gone"),
            models.Index(
                fields=["channel"], condition=Q(mapping="mapped", state="active") & UNWRITTEN, name="listing_unwritten"
            ),
            models.Index(fields=["channel"], condition=Q(parked_at__isnull=False), name="listing_parked"),
            models.Index(fields=["channel"], condition=~Q(drift=0), name="listing_differs"),
            models.Index(fields=["channel", "item_ref"], condition=~Q(item_ref=""), name="listing_of_an_item"),
            models.Index(fields=["channel", "product_ref"], name="listing_of_a_product"),
            models.Index(fields=["channel", "due_at"], condition=Q(due_at__isnull=False), name="listing_due"),
            models.Index(
                fields=["channel"],
                condition=Q(mapping="unmapped", state="active", suggested_at__isnull=True),
                name="listing_to_suggest_for",
            ),
            models.Index(
                fields=["-mapping_confidence", "id"],
                condition=Q(mapping="unmapped", state="active"),
                name="listing_queue",
            ),
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

    @property
    def is_observed(self) -> bool:
        """Whether its quantity is worked out and not written. Reads ``channel``, so have it selected."""
        mode = self.channel.mode
        return mode == Channel.Mode.OBSERVE or (mode == Channel.Mode.PART_LIVE and not self.is_live)


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
    # Here as well: an index of all parts of titles would be written with each change of a listing's quantity.
    title = models.CharField(
        max_length=500, blank=True, db_default="", help_text=_("Of its listing; what the search looks through.")
    )

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

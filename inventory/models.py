"""The ledger's tables. They know no channel.

``StockLevel`` holds the balances, ``Movement`` the reasons: at any moment each balance equals the sum of its
movements. Only ``ledger.post`` writes either; ``Reservation`` and its lines say for whom units are reserved.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.querysets import (
    AppendOnlyQuerySet,
    MovementQuerySet,
    ReservationLineQuerySet,
    SkuQuerySet,
    StockedQuerySet,
    StockLevelQuerySet,
)

MAX_UNITS = 1_000_000_000  # a quantity beyond it is an error of input, not stock


def validate_code(value: str) -> None:
    """Refuse codes that look alike but differ: spaces at the ends, control characters."""
    if value != value.strip() or re.search(r"[\x00-\x1f\x7f]", value):
        raise ValidationError(_("A code can't start or end with a space or hold control characters."))


def match_key(code: str) -> str:
    """Return ``code`` without case, spaces, dashes and leading zeros: codes with one key may be meant as the same."""
    return re.sub(r"[\s\-_./]+", "", code).casefold().lstrip("0")[:200]  # casefold can lengthen


class Sku(models.Model):
    """The stock-keeping unit that is counted."""

    code = models.CharField(max_length=200, unique=True, validators=[validate_code])
    match_key = models.CharField(max_length=200, editable=False, db_index=True)
    name = models.CharField(max_length=300, blank=True)
    barcode = models.CharField(max_length=64, blank=True, db_index=True)
    low_at = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("So many available units or fewer count as low; empty: never.")
    )
    is_bundle = models.BooleanField(
        default=False, help_text=_("Sold as its components; it holds no stock. Set by bundles.set_components.")
    )
    is_sandbox = models.BooleanField(default=False, help_text=_("Made to try things; clearing the sandbox removes it."))
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        help_text=_("Its stock, listings and orders are that SKU's now; its history stays here."),
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SkuQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = "SKU"
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="sku_has_a_code"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(archived_at__isnull=False), name="sku_that_is_merged_is_archived"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, **kwargs: Any) -> None:
        self.match_key = match_key(self.code)
        if "code" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = [*kwargs["update_fields"], "match_key"]
        super().save(**kwargs)


class FormerCode(models.Model):
    """A code that a SKU had before it was renamed, or that a SKU had which was merged into it: stores still say it."""

    sku = models.ForeignKey(Sku, models.CASCADE, related_name="former_codes")
    code = models.CharField(max_length=200, unique=True)
    match_key = models.CharField(max_length=200, editable=False, db_index=True)
    until = models.DateTimeField(help_text=_("When it stopped being the SKU's code."))

    class Meta:
        ordering = ["-until", "-pk"]

    def __str__(self) -> str:
        return self.code

    def save(self, **kwargs: Any) -> None:
        self.match_key = match_key(self.code)
        super().save(**kwargs)


class BundleComponent(models.Model):
    """Units of a SKU that one unit of a bundle is made of. A component is never a bundle itself."""

    bundle = models.ForeignKey(Sku, models.PROTECT, related_name="components")
    component = models.ForeignKey(Sku, models.PROTECT, related_name="part_of")
    units = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "component"], name="bundle_component_once"),
            models.CheckConstraint(condition=Q(units__gte=1), name="bundle_component_has_units"),
            models.CheckConstraint(condition=~Q(bundle=F("component")), name="bundle_not_of_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.component_id}"


class Warehouse(models.Model):
    """A place of ours that holds stock."""

    code = models.CharField(max_length=50, unique=True, validators=[validate_code])
    name = models.CharField(max_length=200)
    priority = models.PositiveSmallIntegerField(
        default=100,
        help_text=_("Where a reservation that names no warehouse looks first: the smaller number."),
    )
    kept_by = models.CharField(
        max_length=150, blank=True, help_text=_("Who alone may change its stock, for example channel:Amazon EU.")
    )
    is_shop = models.BooleanField(default=False, help_text=_("Whether customers buy here in person."))
    hold_back = models.PositiveIntegerField(
        default=0, help_text=_("Units of each SKU here that channels never show: a customer may be carrying them.")
    )
    is_sandbox = models.BooleanField(default=False, help_text=_("Made to try things; clearing the sandbox removes it."))
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StockedQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "code"]
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="warehouse_has_a_code")]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """The balances of one SKU in one warehouse, in whole units. Written by ``ledger.post`` alone."""

    sku = models.ForeignKey(Sku, models.PROTECT, related_name="levels")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="levels")
    on_hand = models.BigIntegerField(default=0, help_text=_("Sellable units that are physically there."))
    reserved = models.BigIntegerField(default=0, help_text=_("Units promised to open orders."))
    unsellable = models.BigIntegerField(default=0, help_text=_("Damaged or quarantined units, not part of on hand."))
    available = models.GeneratedField(
        expression=F("on_hand") - F("reserved"), output_field=models.BigIntegerField(), db_persist=True
    )

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="stock_level_once_per_sku_and_warehouse"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_level_reserved_not_negative"),
            models.CheckConstraint(condition=Q(unsellable__gte=0), name="stock_level_unsellable_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}@{self.warehouse_id}"

    def save(self, **kwargs: Any) -> None:
        raise TypeError("A stock level is written by ledger.post, never by save().")

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        raise TypeError("A stock level can't be deleted.")


class Movement(models.Model):
    """One signed change of balances, with its cause. Never updated, never deleted."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", _("Receipt")
        ADJUSTMENT = "adjustment", _("Adjustment")
        COUNT = "count", _("Count")
        TRANSFER_OUT = "transfer_out", _("Transfer out")
        TRANSFER_IN = "transfer_in", _("Transfer in")
        RESERVE = "reserve", _("Reserve")
        RELEASE = "release", _("Release")
        FULFIL = "fulfil", _("Fulfil")
        RETURN = "return", _("Return")
        RECLASSIFY = "reclassify", _("Reclassify")
        SALE = "sale", _("Sale in the shop")
        MERGE = "merge", _("Merge")

    key = models.CharField(max_length=255, help_text=_("The cause, for example order:7:1042:r3:line-1."))
    # No index of its own: ``movement_of_a_level`` begins with the SKU.
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="movements", db_index=False)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=16, choices=Kind)
    on_hand_delta = models.BigIntegerField(default=0)
    reserved_delta = models.BigIntegerField(default=0)
    unsellable_delta = models.BigIntegerField(default=0)
    on_hand_after = models.BigIntegerField()
    reserved_after = models.BigIntegerField()
    unsellable_after = models.BigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=150, help_text=_("Who caused it, for example user:ana or channel:North."))
    occurred_at = models.DateTimeField(help_text=_("When it happened, not when we heard of it."))
    recorded_at = models.DateTimeField()

    objects = MovementQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["sku", "warehouse", "id"], name="movement_of_a_level"),
            models.Index(fields=["recorded_at"], name="movement_by_time"),
            models.Index(fields=["-id"], condition=Q(actor__startswith="user:"), name="movement_by_a_person"),
        ]
        constraints = [
            # Not unique=True, which on PostgreSQL makes a second index for LIKE that every movement would pay for.
            models.UniqueConstraint(fields=["key"], name="inventory_movement_key"),
            models.CheckConstraint(
                condition=~Q(on_hand_delta=0, reserved_delta=0, unsellable_delta=0),
                name="movement_moves_something",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def save(self, **kwargs: Any) -> None:
        raise TypeError("A movement is written by ledger.post, never by save().")

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        raise TypeError("A movement can't be deleted: post the opposite one.")

    @property
    def available_after(self) -> int:
        return self.on_hand_after - self.reserved_after


class Reservation(models.Model):
    """Units promised for one cause: an order of a channel, or a caller of the API."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        FULFILLED = "fulfilled", _("Fulfilled")
        RELEASED = "released", _("Released")
        EXPIRED = "expired", _("Expired")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField(max_length=255, help_text=_("The idempotency key; one cause, one reservation."))
    request_digest = models.CharField(
        max_length=64, blank=True, help_text=_("Tells a repeat from a different request.")
    )
    reference = models.CharField(max_length=200, blank=True, help_text=_("What people know the cause by."))
    number = models.CharField(
        max_length=120,
        blank=True,
        db_default="",
        help_text=_("What a warehouse calls the order: its number on the channel."),
    )
    told = models.JSONField(
        null=True, blank=True, help_text=_("What its order said last: line, SKU, units sold and shipped, of each line.")
    )
    confirmed = models.JSONField(
        null=True, blank=True, help_text=_("What warehouses say has left: SKU, warehouse and units.")
    )
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    revision = models.PositiveIntegerField(
        default=0, help_text=_("Raised by each change; part of its movements' keys.")
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state="open", expires_at__isnull=False), name="reservation_expiry"
            ),
            models.Index(fields=["number"], condition=~Q(number=""), name="reservation_by_number"),
        ]
        constraints = [models.UniqueConstraint(fields=["key"], name="inventory_reservation_key")]

    def __str__(self) -> str:
        return self.reference or self.key


class ReservationLine(models.Model):
    """The units of one SKU that a reservation holds in one warehouse."""

    # No index of its own: the unique constraint begins with it.
    reservation = models.ForeignKey(Reservation, models.PROTECT, related_name="lines", db_index=False)
    line_ref = models.CharField(max_length=100, blank=True, help_text=_("The line of the order, where there is one."))
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="reservation_lines")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="reservation_lines")
    reserved = models.BigIntegerField(default=0, help_text=_("Units held now."))
    fulfilled = models.BigIntegerField(default=0, help_text=_("Units that have left the warehouse."))
    returned = models.BigIntegerField(
        default=0, db_default=0, help_text=_("Units that came back here and had not left from here.")
    )
    backordered_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When a person decided that it waits for the next delivery.")
    )

    objects = ReservationLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reservation", "line_ref", "sku", "warehouse"],
                name="reservation_line_once_per_warehouse",
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, fulfilled__gte=0, returned__gte=0), name="reservation_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reservation_id}:{self.line_ref}"


class StockCount(models.Model):
    """What a person counted, and what the ledger expected then. A difference has a movement of the same key."""

    key = models.CharField(max_length=255, unique=True)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="counts")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="counts")
    batch = models.ForeignKey("inventory.CountBatch", models.PROTECT, null=True, blank=True, related_name="counts")
    counted = models.BigIntegerField()
    expected = models.BigIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    actor = models.CharField(max_length=150)
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.key

    @property
    def difference(self) -> int:
        return self.counted - self.expected


class StockSignal(models.Model):
    """Available has changed for this SKU and not everyone has looked yet.

    Raised with ON CONFLICT DO UPDATE, never DO NOTHING: an insert that sees a row which a reader is deleting would
    lose its wake-up. A reader deletes only the version that it saw.
    """

    sku = models.OneToOneField(Sku, models.PROTECT, primary_key=True, related_name="signal")
    version = models.BigIntegerField(default=1)
    raised_at = models.DateTimeField(help_text=_("When the oldest unread change was recorded."))

    def __str__(self) -> str:
        return f"{self.sku_id} v{self.version}"


class AuditEntry(models.Model):
    """One change that a person made to something that is not stock: a mapping, a mode, a hold-back."""

    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="audit_of_a_subject"),
            models.Index(fields=["actor", "-id"], name="audit_of_an_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"


# At the end: it points at the tables above by their names, and Django looks for all of them in this module.
from inventory.batches.models import CountBatch as CountBatch  # noqa: E402
from inventory.shops.models import SaleLine as SaleLine  # noqa: E402

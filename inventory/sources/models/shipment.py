"""What has left a warehouse, as those who saw it told: each confirmation counts once, whoever makes it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Reservation, Sku, Warehouse
from inventory.sources.models.source import Source


class ExternalShipment(models.Model):
    """A confirmation that units of an order were picked or have left.

    Several may speak of the same parcel: what counts for an order is worked out from all of them (``shipments``).
    """

    class Kind(models.TextChoices):
        SHIPPED = "shipped", _("Shipped")
        PICKED = "picked", _("Picked")

    class State(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        CANCELLED = "cancelled", _("Cancelled")

    reporter = models.CharField(max_length=120, help_text=_("Who says so, for example source:3 or api:Warehouse app."))
    source = models.ForeignKey(Source, models.SET_NULL, null=True, blank=True, related_name="shipments")
    ref = models.CharField(max_length=200, help_text=_("The reporter's id."))
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.SHIPPED)
    state = models.CharField(max_length=16, choices=State, default=State.CONFIRMED)
    order_ref = models.CharField(max_length=200, blank=True, db_index=True)
    location_ref = models.CharField(max_length=200, blank=True, help_text=_("The source's place that it left."))
    reservation = models.ForeignKey(Reservation, models.PROTECT, null=True, blank=True, related_name="shipments")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(state="confirmed"), name="external_shipment_recent"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["reporter", "kind", "ref"], name="external_shipment_once"),
        ]

    def __str__(self) -> str:
        return self.ref


class ExternalShipmentLine(models.Model):
    """Units of one SKU in a confirmation. ``loose``: units that left on hand for no order that we know."""

    shipment = models.ForeignKey(ExternalShipment, models.CASCADE, related_name="lines", db_index=False)
    line_ref = models.CharField(max_length=200)
    sku_code = models.CharField(max_length=200)
    sku = models.ForeignKey(Sku, models.PROTECT, null=True, blank=True, related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, null=True, blank=True, related_name="+")
    units = models.BigIntegerField()
    loose = models.BigIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0, help_text=_("Raised by each change of ``loose``."))
    is_split = models.BooleanField(
        default=False, help_text=_("A bundle: the lines of its components count instead of it.")
    )
    is_unusable = models.BooleanField(default=False, help_text=_("As it came; only the reporter can mend it."))
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["shipment"], condition=Q(sku=None), name="external_line_unknown"),
            models.Index(fields=["shipment"], condition=Q(loose__gt=0), name="external_line_loose"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line_ref"], name="external_shipment_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.shipment_id}:{self.line_ref}"

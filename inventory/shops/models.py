"""The lines of sales in shops, as tills told them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SaleLine(models.Model):
    """One line of a sale in a shop. It is told once and booked once, however often and late a till sends it."""

    class Kind(models.TextChoices):
        SALE = "sale", _("Sale")
        RETURN = "return", _("Return")

    class State(models.TextChoices):
        BOOKED = "booked", _("Booked")
        WAITING = "waiting", _("Waiting")
        VOIDED = "voided", _("Voided")

    warehouse = models.ForeignKey("inventory.Warehouse", models.PROTECT, related_name="sale_lines", db_index=False)
    till = models.CharField(max_length=60, blank=True, help_text=_("Whose sale ids these are, where a shop has two."))
    sale_id = models.CharField(max_length=100)
    line_id = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=Kind, blank=True, help_text=_("Empty: only its void was told yet."))
    code = models.CharField(max_length=200, blank=True, help_text=_("The SKU or barcode as the till named it."))
    is_barcode = models.BooleanField(default=False)
    units = models.BigIntegerField(default=0)
    is_sellable = models.BooleanField(default=True, help_text=_("Of a return: whether it goes back on the shelf."))
    sku = models.ForeignKey("inventory.Sku", models.PROTECT, null=True, blank=True, related_name="sale_lines")
    state = models.CharField(max_length=16, choices=State)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it waits."))
    entries = models.JSONField(default=list, help_text=_("What it moved: SKU, on hand, unsellable, corrected count."))
    actor = models.CharField(max_length=150)
    occurred_at = models.DateTimeField(help_text=_("When it was sold, not when we heard of it."))
    recorded_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        indexes = [
            models.Index(fields=["warehouse", "-occurred_at", "-id"], name="sale_line_of_a_shop"),
            models.Index(fields=["id"], condition=Q(state="waiting"), name="sale_line_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "till", "sale_id", "line_id"], name="sale_line_once_per_shop"),
            models.CheckConstraint(condition=Q(units__gte=0), name="sale_line_units_not_negative"),
            models.CheckConstraint(
                condition=~Q(state="booked") | Q(sku__isnull=False), name="sale_line_booked_has_a_sku"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.line_id}"

    @property
    def title(self) -> str:
        """What people know it by; asks for its SKU."""
        return (self.sku.name or self.sku.code) if self.sku else self.code

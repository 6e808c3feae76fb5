"""The words of reconciliation that several of its tables share."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cause(models.TextChoices):
    """Why a channel or a stock source shows another number than the ledger."""

    LATE_ORDER = "late-order", _("Late order")
    HAND_EDIT = "hand-edit", _("Hand edit")
    LOST_PUSH = "lost-push", _("Lost push")
    TRACKING_SWITCHED = "tracking-switched", _("Tracking switched")
    MAPPING = "mapping", _("Mapping")
    PLATFORM_MANAGED = "platform-managed", _("Platform-managed stock")
    LISTING_GONE = "listing-gone", _("Listing gone")
    LISTING_NEW = "listing-new", _("Listing new")
    UNKNOWN = "unknown", _("Unknown")


class Verb(models.TextChoices):
    """What a person may do about a discrepancy."""

    KEEP_OURS = "keep-ours", _("Keep ours")
    TAKE_THEIRS = "take-theirs", _("Take theirs")
    RECOUNT = "recount", _("Recount")
    SNOOZE = "snooze", _("Snooze")
    IGNORE = "ignore", _("Ignore")
    CHANGE_MAPPING = "change-mapping", _("Change the mapping")


class Severity(models.IntegerChoices):
    """How bad it is that the numbers differ; a bigger number is worse."""

    LOW = 1, _("Low")
    MEDIUM = 2, _("Medium")
    HIGH = 3, _("High")
    CRITICAL = 4, _("Critical")

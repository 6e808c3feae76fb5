"""People who sign in, who is invited, what the installation asks of them all, and what they are told or left out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from access.roles import Role


class UserManager(DjangoUserManager["User"]):
    """Makes viewers, unless another role is asked for."""

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra: Any
    ) -> User:
        return super().create_superuser(username, email, password, **{**extra, "role": Role.OWNER})


class User(AbstractUser):
    """A person who works with the product. What they may do stands in ``access.roles`` under their role."""

    class DateStyle(models.TextChoices):
        DAY = "day", _("31 Dec 2026, 14:05")
        MONTH = "month", _("Dec 31, 2026, 2:05 p.m.")
        ISO = "iso", _("2026-12-31 14:05")

    class NumberStyle(models.TextChoices):
        COMMA = "comma", _("1,234.5")
        POINT = "point", _("1.234,5")
        SPACE = "space", _("1 234,5")

    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.VIEWER)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, help_text=_("Empty: UTC."))
    date_style = models.CharField(_("dates"), max_length=8, choices=DateStyle, default=DateStyle.DAY)
    number_style = models.CharField(_("numbers"), max_length=8, choices=NumberStyle, default=NumberStyle.COMMA)
    muted = models.JSONField(default=list, blank=True, help_text=_("Kinds of notifications that are not wanted."))

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(role=Role.OWNER) | Q(is_superuser=False, is_staff=False), name="user_in_the_admin_is_owner"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_has_a_role"),
        ]


class Invitation(models.Model):
    """A place that waits for a person: by a signed link that works once and expires."""

    email = models.EmailField(_("email"))
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.VIEWER)
    nonce = models.CharField(max_length=32, help_text=_("Signed into the link: a new one ends the links before it."))
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="invitations")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="invitation")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once_per_email",
                violation_error_message=_("This address is invited already."),
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="invitation_has_a_role"),
        ]

    def __str__(self) -> str:
        return self.email


class Installation(models.Model):
    """What holds for everyone here: one row."""

    requires_second_factor = models.BooleanField(default=False)
    notified_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was last looked what to tell."))

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="installation_is_one")]

    def __str__(self) -> str:
        return "installation"


class Notification(models.Model):
    """Something a person is told in the page, once per ``key``."""

    class Kind(models.TextChoices):
        CHANNEL = "channel", _("A store or stock source needs a person")
        REVIEW = "review", _("New discrepancies, and runs that failed or ask")
        OVERSOLD = "oversold", _("A SKU is oversold")
        PEOPLE = "people", _("Someone joined, or a role changed")

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=120, help_text=_("The cause: each is told once."))
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once_per_cause")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_of_a_person"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.title


class SkippedStep(models.Model):
    """A step of setting up that a person has left out for now; which steps are done is told from the data."""

    step = models.CharField(max_length=20, unique=True)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField(help_text=_("When it was left out."))

    def __str__(self) -> str:
        return self.step

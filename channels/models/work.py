"""What processes share so that they do not get in each other's way."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    calls_per_second = models.FloatField(null=True, blank=True, help_text=_("The rate that the platform has told."))
    blocked_until = models.FloatField(default=0, help_text=_("The platform asked to wait; Unix seconds."))

    def __str__(self) -> str:
        return self.key[:8]


class Heartbeat(models.Model):
    """When the worker last ran a task. A stale one makes the watchdog restart it."""

    name = models.CharField(max_length=80, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

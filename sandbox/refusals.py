"""What a simulated store says no to, whichever platform it stands for."""

from __future__ import annotations


class Refusal(Exception):
    """Something was asked that can't be done; ``status`` is what the control API answers."""

    status = 400


class OutOfStock(Refusal):
    """A buyer asked for more than there is and nothing allows selling it."""

    status = 409


class CannotBuy(Refusal):
    """The store front does not offer this: disabled, gone, or a senseless amount."""

    status = 409


class BadControl(Refusal):
    """A control call without a needed field, or with one of the wrong kind."""


class BadWebhookUrl(Refusal):
    """The platform would not accept this address for webhooks."""

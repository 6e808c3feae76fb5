"""The one table of permissions: each verb, and the least role that may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Role(TextChoices):
    """From the least to the most: each may do all that those before it may."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    MANAGER = "manager", _("Manager")
    OWNER = "owner", _("Owner")


class Verb(TextChoices):
    """What an address does. The label ends the sentence “Your role may not …”."""

    SEE = "see", _("see pages, lists and the trail")
    OWN = "own", _("change their own password, second factor, notifications and API tokens")
    SELL = "sell", _("sell in shops")
    STOCK = "stock", _("receive, adjust, count, transfer and take back stock")
    CATALOGUE = "catalogue", _("make, change, merge and archive SKUs and bundles")
    MAPPING = "mapping", _("map listings to SKUs")
    REVIEW = "review", _("decide about discrepancies, and start and stop runs")
    ASK = "ask", _("fetch orders again, replay events, retry pushes and read catalogues")
    STOP = "stop", _("stop channels in an emergency and let them go on")
    WAREHOUSES = "warehouses", _("make and change warehouses")
    RULES = "rules", _("change tolerances, hold-backs and schedules")
    CHANNELS = "channels", _("connect stores, and change their settings and modes")
    SOURCES = "sources", _("connect stock sources and change their settings")
    WEBHOOKS = "webhooks", _("make and change webhook endpoints")
    PEOPLE = "people", _("invite people, change their roles and require a second factor")


LEAST: Final[dict[Verb, Role]] = {
    Verb.SEE: Role.VIEWER,
    Verb.OWN: Role.VIEWER,
    Verb.SELL: Role.OPERATOR,
    Verb.STOCK: Role.OPERATOR,
    Verb.CATALOGUE: Role.OPERATOR,
    Verb.MAPPING: Role.OPERATOR,
    Verb.REVIEW: Role.OPERATOR,
    Verb.ASK: Role.OPERATOR,
    Verb.STOP: Role.OPERATOR,
    Verb.WAREHOUSES: Role.MANAGER,
    Verb.RULES: Role.MANAGER,
    Verb.CHANNELS: Role.MANAGER,
    Verb.SOURCES: Role.MANAGER,
    Verb.WEBHOOKS: Role.MANAGER,
    Verb.PEOPLE: Role.OWNER,
}

SENTENCES: Final[dict[Role, StrPromise]] = {
    Role.VIEWER: _("Sees everything, changes nothing."),
    Role.OPERATOR: _("Does the daily work: stock, mapping, shop sales and discrepancies."),
    Role.MANAGER: _("Connects stores and sources, and changes modes, warehouses and rules."),
    Role.OWNER: _("Does all of it, and decides who else may."),
}

_RANK: Final = {role: rank for rank, role in enumerate(Role)}


def may_role(role: str, verb: Verb) -> bool:
    """Return whether a role may use the verb; an unknown role may nothing."""
    return role in _RANK and _RANK[Role(role)] >= _RANK[LEAST[verb]]


def may(user: object, verb: Verb) -> bool:
    """Return whether a person may use the verb: by the role they have now, and not at all once deactivated."""
    return bool(getattr(user, "is_active", False)) and may_role(str(getattr(user, "role", "")), verb)


def roles_with(verb: Verb) -> list[Role]:
    """Return the roles that may use the verb, least first."""
    return [role for role in Role if may_role(role, verb)]

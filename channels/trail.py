"""The trail of what people changed: what each entry is about, by its name and its page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory.models import AuditEntry

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What an entry can be about. Models of the layers above stand here by name only.

    ``name`` is the column that people know a row by; ``page`` the view that shows it, found by ``key``.
    """

    label: StrPromise
    model: str = ""
    name: str = "name"
    page: str = ""
    key: str = "pk"


KINDS = {
    "channel": Kind(label=_("Channel"), model="channels.Channel", page="channels:channel_detail", key="uuid"),
    "listing": Kind(label=_("Listing"), model="channels.Listing", name="title", page="channels:listing_detail"),
    "order": Kind(label=_("Order"), model="channels.Order", name="number", page="channels:order_detail"),
    "mapping_run": Kind(label=_("Mapping run"), model="channels.MappingRun", page="channels:mapping_run"),
    "sku": Kind(label=_("SKU"), model="inventory.Sku", name="code", page="dashboard:sku_detail"),
    "warehouse": Kind(label=_("Warehouse"), model="inventory.Warehouse", page="inventory:warehouse_detail"),
    "count-batch": Kind(label=_("Counts"), model="inventory.CountBatch", page="inventory:count_batch"),
    "source": Kind(label=_("Stock source"), model="sources.Source", page="sources:source_detail", key="uuid"),
    "discrepancy": Kind(
        label=_("Discrepancy"), model="reconciliation.Discrepancy", name="pk", page="reconciliation:discrepancy"
    ),
    "batch": Kind(label=_("Decisions"), model="reconciliation.Batch", name="pk", page="reconciliation:batch"),
    "run": Kind(label=_("Run"), model="reconciliation.Run", name="pk", page="reconciliation:run"),
    "schedule": Kind(label=_("Schedule"), page="reconciliation:run_list"),
    "webhook": Kind(label=_("Webhook"), model="api.Endpoint", page="developers:endpoint_detail", key="uuid"),
    "token": Kind(label=_("API token"), model="api.ApiToken", page="developers:token_list", key=""),
    "user": Kind(label=_("Person"), model="dashboard.User", name="username", page="people:person"),
    "invitation": Kind(
        label=_("Invitation"), model="dashboard.Invitation", name="email", page="people:people_list", key=""
    ),
    "installation": Kind(label=_("Everyone"), page="people:people_list"),
    "everything": Kind(label=_("Everything"), page="reconciliation:levels"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What an entry is about, as people know it; ``url`` is empty where no page shows it any more."""

    kind: str | StrPromise
    name: str
    url: str


def things(entries: Iterable[AuditEntry]) -> Mapping[str, Thing]:
    """Return what the entries are about, by subject: one query for each kind that occurs."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        code, _mark, ref = entry.subject.partition(":")
        wanted[code].add(ref)
    found: dict[str, Thing] = {}
    for code, refs in wanted.items():
        kind = KINDS.get(code)
        if kind is None:
            found |= {_join(code, ref): Thing(kind=code, name=ref, url="") for ref in refs}
        elif not kind.model:
            found |= {_join(code, ref): Thing(kind=kind.label, name="", url=reverse(kind.page)) for ref in refs}
        else:
            found |= _rows(code, kind, refs)
    return found


def _rows(code: str, kind: Kind, refs: set[str]) -> dict[str, Thing]:
    model = apps.get_model(kind.model)
    by = "pk" if all(ref.isdecimal() for ref in refs) else kind.key
    columns = list(dict.fromkeys(["pk", by, kind.name, kind.key or "pk"]))
    rows = model._default_manager.filter(**{f"{by}__in": refs}).values(*columns)
    found = {str(row[by]): row for row in rows}
    named = {}
    for ref in refs:
        row = found.get(ref)
        url = "" if row is None else reverse(kind.page, args=[row[kind.key]] if kind.key else [])
        name = ref if row is None else str(row[kind.name] or row["pk"])
        named[_join(code, ref)] = Thing(kind=kind.label, name=name, url=url)
    return named


def _join(code: str, ref: str) -> str:
    return f"{code}:{ref}" if ref else code


def actors() -> list[tuple[str, str]]:
    """Return whom the trail names, latest first, as choices."""
    rows = AuditEntry.objects.order_by().values_list("actor").annotate(last=Max("pk")).order_by("-last")[:200]
    return [(actor, actor.partition(":")[2] or actor) for actor, _last in rows]

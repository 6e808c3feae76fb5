"""Loading the sandbox: a merchant's warehouses, SKUs and stock, and simulated stores that sell them.

All of it is marked, and kept apart from what is real: a sandbox store sells sandbox SKUs from sandbox warehouses, and
no other store does. So clearing knows what to remove.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from channels import catalog, connect
from channels.connect import ConnectRefused
from channels.contract import ChannelError
from channels.lanes import Lease, wake
from channels.models import Channel, Sandbox
from inventory import audit, catalogue, operations
from inventory.addresses import ForbiddenAddress
from inventory.catalogue import SkuFields
from inventory.models import Sku, Warehouse

log = structlog.get_logger(__name__)

LANE = "sandbox"
ACTOR = "sandbox"
POLL_SECONDS = 20  # its webhooks may not find their way to an address that only the world outside knows
LAST = 30_000  # the priority of its warehouses: no real order looks there first


class CantLoad(Exception):
    """The sandbox can't be loaded; the message says why and what to do."""


def request(*, actor: str, now: datetime) -> Sandbox:
    """Have the sandbox loaded by the worker. Raises CantLoad when it is there already, or its codes are taken."""
    try:
        with transaction.atomic():
            row = Sandbox.objects.create(pk=1, actor=actor, started_at=now)
    except IntegrityError:
        raise CantLoad(_("The sandbox is loaded already, or on its way.")) from None
    audit.record(actor=actor, action="sandbox.load", subject="sandbox", before={}, after={})
    return row


def has_due(now: datetime) -> bool:
    at_work = [Sandbox.State.LOADING, Sandbox.State.CLEARING]
    return Sandbox.objects.filter(state__in=at_work, due_at__lte=now).exists()


def load(row: Sandbox, lease: Lease) -> bool:
    """Load what the stores have told; a repeat after a crash does only what is missing."""
    if row.state != Sandbox.State.LOADING or not row.told:
        return False
    told: Mapping[str, Any] = row.told
    now = timezone.now()
    Sandbox.objects.filter(pk=row.pk).update(due_at=now + timedelta(seconds=30))  # unless it ends before
    try:
        warehouses = _warehouses(told["warehouses"])
        skus = _skus(told["skus"])
        _stock(row, told["skus"], skus, warehouses, now=now)
        lease.renew()
        for store in told["stores"]:
            channel = _connected(store, list(warehouses.values()), now=now)
            if not channel.imports.exists():
                catalog.start_import(channel=channel, now=now)
            lease.renew()
    except (CantLoad, ConnectRefused, ForbiddenAddress, ChannelError, ValidationError) as error:
        words = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        log.warning("sandbox_not_loaded", error=words)
        Sandbox.objects.filter(pk=row.pk).update(state=Sandbox.State.FAILED, problem=words[:500], due_at=None)
        return True
    Sandbox.objects.filter(pk=row.pk, state=Sandbox.State.LOADING).update(
        state=Sandbox.State.LOADED, problem="", due_at=None
    )
    return True


def _warehouses(rows: Sequence[Mapping[str, str]]) -> dict[str, Warehouse]:
    """Return the sandbox's warehouses by the code that its merchant has for each."""
    found = {}
    for number, row in enumerate(rows):
        code = f"SANDBOX-{row['code']}"
        warehouse = Warehouse.objects.filter(code=code).first()
        if warehouse is None:
            name = _("%(name)s (sandbox)") % {"name": row["name"]}
            warehouse = catalogue.create_warehouse(
                code=code, name=name, priority=LAST + number, is_sandbox=True, actor=ACTOR
            )
        if not warehouse.is_sandbox:
            raise CantLoad(_("You have a warehouse with the code %(code)s, which the sandbox needs.") % {"code": code})
        found[row["code"]] = warehouse
    return found


def _skus(rows: Sequence[Mapping[str, Any]]) -> dict[str, Sku]:
    codes = [row["code"] for row in rows]
    real = Sku.objects.filter(code__in=codes, is_sandbox=False).order_by("code").first()
    if real is not None:
        raise CantLoad(
            _("You have a SKU with the code %(code)s, which the sandbox needs: its goods would be mixed with yours.")
            % {"code": real.code}
        )
    wanted = [SkuFields(code=row["code"], name=row["name"], barcode=row["barcode"], is_sandbox=True) for row in rows]
    catalogue.create_skus(wanted, actor=ACTOR)
    return {sku.code: sku for sku in Sku.objects.filter(code__in=codes)}


def _stock(
    row: Sandbox,
    rows: Sequence[Mapping[str, Any]],
    skus: Mapping[str, Sku],
    warehouses: Mapping[str, Warehouse],
    *,
    now: datetime,
) -> None:
    for described in rows:
        for code, units in described["on_hand"].items():
            if units:
                operations.receive(
                    sku=skus[described["code"]],
                    warehouse=warehouses[code],
                    units=units,
                    key=f"sandbox:{row.uuid}:{described['code']}:{code}",
                    actor=ACTOR,
                    now=now,
                    reason="Opening stock of the sandbox",
                )


def _connected(store: Mapping[str, Any], warehouses: Sequence[Warehouse], *, now: datetime) -> Channel:
    known = Channel.objects.filter(is_sandbox=True, base_url=store["base_url"], disconnected_at=None).first()
    if known is not None:
        return known
    channel, _report = connect.connect(
        platform=store["platform"],
        name=_("%(name)s (sandbox)") % {"name": store["name"]},
        base_url=store["base_url"],
        credentials=store["credentials"],
        warehouses=warehouses,
        mode=store["mode"],
        actor=ACTOR,
        now=now,
        is_sandbox=True,
    )
    Channel.objects.filter(pk=channel.pk).update(poll_seconds=POLL_SECONDS)
    return channel


def go_on(*, now: datetime) -> None:
    """Wake the lane for what is due now."""
    Sandbox.objects.update(due_at=now)
    wake(LANE)

"""Where the sentences that speak for a cause lead: to the rows that they are about."""

from __future__ import annotations

from django.urls import reverse

from channels.models import InboundEvent, Order
from inventory.sources.models import Source
from reconciliation.models import Discrepancy


def linked(row: Discrepancy) -> list[tuple[str, str]]:
    """Return each sentence with the address of its row; an empty one where there is none, or none any more."""
    told = [(str(item["sentence"]), str(item["kind"]), item.get("id")) for item in row.evidence]
    ids = {kind: {pk for _words, of, pk in told if of == kind and isinstance(pk, int)} for _words, kind, _pk in told}
    # Webhooks are forgotten after a while, and a channel that was taken away takes its orders along.
    places = {
        **_places("event", InboundEvent, ids, "channels:event_detail"),
        **_places("order", Order, ids, "channels:order_detail"),
    }
    for pk, uuid in Source.objects.filter(pk__in=ids.get("source", ())).values_list("pk", "uuid"):
        places["source", pk] = reverse("sources:source_detail", args=[uuid])
    return [(words, places.get((kind, pk), "") or _of_listing(row, kind, pk)) for words, kind, pk in told]


def _places(
    kind: str, model: type[InboundEvent | Order], ids: dict[str, set[int]], view: str
) -> dict[tuple[str, object], str]:
    if not ids.get(kind):
        return {}
    found = model._default_manager.filter(pk__in=ids[kind]).values_list("pk", flat=True)
    return {(kind, pk): reverse(view, args=[pk]) for pk in found}


def _of_listing(row: Discrepancy, kind: str, pk: object) -> str:
    if kind == "reading" and row.run_id is not None:
        return reverse("reconciliation:run", args=[row.run_id])
    if kind == "listing" and isinstance(pk or row.listing_id, int):
        return reverse("channels:listing_detail", args=[pk or row.listing_id])
    if kind == "push" and row.listing_id is not None:
        return reverse("channels:listing_detail", args=[row.listing_id]) + "#pushes-title"
    return ""

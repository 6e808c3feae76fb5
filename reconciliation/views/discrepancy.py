"""One discrepancy: both numbers, what happened around it in a picture, and what a person can decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import availability, connection
from channels.contract import ChannelError
from channels.models import Listing
from inventory import formats
from inventory.models import AuditEntry
from inventory.views import actor_of
from reconciliation import checks, evidence, history, picture, triage, verbs
from reconciliation.filters import DiscrepancyFilter
from reconciliation.forms import DecideForm, NoteForm
from reconciliation.models import Discrepancy
from reconciliation.tables import KEYS
from reconciliation.verbs import previewing
from reconciliation.views import rooms

WIDE, NARROW = 640, 358  # of the picture: a desktop's and a phone's
EARLIER_SHOWN = 8


def load(pk: int) -> Discrepancy:
    """Return the row with all that its pages draw."""
    rows = Discrepancy.objects.all().for_list().select_related("listing__sku", "listing__channel", "proposed_sku")
    row: Discrepancy = get_object_or_404(rows, pk=pk)
    return row


@require_GET
def discrepancy(request: HttpRequest, pk: int) -> HttpResponse:
    row = load(pk)
    query = rooms.query_of(request)
    now = timezone.now()
    told = history.of(row, now=now)
    drawn = {
        size: picture.draw(
            ours=told.ours,
            theirs=told.theirs,
            happenings=told.happenings,
            start=told.start,
            end=told.end,
            found_at=told.found_at,
            width=width,
            zone=timezone.get_current_timezone(),
        )
        for size, width in (("wide", WIDE), ("narrow", NARROW))
    }
    before, after = neighbours(request, row)
    context: dict[str, Any] = {
        "row": row,
        "tail": rooms.tail_of(query),
        "before": before,
        "after": after,
        "history": told,
        "happenings": told.happenings[::-1],
        "pictures": drawn,
        "sentence": history.sentence(told),
        "explanation": availability.explain(row.listing) if row.listing is not None and row.listing.sku_id else None,
        "evidence": evidence.linked(row),
        "decisions": _decisions(row),
        "undoing": verbs.preview_undo(row) if row.undo and row.undone_at is None else None,
        "earlier": _earlier(row),
        "notes": list(row.notes.order_by("-pk")),
        "note_form": NoteForm(),
        "people": get_user_model().objects.filter(is_active=True).order_by("username"),
        "changes": list(AuditEntry.objects.filter(subject=f"discrepancy:{row.pk}").order_by("-pk")[:20]),
    }
    return render(request, "reconciliation/discrepancy.html", context)


def neighbours(request: HttpRequest, row: Discrepancy) -> tuple[int | None, int | None]:
    """Return the rows before and after this one in the queue as it is filtered."""
    rows = DiscrepancyFilter(rooms.query_of(request), Discrepancy.objects.all().worst_first(), request=request).qs
    ids = list(rows.values_list("pk", flat=True))
    if row.pk not in ids:
        return None, ids[0] if ids else None
    place = ids.index(row.pk)
    return (ids[place - 1] if place else None), (ids[place + 1] if place + 1 < len(ids) else None)


def _decisions(row: Discrepancy) -> list[dict[str, Any]]:
    """Return what each verb would write where, the proposed one first."""
    if not row.is_live:
        return []
    around = previewing.Surroundings.of([row])
    found = []
    for verb, key in KEYS:
        draft = DecideForm(verb=verb, rows=[row]).draft(version=row.version)
        shown = previewing.preview(row, draft, around)
        # What only waits for a choice is no obstacle.
        problem = "" if shown.field else shown.problem
        is_proposed = verb == row.proposal
        found.append(
            {"verb": verb, "key": key, "is_proposed": is_proposed, "effects": shown.effects, "problem": problem}
        )
    return sorted(found, key=lambda item: not item["is_proposed"])


def _earlier(row: Discrepancy) -> list[Discrepancy]:
    rows = Discrepancy.objects.exclude(pk=row.pk)
    if row.listing_id is not None:
        rows = rows.filter(listing=row.listing_id)
    else:
        rows = rows.filter(source_ref=row.source_ref, sku=row.sku_id, warehouse=row.warehouse_id)
    return list(rows.order_by("-pk")[:EARLIER_SHOWN])


@require_GET
def of_listing(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to what a listing's number waits for: its live discrepancy, else the listing itself."""
    listing = get_object_or_404(Listing, pk=pk)
    row = Discrepancy.objects.live().filter(listing=listing).first()
    if row is not None:
        return redirect("reconciliation:discrepancy", row.pk)
    return redirect("channels:listing_detail", listing.pk)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Read what the store shows for a listing now."""
    listing: Listing = get_object_or_404(Listing.objects.select_related("channel", "sku"), pk=pk)
    try:
        reading = checks.look_now(listing=listing, now=timezone.now())
    except ChannelError as error:
        connection.note_failure(listing.channel, error, now=timezone.now())
        messages.error(request, str(error))
        return _back(request, listing)
    if reading is None:
        messages.warning(request, _("A sale was booked in this moment. Check again."))
    elif reading.quantity is None:
        messages.warning(request, _("The store tells no quantity for it."))
    elif reading.drift:
        messages.warning(request, _("The store shows %(shown)s.") % {"shown": formats.units(reading.quantity)})
    else:
        messages.success(
            request,
            _("The store shows %(shown)s, as it should be accounted for.") % {"shown": formats.units(reading.quantity)},
        )
    return _back(request, listing)


def _back(request: HttpRequest, listing: Listing) -> HttpResponse:
    rows = Discrepancy.objects.filter(listing=listing)
    seen = request.POST.get("row", "")
    row = rows.live().first() or (rows.filter(pk=int(seen)).first() if seen.isdecimal() and len(seen) < 19 else None)
    if row is not None:
        return redirect("reconciliation:discrepancy", row.pk)
    return redirect("channels:listing_detail", listing.pk)


@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Discrepancy, pk=pk)
    wanted = request.POST.get("assignee", "")
    person = get_user_model().objects.filter(pk=wanted, is_active=True).first() if wanted.isdecimal() else None
    triage.assign(row=row, person=person, actor=actor_of(request.user))
    messages.success(request, _("It is %(person)s's now.") % {"person": person} if person else _("It is nobody's now."))
    return redirect(reverse("reconciliation:discrepancy", args=[pk]) + rooms.tail_of(rooms.query_of(request)))


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Discrepancy, pk=pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        triage.note(row=row, text=form.cleaned_data["text"], actor=actor_of(request.user), now=timezone.now())
        messages.success(request, _("Noted."))
    else:
        messages.error(request, _("A note has 1 to 2,000 characters; nothing was kept."))
    return redirect(reverse("reconciliation:discrepancy", args=[pk]) + rooms.tail_of(rooms.query_of(request)))

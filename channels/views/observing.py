"""One channel while it is observed: what would be pushed, how far it agrees, and going live with a part of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from channels import choosing, modes, observing, readiness
from channels.filters import ObservedFilter
from channels.models import Channel, Listing
from channels.tables import ObservedTable
from channels.views.channels import page_of, with_counts
from inventory.tables import list_page
from inventory.views import actor_of, done


@require_GET
def channel_observe(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = get_object_or_404(with_counts(), uuid=uuid, disconnected_at=None)
    now = timezone.now()
    rows = observing.observed_listings(channel).select_related("channel", "sku").defer("channel__credentials")
    query = request.GET.copy()
    query.setdefault("show", "differs")  # what a person comes for, and short whatever the store's size
    found = ObservedFilter(query, rows.prefetch_related("variants").order_by("title", "pk"))
    agreement = observing.agreement(channel)
    table = ObservedTable(found.qs, order_by="title")
    if agreement.listings:
        table.empty_title = _("Nothing would change")  # type: ignore[assignment,misc]  # of this table alone
        words = _("Every listing whose quantity is known shows what it would be told.")
    else:
        words = _("Listings show here once they have a SKU and their quantity was read.")
    table.empty_text = words
    context = {
        **page_of(channel, "observe"),
        "agreement": agreement,
        "readiness": readiness.of(channel, agreement, now=now),
        "days": observing.days(channel, found=agreement, now=now),
        "live": Listing.objects.filter(channel=channel, is_live=True).publishable().count()
        if channel.mode == Channel.Mode.PART_LIVE
        else 0,
        "shares": choosing.SHARES,
        "narrowed": bool(request.GET.get("q") or request.GET.get("show", "all") != "all"),
    }
    return list_page(request, "channels/channel_observe.html", filterset=found, table=table, context=context)


@require_http_methods(["GET", "POST"])
def channel_share(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Go live with some listings, the others staying observed. What would be written is shown first."""
    channel = get_object_or_404(Channel, uuid=uuid, disconnected_at=None)
    back = reverse("channels:channel_observe", args=[channel.uuid])
    query = request.POST if request.method == "POST" else request.GET
    choice = choosing.read(channel, query)
    if request.method == "POST":
        choice = choice.held()  # what is compared with what was looked at is what goes live
    if not choice.size:
        messages.warning(request, _("Nothing was chosen that could go live: pick listings, or take a share of them."))
        return redirect(back)
    preview = modes.preview(channel, among=choice.listings)
    must_agree = preview.empties
    if request.method == "POST":
        if query.get("digest") != choice.digest:
            messages.error(request, _("Nothing was changed: the choice means other listings by now. Look again."))
        elif must_agree and not query.get("empties"):
            messages.error(request, _("Nothing was changed: tick that the quantities going to zero are meant."))
        else:
            return _go_live(request, channel, choice, back)
    context = {
        **page_of(channel, "observe"),
        "choice": choice,
        "chosen": choice.size,
        "preview": preview,
        "must_agree": must_agree,
        "query": [(name, value) for name in ("share", "pick", "q", "show") for value in query.getlist(name) if value],
    }
    return render(request, "channels/channel_share.html", context, status=422 if request.method == "POST" else 200)


def _go_live(request: HttpRequest, channel: Channel, choice: choosing.Choice, back: str) -> HttpResponse:
    try:
        added = modes.go_live_with(
            channel=channel,
            listing_ids=choice.listing_ids,
            chosen_by=choice.sentence,
            actor=actor_of(request.user),
            now=timezone.now(),
        )
    except modes.CantChoose as error:
        messages.error(request, str(error))
    else:
        words = ngettext("%(n)d listing is live.", "%(n)d listings are live.", added) % {"n": added}
        messages.success(request, f"{words} {_('The others stay observed.')}")
    return done(request, back)

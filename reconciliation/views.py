"""One listing whose channel shows another number than we account for: look, then decide whose number is right."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from channels import availability, connection
from channels.contract import ChannelError
from channels.models import Channel, Listing
from inventory.errors import LedgerError
from inventory.models import Warehouse
from inventory.views import actor_of
from reconciliation import review
from reconciliation.review import PictureMoved


class KeepOursForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)


class TakeTheirsForm(forms.Form):
    """``seen`` is the number that the person decides on; the verbs act on no other."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    warehouse = forms.ModelChoiceField(Warehouse.objects.none(), label=gettext_lazy("Warehouse"), empty_label=None)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Stands in the ledger: “Sold over the counter”, “Counted in the store”."),
    )

    def __init__(self, *args: object, channel: Channel, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["warehouse"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 — for the type checker
        field.queryset = Warehouse.objects.filter(feeds__channel=channel).order_by("feeds__priority", "feeds__pk")


def _listing(pk: int) -> Listing:
    listing: Listing = get_object_or_404(Listing.objects.select_related("channel", "sku"), pk=pk)
    return listing


@require_GET
def drift(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _listing(pk))


def _page(
    request: HttpRequest, listing: Listing, *, take: TakeTheirsForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    target = availability.explain(listing).total if listing.sku_id else None
    context = {
        "listing": listing,
        "target": target,
        # What keeping ours would write, once the number shown is accounted for.
        "write": None if target is None or listing.shown is None else target - listing.shown,
        "take": take or TakeTheirsForm(channel=listing.channel, initial={"seen": listing.shown}),
        "problem": problem,
    }
    return render(request, "reconciliation/drift.html", context, status=status)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Read what the store shows now."""
    listing = _listing(pk)
    try:
        reading = review.check_now(listing=listing, now=timezone.now())
    except ChannelError as error:
        connection.note_failure(listing.channel, error, now=timezone.now())
        messages.error(request, str(error))
        return redirect("channels:listing_detail", pk)
    if reading is None:
        messages.warning(request, _("A sale was booked in this moment. Check again."))
    elif reading.quantity is None:
        messages.warning(request, _("The store tells no quantity for it."))
    elif reading.drift:
        messages.warning(request, _("The store shows %(shown)d.") % {"shown": reading.quantity})
        return redirect("reconciliation:drift", pk)
    else:
        messages.success(
            request, _("The store shows %(shown)d, as it should be accounted for.") % {"shown": reading.quantity}
        )
    return redirect("channels:listing_detail", pk)


@require_POST
def keep_ours(request: HttpRequest, pk: int) -> HttpResponse:
    listing = _listing(pk)
    form = KeepOursForm(request.POST)
    if not form.is_valid():
        return _page(request, listing, problem=_("The number that you saw is missing. Look again."), status=422)
    try:
        review.keep_ours(
            listing=listing, seen=form.cleaned_data["seen"], actor=actor_of(request.user), now=timezone.now()
        )
    except (PictureMoved, ChannelError) as error:
        return _refused(request, pk, error)
    messages.success(request, _("Ours is kept: the store is brought to the ledger's number."))
    return redirect("channels:listing_detail", pk)


@require_POST
def take_theirs(request: HttpRequest, pk: int) -> HttpResponse:
    listing = _listing(pk)
    form = TakeTheirsForm(request.POST, channel=listing.channel)
    if not form.is_valid():
        return _page(request, listing, take=form, status=422)
    data = form.cleaned_data
    try:
        movement = review.take_theirs(
            listing=listing,
            seen=data["seen"],
            warehouse=data["warehouse"],
            reason=data["reason"],
            actor=actor_of(request.user),
            now=timezone.now(),
        )
    except LedgerError as error:
        form.add_error(None, str(error))
        return _page(request, listing, take=form, status=422)
    except (PictureMoved, ChannelError) as error:
        return _refused(request, pk, error)
    messages.success(
        request,
        _("Theirs is taken: %(units)+d on hand in %(warehouse)s.")
        % {"units": movement.on_hand_delta, "warehouse": data["warehouse"].name},
    )
    return redirect("channels:listing_detail", pk)


def _refused(request: HttpRequest, pk: int, error: PictureMoved | ChannelError) -> HttpResponse:
    """Show the picture as it is now: nothing was done."""
    listing = _listing(pk)
    if isinstance(error, ChannelError):
        connection.note_failure(listing.channel, error, now=timezone.now())
        return _page(request, listing, problem=str(error), status=422)
    try:
        review.check_now(listing=listing, now=timezone.now())
    except ChannelError as failure:
        return _page(request, listing, problem=f"{error} {failure}", status=409)
    return _page(request, _listing(pk), problem=str(error), status=409)

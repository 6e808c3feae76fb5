"""The sell page of a shop, for a phone on the counter: scan or type, sell, take back, and what became of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.lanes import wake_soon
from dashboard import shops
from dashboard.basket import Basket
from dashboard.filters import SaleLineFilter
from dashboard.tables import SaleLineTable
from inventory.codes import sku_named
from inventory.errors import KeptElsewhere
from inventory.models import Sku, Warehouse
from inventory.searches import typed
from inventory.sheets import UnreadableSheet
from inventory.shops import files, selling
from inventory.shops.finding import scanned
from inventory.shops.models import SaleLine
from inventory.shops.reading import CODE_LENGTH
from inventory.shops.selling import Status, Told, Verb
from inventory.tables import list_page
from inventory.views import actor_of

BARCODE_DIGITS = 8  # so many digits or more are a barcode, where no SKU says what they are


@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """Choose a shop; where there is one, go to it."""
    found = list(Warehouse.objects.filter(is_shop=True).order_by("name", "pk"))
    if len(found) == 1:
        return redirect("dashboard:shop_sell", found[0].pk)
    return render(request, "shops/shop_list.html", {"shops": found})


def _shop(pk: int) -> Warehouse:
    place: Warehouse = get_object_or_404(Warehouse, pk=pk, is_shop=True)
    return place


@require_GET
def shop_sell(request: HttpRequest, pk: int) -> HttpResponse:
    return _till(request, _shop(pk))


def _till(request: HttpRequest, place: Warehouse, *, asked: str = "", why: str = "") -> HttpResponse:
    """Draw the page, or for htmx the counter alone. ``asked`` is what was typed and nothing has exactly."""
    basket = Basket(request.session, place)
    context = {
        "shop": place,
        "basket": basket,
        "rows": basket.rows(),
        "is_return": basket.verb == Verb.RETURN,
        "asked": asked,
        "why": why,
        "matches": shops.matches(asked, place) if asked else [],
        "recent": shops.recent_sales(place),
        "waiting": SaleLine.objects.filter(warehouse=place, state=SaleLine.State.WAITING).count(),
    }
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "shops/_till.html" if is_part else "shops/sell.html", context)


def _again(request: HttpRequest, place: Warehouse) -> HttpResponse:
    """Show the counter after a change: swapped in by htmx, else as the page anew."""
    if getattr(request, "htmx", False):
        return _till(request, place)
    return redirect("dashboard:shop_sell", place.pk)


@require_POST
def shop_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Lay what was scanned or typed on the counter; offer what is like it where nothing is exactly that."""
    place = _shop(pk)
    text = typed(request.POST.get("code"), CODE_LENGTH)
    if not text:
        return _again(request, place)
    basket = Basket(request.session, place)
    found = scanned(text)
    if isinstance(found, Sku):
        basket.add(found.code, is_barcode=False)
    elif request.POST.get("unknown"):
        basket.add(text, is_barcode=text.isdecimal() and len(text) >= BARCODE_DIGITS)
    else:
        return _till(request, place, asked=text, why=found)
    return _again(request, place)


@require_POST
def shop_line(request: HttpRequest, pk: int) -> HttpResponse:
    """Set how many of a line there are."""
    place = _shop(pk)
    number, units = request.POST.get("place", ""), request.POST.get("units", "")
    if all(text.isascii() and text.isdecimal() and len(text) <= 10 for text in (number, units)):
        Basket(request.session, place).set_units(int(number), int(units))
    return _again(request, place)


@require_POST
def shop_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """Make what lies on the counter a sale or a return."""
    place = _shop(pk)
    verb = Verb.RETURN if request.POST.get("kind") == Verb.RETURN else Verb.SALE
    Basket(request.session, place).become(verb)
    return _again(request, place)


@require_POST
def shop_finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Book what lies on the counter. Sent twice it is booked once: the form names the sale."""
    place, now = _shop(pk), timezone.now()
    basket = Basket(request.session, place)
    if not basket or request.POST.get("sale_id") != basket.sale_id:
        sold = SaleLine.objects.filter(warehouse=place, sale_id=typed(request.POST.get("sale_id"), 100)).exists()
        messages.info(request, _("Booked already.") if sold else _("Nothing was booked: the counter has changed."))
        return redirect("dashboard:shop_sell", place.pk)
    lines = [
        Told(
            sale_id=basket.sale_id,
            line_id=str(number),
            verb=basket.verb,
            occurred_at=now,
            code=code,
            is_barcode=is_barcode,
            units=units,
        )
        for number, (code, is_barcode, units) in enumerate(basket.lines(), 1)
    ]
    try:
        taken = selling.take(lines, warehouse=place, actor=actor_of(request.user), now=now)
    except KeptElsewhere as error:
        messages.error(request, str(error))
        return redirect("dashboard:shop_sell", place.pk)
    is_return, units = basket.verb == Verb.RETURN, basket.units
    basket.clear()
    wake_soon("signals")  # the channels hear of it now, not with the next sweep
    words = ngettext("%(n)d unit taken back.", "%(n)d units taken back.", units)
    if not is_return:
        words = ngettext("%(n)d unit sold.", "%(n)d units sold.", units)
    messages.success(request, words % {"n": units})
    if any(one.status == Status.WAITING for one in taken):
        messages.warning(request, _("What nobody knows waits: say below which SKU it was."))
    return redirect("dashboard:shop_sell", place.pk)


@require_POST
def shop_void(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a whole sale."""
    place, now = _shop(pk), timezone.now()
    lines = SaleLine.objects.filter(
        warehouse=place,
        sale_id=typed(request.POST.get("sale_id"), 100),
        till=typed(request.POST.get("till"), 60),
    ).exclude(state=SaleLine.State.VOIDED)
    voids = [Told(sale_id=line.sale_id, line_id=line.line_id, verb=Verb.VOID, occurred_at=now) for line in lines]
    if voids:
        selling.take(voids, warehouse=place, till=lines[0].till, actor=actor_of(request.user), now=now)
        wake_soon("signals")
        messages.success(request, _("Voided: its units are back."))
    return redirect("dashboard:shop_sell", place.pk)


# Files, lines and what they were --------------------------------------------------------------------------------


class SalesFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy(
            "Columns: sale_id, occurred_at, line_id, quantity, and sku or barcode; also location, kind, sellable, till."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )


@require_http_methods(["GET", "POST"])
def shop_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Book the sales of a day from a file, and report on every line that could not be."""
    place = _shop(pk)
    form = SalesFileForm(request.POST or None, request.FILES or None)
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            content = form.cleaned_data["file"].read()
            report = files.take(content, shop=place, actor=actor_of(request.user), now=timezone.now())
            wake_soon("signals")
        except UnreadableSheet as error:
            form.add_error("file", str(error))
    context = {"shop": place, "form": form, "report": report, "shown": files.SHOWN}
    return render(request, "shops/file.html", context, status=422 if form.is_bound and form.errors else 200)


@require_GET
def shop_sales(request: HttpRequest, pk: int) -> HttpResponse:
    place = _shop(pk)
    lines = SaleLineFilter(request.GET, SaleLine.objects.filter(warehouse=place).select_related("sku"))
    table = SaleLineTable(lines.qs, empty_text=_("Sell something, send sales by the API, or bring the day's file."))
    return list_page(request, "shops/sales.html", filterset=lines, table=table, context={"shop": place})


@require_http_methods(["GET", "POST"])
def shop_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which SKU a waiting line was."""
    line = get_object_or_404(SaleLine.objects.select_related("warehouse"), pk=pk, state=SaleLine.State.WAITING)
    context: dict[str, Any] = {"line": line, "shop": line.warehouse}
    if request.method == "POST":
        sku = sku_named(typed(request.POST.get("sku")))
        if sku is not None:
            selling.resolve(line=line, sku=sku, actor=actor_of(request.user), now=timezone.now())
            wake_soon("signals")
            messages.success(request, _("Booked as %s.") % sku.code)
            return redirect(f"{reverse('dashboard:shop_sales', args=[line.warehouse_id])}?state=waiting")
        messages.error(request, _("No SKU has this code."))
    context["q"] = typed(request.GET.get("q", line.code), CODE_LENGTH)
    context["matches"] = shops.matches(context["q"], line.warehouse)
    return render(request, "shops/resolve.html", context)

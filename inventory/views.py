"""Warehouses, and how every form of the product answers once it is done."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from inventory.actors import name_of
from inventory.filters import MovementFilter, StockLevelFilter
from inventory.forms import CatalogueForm, WarehouseForm
from inventory.models import Movement, StockLevel, Warehouse
from inventory.tables import StockLevelTable, WarehouseMovementTable, WarehouseTable, arrange, list_page


def actor_of(user: AbstractBaseUser | AnonymousUser) -> str:
    """Name the person as movements and the trail name them."""
    return f"user:{user.get_username()}"


def done(request: HttpRequest, url: str) -> HttpResponse:
    """Go to ``url``: by a redirect, or from the dialog by having htmx load it as a page."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return redirect(url)


def form_page(
    request: HttpRequest, template: str, form: BaseForm, context: dict[str, object] | None = None
) -> HttpResponse:
    """Draw a form, as a page or for the dialog; a refused one carries status 422."""
    response = render(
        request, template, {"form": form, **(context or {})}, status=422 if form.is_bound and form.errors else 200
    )
    patch_vary_headers(response, ["HX-Request"])
    return response


def catalogue_page(
    request: HttpRequest, template: str, form: CatalogueForm, *, page: str, context: dict[str, object] | None = None
) -> HttpResponse:
    """Draw the form of a row of the catalogue; once it is kept, go to the row's ``page``."""
    is_new = form.instance.pk is None
    if request.method == "POST" and form.is_valid() and form.keep(actor=actor_of(request.user)):
        messages.success(request, _("%(row)s added.") % {"row": form.instance} if is_new else _("Saved."))
        return done(request, reverse(page, args=[form.instance.pk]))
    return form_page(request, template, form, context)


@require_GET
def warehouse_list(request: HttpRequest) -> HttpResponse:
    kept = ~Q(levels__on_hand=0) | ~Q(levels__reserved=0)
    rows = Warehouse.objects.all().with_stock().annotate(skus=Count("levels", filter=kept)).order_by("priority", "code")
    table = WarehouseTable(rows, empty_text=_("A warehouse is any place that holds stock; one is enough to begin."))
    table.empty_url = reverse("inventory:warehouse_new")
    return render(request, "inventory/warehouse_list.html", {"table": arrange(request, table)})


@require_GET
def warehouse_detail(request: HttpRequest, pk: int) -> HttpResponse:
    warehouse = get_object_or_404(Warehouse, pk=pk)
    levels = StockLevel.objects.filter(warehouse=warehouse).select_related("sku").order_by("sku__code", "pk")
    stock = StockLevelFilter(request.GET, levels)
    table = StockLevelTable(stock.qs, empty_text=_("Receive or count stock on a SKU's page, and it shows here."))
    context = {"warehouse": warehouse, "keeper": _keeper(warehouse), "tabs": _tabs(warehouse, "stock")}
    return list_page(request, "inventory/warehouse_detail.html", filterset=stock, table=table, context=context)


@require_GET
def warehouse_movements(request: HttpRequest, pk: int) -> HttpResponse:
    warehouse = get_object_or_404(Warehouse, pk=pk)
    movements = MovementFilter(
        request.GET, Movement.objects.filter(warehouse=warehouse).select_related("sku", "warehouse").order_by("-pk")
    )
    context = {"warehouse": warehouse, "keeper": _keeper(warehouse), "tabs": _tabs(warehouse, "movements")}
    table = WarehouseMovementTable(movements.qs)
    return list_page(request, "inventory/warehouse_detail.html", filterset=movements, table=table, context=context)


def _keeper(warehouse: Warehouse) -> str:
    """Return who tells the warehouse's stock where that is somebody else: a sales channel or a stock source."""
    if warehouse.kept_by:
        return name_of(warehouse.kept_by)
    spoken_for = warehouse.source_locations.filter(source__disconnected_at=None).select_related("source")
    return ", ".join(sorted({location.source.name for location in spoken_for}))


def _tabs(warehouse: Warehouse, current: str) -> list[dict[str, object]]:
    return [
        {
            "label": label,
            "url": reverse(name, args=[warehouse.pk]),
            "is_current": current == code,
            "count": None,
        }
        for code, label, name in (
            ("stock", _("Stock"), "inventory:warehouse_detail"),
            ("movements", _("Movements"), "inventory:warehouse_movements"),
        )
    ]


@require_http_methods(["GET", "POST"])
def warehouse_new(request: HttpRequest) -> HttpResponse:
    return _warehouse_page(request, WarehouseForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def warehouse_edit(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Warehouse, pk=pk)
    # The form writes what was typed into its instance before it is valid: the page's own heading keeps the stored one.
    form = WarehouseForm(request.POST or None, instance=get_object_or_404(Warehouse, pk=pk))
    return _warehouse_page(request, form, {"warehouse": stored})


def _warehouse_page(
    request: HttpRequest, form: WarehouseForm, context: dict[str, object] | None = None
) -> HttpResponse:
    page = "inventory:warehouse_detail"
    return catalogue_page(request, "inventory/warehouse_form.html", form, page=page, context=context)

"""SKUs: the list, a SKU's page, its form."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard import skus
from dashboard.filters import SkuFilter
from dashboard.tables import SkuTable
from inventory import bundles, catalogue
from inventory.forms import SkuForm
from inventory.models import Movement, Sku
from inventory.tables import MovementTable, arrange, list_page
from inventory.views import actor_of, catalogue_page, done

MOVEMENTS_SHOWN = 25


@require_GET
def sku_list(request: HttpRequest) -> HttpResponse:
    rows = SkuFilter(request.GET, Sku.objects.all())
    table = SkuTable(
        rows.qs, empty_text=_("Import a store's catalogue and make SKUs from its listings, or add one by hand.")
    )
    table.empty_url = reverse("dashboard:sku_new")
    return list_page(request, "dashboard/sku_list.html", filterset=rows, table=table)


@require_GET
def sku_detail(request: HttpRequest, pk: int) -> HttpResponse:
    sku = get_object_or_404(skus.catalogue().select_related("merged_into"), pk=pk)
    parts = list(sku.components.select_related("component").order_by("pk")) if sku.is_bundle else []
    places = bundles.makes([sku.pk]).get(sku.pk, []) if parts else []
    if parts:
        sku.available = sum(place.units for place in places)
    context: dict[str, object] = {
        "sku": sku,
        "parts": parts,
        "places": places,
        "levels": skus.levels_of(sku),
        "shelves": skus.shelves(sku),
        "holders": skus.holders(sku),
    }
    is_part = bool(getattr(request, "htmx", False))
    if not is_part:
        movements = Movement.objects.filter(sku=sku).select_related("sku", "warehouse").order_by("-pk")
        table = MovementTable(movements, empty_text=_("Receive, count or adjust, and each change shows here."))
        context["table"] = arrange(request, table, page_size=MOVEMENTS_SHOWN)
        context["also"] = skus.other_codes(sku)
    response = render(request, "dashboard/_sku_now.html" if is_part else "dashboard/sku_detail.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "POST"])
def sku_new(request: HttpRequest) -> HttpResponse:
    return _sku_page(request, SkuForm(request.POST or None))


@require_http_methods(["GET", "POST"])
def sku_edit(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Sku, pk=pk)
    # The form writes what was typed into its instance before it is valid: the page's own heading keeps the stored one.
    form = SkuForm(request.POST or None, instance=get_object_or_404(Sku, pk=pk))
    return _sku_page(request, form, {"sku": stored})


def _sku_page(request: HttpRequest, form: SkuForm, context: dict[str, object] | None = None) -> HttpResponse:
    return catalogue_page(request, "dashboard/sku_form.html", form, page="dashboard:sku_detail", context=context)


@require_POST
def sku_archive(request: HttpRequest, pk: int) -> HttpResponse:
    sku = get_object_or_404(Sku, pk=pk)
    actor = actor_of(request.user)
    if request.POST.get("archived") == "yes":
        catalogue.archive_sku(sku=sku, actor=actor, now=timezone.now())
        sentence = _("%(code)s archived: it no longer shows in lists.")
    else:
        try:
            catalogue.restore_sku(sku=sku, actor=actor)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return done(request, reverse("dashboard:sku_detail", args=[pk]))
        sentence = _("%(code)s is active again.")
    messages.success(request, sentence % {"code": sku.code})
    return done(request, reverse("dashboard:sku_detail", args=[pk]))

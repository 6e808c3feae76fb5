"""What a person does to a SKU's stock: one small form per operation, on its own page or in the dialog."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inventory import stock_forms
from inventory.models import Sku, Warehouse
from inventory.views import actor_of, done, form_page

View = Callable[..., HttpResponse]


def _operation(form_class: type[stock_forms.StockForm]) -> View:
    @require_http_methods(["GET", "POST"])
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        sku = get_object_or_404(Sku, pk=pk)
        # A link may fill the form in; whoever follows it still sees and books it.
        names = ("warehouse", "destination", "units")
        chosen = {name: value for name in names if (value := request.GET.get(name, "")).isdecimal()}
        form = form_class(
            request.POST if request.method == "POST" else None,
            sku=sku,
            initial=chosen or None,
        )
        if form.is_bound and form.is_valid() and form.book(actor=actor_of(request.user), now=timezone.now()):
            messages.success(request, form.sentence())
            return done(request, reverse("dashboard:sku_detail", args=[pk]))
        context = {"sku": sku, "has_warehouse": Warehouse.objects.exists()}
        return form_page(request, "dashboard/stock_form.html", form, context)

    return view


sku_receive = _operation(stock_forms.ReceiveForm)
sku_adjust = _operation(stock_forms.AdjustForm)
sku_count = _operation(stock_forms.CountForm)
sku_transfer = _operation(stock_forms.TransferForm)
sku_reclassify = _operation(stock_forms.ReclassifyForm)
sku_return = _operation(stock_forms.ReturnForm)

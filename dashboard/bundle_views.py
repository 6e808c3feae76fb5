"""What a bundle is made of: the page on which a SKU becomes one, is changed, or is a plain SKU again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels.lanes import wake_soon
from inventory.bundle_forms import BundleForm
from inventory.models import Sku
from inventory.views import actor_of, done, form_page


@require_http_methods(["GET", "POST"])
def sku_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    sku = get_object_or_404(Sku, pk=pk)
    form = BundleForm(request.POST or None, bundle=sku)
    if request.method == "POST" and form.is_valid() and form.keep(actor=actor_of(request.user), now=timezone.now()):
        wake_soon("signals")
        sentence = _("%(code)s is a bundle: its listings follow.") if form.components else _("%(code)s is no bundle.")
        messages.success(request, sentence % {"code": sku.code})
        return done(request, reverse("dashboard:sku_detail", args=[pk]))
    return form_page(request, "dashboard/sku_bundle.html", form, {"sku": sku})

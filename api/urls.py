"""Addresses of the API. A final slash may be left out: a redirect would lose a request's body."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from api.views.account import ChangeViews, TokenViews
from api.views.base import NotFoundView
from api.views.batches import CountBatchViews, MappingRunViews
from api.views.catalogue import SkuViews, WarehouseViews
from api.views.channels import ChannelViews, ImportViews, PlatformsView
from api.views.counting import CountTaskViews
from api.views.description import DescriptionView
from api.views.discrepancies import BatchViews, DiscrepancyViews
from api.views.levels import HoldBackViews, ToleranceViews
from api.views.listings import ListingViews
from api.views.reconciliation import RunViews, ScheduleView
from api.views.reservations import ReservationViews
from api.views.sales import SaleViews
from api.views.sandbox import SandboxClearView, SandboxLoadView, SandboxView
from api.views.shipments import ShipmentViews
from api.views.sources import (
    SourceEventViews,
    SourceKindsView,
    SourcePullViews,
    SourceStockViews,
    SourceViews,
)
from api.views.stock import (
    AdjustmentsView,
    AdjustmentView,
    CountView,
    MovementViews,
    ReceiptView,
    ReclassifyView,
    ReturnView,
    RunsOutView,
    StockViews,
    TransferView,
)
from api.views.traffic import InboxViews, OrderViews, PushViews
from api.views.webhooks import DeliveryViews, EndpointViews, EventsView, HookViews, MeView

app_name = "api"

router = SimpleRouter()
router.trailing_slash = "/?"
router.register("warehouses", WarehouseViews)
router.register("skus", SkuViews)
router.register("stock", StockViews)
router.register("count-batches", CountBatchViews, basename="count-batch")
router.register("movements", MovementViews)
router.register("reservations", ReservationViews)
router.register("pos/sales", SaleViews, basename="sale")
router.register("shipments", ShipmentViews, basename="shipment")
router.register("channels", ChannelViews)
router.register("imports", ImportViews, basename="import")
router.register("listings", ListingViews)
router.register("mapping-runs", MappingRunViews, basename="mapping-run")
router.register("orders", OrderViews)
router.register("inbox", InboxViews, basename="inbox")
router.register("pushes", PushViews)
router.register("sources", SourceViews)
router.register("source-pulls", SourcePullViews, basename="source-pull")
router.register("source-stock", SourceStockViews, basename="source-stock")
router.register("source-events", SourceEventViews, basename="source-event")
router.register("changes", ChangeViews, basename="change")
router.register("tokens", TokenViews, basename="token")
router.register("webhooks", EndpointViews)
router.register("deliveries", DeliveryViews)
router.register("hooks", HookViews, basename="hook")
router.register("reconciliation-runs", RunViews, basename="reconciliation-run")
router.register("discrepancies", DiscrepancyViews)
router.register("discrepancy-batches", BatchViews, basename="discrepancy-batch")
router.register("count-tasks", CountTaskViews, basename="count-task")
router.register("tolerances", ToleranceViews)
router.register("hold-backs", HoldBackViews, basename="hold-back")

v1 = [
    re_path(r"^me/?$", MeView.as_view(), name="me"),
    re_path(r"^source-kinds/?$", SourceKindsView.as_view(), name="source-kinds"),
    re_path(r"^platforms/?$", PlatformsView.as_view(), name="platforms"),
    re_path(r"^events/?$", EventsView.as_view(), name="events"),
    re_path(r"^stock/adjustments/?$", AdjustmentView.as_view(), name="adjustments"),
    re_path(r"^stock/adjustments/batch/?$", AdjustmentsView.as_view(), name="adjustments_batch"),
    re_path(r"^stock/counts/?$", CountView.as_view(), name="counts"),
    re_path(r"^stock/receipts/?$", ReceiptView.as_view(), name="receipts"),
    re_path(r"^stock/reclassifications/?$", ReclassifyView.as_view(), name="reclassifications"),
    re_path(r"^stock/returns/?$", ReturnView.as_view(), name="returns"),
    re_path(r"^stock/runs-out/?$", RunsOutView.as_view(), name="runs_out"),
    re_path(r"^stock/transfers/?$", TransferView.as_view(), name="transfers"),
    re_path(r"^reconciliation-schedule/?$", ScheduleView.as_view(), name="schedule"),
    re_path(r"^sandbox/?$", SandboxView.as_view(), name="sandbox"),
    re_path(r"^sandbox/load/?$", SandboxLoadView.as_view(), name="sandbox_load"),
    re_path(r"^sandbox/clear/?$", SandboxClearView.as_view(), name="sandbox_clear"),
    *router.urls,
]

urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", DescriptionView.as_view(), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api:schema", template_name="api/docs.html"),
        name="docs",
    ),
    re_path(r"", NotFoundView.as_view(), name="nothing"),
]

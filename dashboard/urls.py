from django.urls import path

from dashboard import (
    bundle_views,
    many_views,
    merge_views,
    metrics,
    oversold_views,
    parked_views,
    search_views,
    setup_views,
    shop_views,
    showcase,
    sku_views,
    stock_views,
    views,
)
from dashboard.many import ROOMS

app_name = "dashboard"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("metrics", metrics.metrics, name="metrics"),
    path("setup/", setup_views.checklist, name="setup"),
    path("setup/skip/", setup_views.skip, name="setup_skip"),
    path("setup/stock/", setup_views.stock, name="setup_stock"),
    path("parked/", parked_views.parked_first, name="parked_first"),
    path("parked/<slug:code>/", parked_views.parked, name="parked"),
    path("parked/<slug:code>/retry/", parked_views.parked_retry, name="parked_retry"),
    path("parked/<slug:code>/outcomes/", parked_views.parked_outcomes, name="parked_outcomes"),
    *(
        path(
            f"many/{room.code}/{verb.code}/",
            many_views.many,
            {"room_code": room.code, "verb_code": verb.code},
            name=f"many_{room.code}_{verb.code}",
        )
        for room in ROOMS.values()
        for verb in room.verbs
    ),
    *(
        path(f"many/{code}/", many_views.many_outcomes, {"room_code": code}, name=f"many_{code}_outcomes")
        for code in ROOMS
    ),
    path("search/", search_views.search, name="search"),
    path("overview/recent/", views.overview_recent, name="overview_recent"),
    path("overview/week/", views.overview_week, name="overview_week"),
    path("oversold/", oversold_views.oversold, name="oversold"),
    path("oversold/<int:pk>/", oversold_views.oversold_sku, name="oversold_sku"),
    path("oversold/lines/<int:pk>/backorder/", oversold_views.backorder, name="backorder"),
    path("stock/risk/", views.stock_risk, name="stock_risk"),
    path("components/", showcase.components, name="components"),
    path("words/", views.words, name="words"),
    path("theme/", views.theme, name="theme"),
    path("shop/", shop_views.shop, name="shop"),
    path("shop/<int:pk>/", shop_views.shop_sell, name="shop_sell"),
    path("shop/<int:pk>/add/", shop_views.shop_add, name="shop_add"),
    path("shop/<int:pk>/line/", shop_views.shop_line, name="shop_line"),
    path("shop/<int:pk>/kind/", shop_views.shop_kind, name="shop_kind"),
    path("shop/<int:pk>/finish/", shop_views.shop_finish, name="shop_finish"),
    path("shop/<int:pk>/void/", shop_views.shop_void, name="shop_void"),
    path("shop/<int:pk>/file/", shop_views.shop_file, name="shop_file"),
    path("shop/<int:pk>/sales/", shop_views.shop_sales, name="shop_sales"),
    path("shop/lines/<int:pk>/", shop_views.shop_resolve, name="shop_resolve"),
    path("skus/", sku_views.sku_list, name="sku_list"),
    path("skus/new/", sku_views.sku_new, name="sku_new"),
    path("skus/<int:pk>/", sku_views.sku_detail, name="sku_detail"),
    path("skus/<int:pk>/edit/", sku_views.sku_edit, name="sku_edit"),
    path("skus/<int:pk>/bundle/", bundle_views.sku_bundle, name="sku_bundle"),
    path("skus/<int:pk>/merge/", merge_views.sku_merge, name="sku_merge"),
    path("skus/<int:pk>/merge/<int:into_pk>/", merge_views.sku_merge_preview, name="sku_merge_preview"),
    path("skus/<int:pk>/archive/", sku_views.sku_archive, name="sku_archive"),
    path("skus/<int:pk>/receive/", stock_views.sku_receive, name="sku_receive"),
    path("skus/<int:pk>/adjust/", stock_views.sku_adjust, name="sku_adjust"),
    path("skus/<int:pk>/count/", stock_views.sku_count, name="sku_count"),
    path("skus/<int:pk>/transfer/", stock_views.sku_transfer, name="sku_transfer"),
    path("skus/<int:pk>/reclassify/", stock_views.sku_reclassify, name="sku_reclassify"),
    path("skus/<int:pk>/return/", stock_views.sku_return, name="sku_return"),
]

"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("dashboard.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("inventory.sources.urls")),
    path("api/", include("api.urls")),
    path("developers/", include("api.pages.urls")),
    path("inventory/", include("inventory.urls")),
    path("reconciliation/", include("reconciliation.urls")),
    path("", include("channels.urls")),
]

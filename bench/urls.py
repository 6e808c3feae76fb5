"""The product's addresses and those of the views it is measured against."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("bench.views")), path("", include("config.urls"))]

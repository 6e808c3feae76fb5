from django.urls import path

from dashboard import showcase, views

app_name = "dashboard"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("components/", showcase.components, name="components"),
    path("theme/", views.theme, name="theme"),
    path("skus/", views.overview, name="sku_list"),
]

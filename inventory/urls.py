from django.urls import path

from inventory import views

app_name = "inventory"
urlpatterns = [
    path("warehouses/", views.warehouse_list, name="warehouse_list"),
    path("warehouses/new/", views.warehouse_new, name="warehouse_new"),
    path("warehouses/<int:pk>/", views.warehouse_detail, name="warehouse_detail"),
    path("warehouses/<int:pk>/movements/", views.warehouse_movements, name="warehouse_movements"),
    path("warehouses/<int:pk>/edit/", views.warehouse_edit, name="warehouse_edit"),
]

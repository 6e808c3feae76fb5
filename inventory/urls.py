from django.urls import path

from inventory import views
from inventory.batches import views as batches

app_name = "inventory"
urlpatterns = [
    path("warehouses/", views.warehouse_list, name="warehouse_list"),
    path("warehouses/new/", views.warehouse_new, name="warehouse_new"),
    path("warehouses/<int:pk>/", views.warehouse_detail, name="warehouse_detail"),
    path("warehouses/<int:pk>/movements/", views.warehouse_movements, name="warehouse_movements"),
    path("warehouses/<int:pk>/edit/", views.warehouse_edit, name="warehouse_edit"),
    path("counts/", batches.count_file, name="count_file"),
    path("counts/<int:pk>/", batches.count_batch, name="count_batch"),
    path("counts/<int:pk>/take/", batches.count_batch_take, name="count_batch_take"),
    path("counts/<int:pk>/discard/", batches.count_batch_discard, name="count_batch_discard"),
    path("counts/<int:pk>/undo/", batches.count_batch_undo, name="count_batch_undo"),
]

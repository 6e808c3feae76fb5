from django.urls import path

from reconciliation import views

app_name = "reconciliation"
urlpatterns = [
    path("listings/<int:pk>/", views.drift, name="drift"),
    path("listings/<int:pk>/check/", views.check, name="check"),
    path("listings/<int:pk>/keep-ours/", views.keep_ours, name="keep_ours"),
    path("listings/<int:pk>/take-theirs/", views.take_theirs, name="take_theirs"),
]

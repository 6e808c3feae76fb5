"""Addresses of a person's own room."""

from django.urls import path

from dashboard.people import account_views

app_name = "account"
urlpatterns = [
    path("", account_views.profile_page, name="profile"),
    path("notifications/", account_views.notifications, name="notifications"),
    path("notifications/read/", account_views.notifications_read, name="notifications_read"),
    path("notifications/<int:pk>/", account_views.notification_open, name="notification_open"),
]

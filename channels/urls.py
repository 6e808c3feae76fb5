"""Addresses of the channels' pages, of the webhooks and of the health checks."""

from django.urls import path, re_path

from channels import health, ingress

app_name = "channels"
urlpatterns = [
    # With and without the slash at the end: platforms don't follow a redirect.
    re_path(r"^webhooks/(?P<platform>[a-z]+)/(?P<uuid>[0-9a-f-]{36})/?$", ingress.webhook, name="webhook"),
    re_path(r"^webhooks/(?P<platform>[a-z]+)/?$", ingress.webhook, name="shared_webhook"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

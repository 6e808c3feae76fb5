"""Addresses of the developers' pages."""

from django.urls import path
from django.views.generic import RedirectView

from api.pages import endpoints, events, tokens, tools

app_name = "developers"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="developers:endpoint_list"), name="home"),
    path("webhooks/", endpoints.endpoint_list, name="endpoint_list"),
    path("webhooks/new/", endpoints.endpoint_new, name="endpoint_new"),
    path("webhooks/<uuid:uuid>/", endpoints.endpoint_detail, name="endpoint_detail"),
    path("webhooks/<uuid:uuid>/edit/", endpoints.endpoint_edit, name="endpoint_edit"),
    path("webhooks/<uuid:uuid>/test/", endpoints.endpoint_test, name="endpoint_test"),
    path("webhooks/<uuid:uuid>/secret/", endpoints.endpoint_secret, name="endpoint_secret"),
    path("webhooks/<uuid:uuid>/switch/", endpoints.endpoint_switch, name="endpoint_switch"),
    path("webhooks/<uuid:uuid>/replay/", endpoints.endpoint_replay, name="endpoint_replay"),
    path("webhooks/<uuid:uuid>/remove/", endpoints.endpoint_remove, name="endpoint_remove"),
    path("deliveries/<int:pk>/", events.delivery_detail, name="delivery_detail"),
    path("deliveries/<int:pk>/replay/", events.delivery_replay, name="delivery_replay"),
    path("events/", events.event_list, name="event_list"),
    path("events/<int:pk>/", events.event_detail, name="event_detail"),
    path("tools/", tools.tools, name="tools"),
    path("tokens/", tokens.token_list, name="token_list"),
    path("tokens/new/", tokens.token_new, name="token_new"),
    path("tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
]

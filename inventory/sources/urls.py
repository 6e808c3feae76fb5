from django.urls import path

from inventory.sources import ingress
from inventory.sources.views import pulls, settings, sources

app_name = "sources"
urlpatterns = [
    path("sources/", sources.source_list, name="source_list"),
    path("sources/connect/", settings.connect_choice, name="connect"),
    path("sources/connect/<slug:kind>/", settings.connect_kind, name="connect_kind"),
    path("sources/<uuid:uuid>/", sources.source_detail, name="source_detail"),
    path("sources/<uuid:uuid>/stock/", sources.source_stock, name="source_stock"),
    path("sources/<uuid:uuid>/stock/<int:pk>/accept/", sources.reading_accept, name="reading_accept"),
    path("sources/<uuid:uuid>/readings/", pulls.source_history, name="source_history"),
    path("sources/<uuid:uuid>/readings/<int:pk>/", pulls.pull_detail, name="pull_detail"),
    path("sources/<uuid:uuid>/readings/<int:pk>/decide/", pulls.pull_decide, name="pull_decide"),
    path("sources/<uuid:uuid>/shipments/", sources.source_shipments, name="source_shipments"),
    path("sources/<uuid:uuid>/events/", sources.source_events, name="source_events"),
    path("sources/<uuid:uuid>/events/<int:pk>/again/", sources.event_again, name="event_again"),
    path("sources/<uuid:uuid>/upload/", pulls.source_upload, name="source_upload"),
    path("sources/<uuid:uuid>/read/", sources.source_read, name="source_read"),
    path("sources/<uuid:uuid>/check/", sources.source_check, name="source_check"),
    path("sources/<uuid:uuid>/locations/", settings.source_locations, name="source_locations"),
    path("sources/<uuid:uuid>/settings/", settings.source_settings, name="source_settings"),
    path("sources/<uuid:uuid>/secret/", settings.source_secret, name="source_secret"),
    path("sources/<uuid:uuid>/reconnect/", settings.source_reconnect, name="source_reconnect"),
    path("sources/<uuid:uuid>/disconnect/", settings.source_disconnect, name="source_disconnect"),
    path("api/<slug:kind>/v1/events", ingress.take_event, name="events"),
    path("api/<slug:kind>/v1/events/", ingress.take_event),
    path("api/<slug:kind>/v1/events/<uuid:uuid>", ingress.take_event, name="events_of"),
    path("api/<slug:kind>/v1/events/<uuid:uuid>/", ingress.take_event),
]

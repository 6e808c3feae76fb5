from django.urls import path

from inventory.sources import ingress

app_name = "sources"
urlpatterns = [
    path("api/<slug:kind>/v1/events", ingress.take_event, name="events"),
    path("api/<slug:kind>/v1/events/", ingress.take_event),
    path("api/<slug:kind>/v1/events/<uuid:uuid>", ingress.take_event, name="events_of"),
    path("api/<slug:kind>/v1/events/<uuid:uuid>/", ingress.take_event),
]

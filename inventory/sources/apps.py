from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "inventory.sources"
    label = "sources"
    verbose_name = "Stock sources"

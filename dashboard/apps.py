from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
    verbose_name = "People"

    def ready(self) -> None:
        from channels.tasks import FREE_LANES, FreeLane
        from dashboard.people import notifying, trail

        trail.connect()
        FREE_LANES["notifications"] = FreeLane(work=notifying.work, has_due=notifying.has_due)

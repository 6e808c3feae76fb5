from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "API"

    def ready(self) -> None:
        from api.webhooks import delivering, housekeeping, outbox
        from channels.tasks import FREE_LANES, FreeLane
        from inventory import announcing

        announcing.listen(outbox.write)
        FREE_LANES[outbox.LANE] = FreeLane(work=delivering.work, has_due=delivering.has_due, follows_stock=True)
        FREE_LANES["clearing"] = FreeLane(work=housekeeping.work, has_due=housekeeping.has_old)

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"
    verbose_name = "Reconciliation"

    def ready(self) -> None:
        from channels.tasks import KINDS, LaneKind
        from reconciliation import drift

        KINDS["check"] = LaneKind(work=drift.work, due=drift.with_due_checks)

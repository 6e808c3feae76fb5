from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    name = "reconciliation"
    verbose_name = "Reconciliation"

    def ready(self) -> None:
        from channels.tasks import FREE_LANES, KINDS, FreeLane, LaneKind
        from inventory.sources import judging
        from reconciliation import batches, checks, runs, stocks, tasks

        KINDS["check"] = LaneKind(work=checks.work, due=checks.with_due_checks)
        KINDS["reconcile"] = LaneKind(work=runs.work, due=runs.with_due_runs)
        KINDS["decide"] = LaneKind(work=batches.work, due=batches.with_waiting)
        judging.use_tolerance(stocks.tolerance)
        judging.listen(stocks.follow)
        FREE_LANES["reconciliation"] = FreeLane(work=tasks.work, has_due=tasks.has_due)

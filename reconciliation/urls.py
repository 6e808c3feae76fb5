"""The addresses of reconciliation: the queue, its rows, decisions about many, runs, levels, mail."""

from django.urls import path

from reconciliation.views import batches, deciding, discrepancy, levels, mail, queue, runs, tasks

app_name = "reconciliation"
urlpatterns = [
    # The queue
    path("", queue.queue, name="queue"),
    path("counts/", queue.counts, name="counts"),
    path("keys/", queue.keys, name="keys"),
    path("export/discrepancies.<slug:kind>", queue.export, name="export"),
    path("views/save/", queue.view_save, name="view_save"),
    path("views/<int:pk>/delete/", queue.view_delete, name="view_delete"),
    # One discrepancy
    path("<int:pk>/", discrepancy.discrepancy, name="discrepancy"),
    path("<int:pk>/assign/", discrepancy.assign, name="assign"),
    path("<int:pk>/note/", discrepancy.note, name="note"),
    path("<int:pk>/undo/", deciding.undo, name="undo"),
    path("<int:pk>/decide/<slug:verb>/", deciding.decide, name="decide"),
    path("listings/<int:pk>/", discrepancy.of_listing, name="of_listing"),
    path("listings/<int:pk>/check/", discrepancy.check, name="check"),
    # Many at once
    path("batches/new/", batches.batch_new, name="batch_new"),
    path("batches/<int:pk>/", batches.batch, name="batch"),
    path("batches/<int:pk>/undo/", batches.batch_undo, name="batch_undo"),
    path("batches/<int:pk>/stop/", batches.batch_stop, name="batch_stop"),
    # Counts to make
    path("to-count/", tasks.count_tasks, name="count_tasks"),
    # Runs
    path("runs/", runs.run_list, name="run_list"),
    path("runs/new/", runs.run_new, name="run_new"),
    path("runs/of-rows/", runs.run_of_rows, name="run_of_rows"),
    path("runs/schedule/", runs.schedule, name="schedule"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/stop/", runs.run_stop, name="run_stop"),
    path("runs/<int:pk>/allow/", runs.run_allow, name="run_allow"),
    # Tolerances and hold-backs
    path("levels/", levels.levels, name="levels"),
    path("levels/edit/", levels.edit, name="levels_edit"),
    path("levels/many/", levels.edit_many, name="levels_many"),
    path("levels/review/<int:pk>/", levels.review, name="levels_review"),
    path("levels/export/levels.<slug:kind>", levels.export, name="levels_export"),
    path("levels/import/", levels.bring_in, name="levels_import"),
    # Mail
    path("mail/", mail.digest, name="digest"),
]

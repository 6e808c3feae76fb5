"""What a run has read is not worth a log of its own: after a crash it is read again."""

import django.db.models.deletion
from django.db import migrations, models


def unlogged(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("expectedquantity", "shownquantity"):
            schema_editor.execute(f"ALTER TABLE reconciliation_{name} SET UNLOGGED")


class Migration(migrations.Migration):

    dependencies = [
        ("channels", "0004_queue_dead_letters_looked_at"),
        ("reconciliation", "0002_suspicions_and_asking"),
    ]

    operations = [
        migrations.DeleteModel(name="ExpectedQuantity"),
        migrations.CreateModel(
            name="ExpectedQuantity",
            fields=[
                ("pk", models.CompositePrimaryKey("run_id", "listing_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("accounted", models.BigIntegerField(null=True)),
                ("version", models.BigIntegerField()),
                ("listing", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="channels.listing")),
                ("run", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="reconciliation.run")),
            ],
        ),
        migrations.AlterField(
            model_name="shownquantity",
            name="run",
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="reconciliation.run"),
        ),
        migrations.RunPython(unlogged, migrations.RunPython.noop),
    ]

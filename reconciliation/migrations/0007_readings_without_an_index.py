"""Readings are gone through as a whole and never looked up: an index of them cost a third of writing them."""

from django.db import migrations


def without_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE reconciliation_shownquantity DROP CONSTRAINT reconciliation_shownquantity_pkey"
        )


def with_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE reconciliation_shownquantity ADD PRIMARY KEY (id)")


class Migration(migrations.Migration):

    dependencies = [
        ("reconciliation", "0006_run_noted"),
    ]

    operations = [
        migrations.RunPython(without_index, with_index),
    ]

"""Find SKUs by any part of their code and name on PostgreSQL. Other databases read through them."""

import structlog
from django.apps.registry import Apps
from django.db import DatabaseError, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

log = structlog.get_logger(__name__)

COLUMNS = ("code", "name")


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for column in COLUMNS:
                schema_editor.execute(
                    f"CREATE INDEX IF NOT EXISTS sku_{column}_parts ON inventory_sku"
                    f" USING gin (upper({column}::text) gin_trgm_ops)"
                )
    except DatabaseError as error:  # a server without the extension, or a role that may not add it
        log.warning("search_without_index", problem=str(error).strip())


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for column in COLUMNS:
            schema_editor.execute(f"DROP INDEX IF EXISTS sku_{column}_parts")


class Migration(migrations.Migration):
    dependencies = [("inventory", "0011_trails_by_person")]

    operations = [migrations.RunPython(add, remove)]

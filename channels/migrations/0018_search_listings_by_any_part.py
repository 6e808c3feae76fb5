"""Find listings by any part of their title and code on PostgreSQL. Other databases read through them."""

import structlog
from django.apps.registry import Apps
from django.db import DatabaseError, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

log = structlog.get_logger(__name__)


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            # One index for the three: a listing changes with every sale, and each index of it is written then.
            schema_editor.execute(
                "CREATE INDEX IF NOT EXISTS listing_parts ON channels_listing USING gin"
                " (upper(title::text) gin_trgm_ops, upper(external_sku::text) gin_trgm_ops, barcode gin_trgm_ops)"
            )
    except DatabaseError as error:  # a server without the extension, or a role that may not add it
        log.warning("search_without_index", problem=str(error).strip())


def remove(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS listing_parts")


class Migration(migrations.Migration):
    dependencies = [("channels", "0017_search_by_title"), ("inventory", "0012_search_by_any_part")]

    operations = [migrations.RunPython(add, remove)]

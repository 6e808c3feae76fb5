"""Give every variant the title of its listing."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    listings, variants = apps.get_model("channels", "Listing"), apps.get_model("channels", "ListingVariant")
    title = listings.objects.filter(pk=OuterRef("listing")).values("title")
    variants.objects.update(title=Subquery(title))


class Migration(migrations.Migration):
    dependencies = [("channels", "0015_titles_of_variants")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

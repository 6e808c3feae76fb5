"""What differs is noted when it is read; what was accounted before the first page is not kept any more."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0007_part_live_and_observed_days'),
        ('reconciliation', '0004_level_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='DifferingQuantity',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'listing_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('listing', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='channels.listing')),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='reconciliation.run')),
            ],
        ),
        migrations.DeleteModel(
            name='ExpectedQuantity',
        ),
    ]

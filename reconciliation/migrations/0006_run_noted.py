"""Readings are compared as they come in, every few seconds."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0005_differing_quantities'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='noted_at',
            field=models.DateTimeField(blank=True, help_text='When that was.', null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='noted_to',
            field=models.BigIntegerField(default=0, help_text='The last reading that was compared as it came in.'),
        ),
    ]

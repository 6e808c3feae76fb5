from django.db import migrations

import inventory.encryption


def forget(apps, schema_editor):
    """What was kept in the clear can't be read as encrypted. A repeat of such a request is guarded by the ledger."""
    apps.get_model("api", "KeptAnswer").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0003_webhooks_and_kept_answers'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(model_name='keptanswer', name='body'),
        migrations.AddField(
            model_name='keptanswer',
            name='body',
            field=inventory.encryption.EncryptedJSONField(help_text='Encrypted: some answers hold a secret that is shown once.', null=True),
        ),
    ]

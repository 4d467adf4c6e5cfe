"""Rows are seen and written only in their own workspace's scope, whatever the query forgets to filter."""

from django.db import migrations

from apps.core.rls import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("studio", "0001_initial")]
    operations = [
        enforce_tenancy("studio_product"),
        enforce_tenancy("studio_shoot"),
        enforce_tenancy("studio_shot"),
    ]

"""Exports and their files are seen and written only in their own workspace's scope."""

from django.db import migrations

from apps.core.rls import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("studio", "0005_exports")]
    operations = [
        enforce_tenancy("studio_export"),
        enforce_tenancy("studio_exportfile"),
    ]

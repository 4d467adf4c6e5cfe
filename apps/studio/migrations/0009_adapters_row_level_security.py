"""Adapters and their pictures are seen and written only in their own workspace's scope."""

from django.db import migrations

from apps.core.rls import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("studio", "0008_adapters")]
    operations = [
        enforce_tenancy("studio_adapter"),
        enforce_tenancy("studio_adapterpicture"),
    ]

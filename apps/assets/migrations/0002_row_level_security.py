"""Rows are seen and written only in their own workspace's scope, whatever the query forgets to filter."""

from django.db import migrations

from apps.core.rls import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial")]
    operations = [
        enforce_tenancy("assets_blob"),
        enforce_tenancy("assets_asset"),
        enforce_tenancy("assets_lineage"),
        enforce_tenancy("assets_rendition"),
        enforce_tenancy("assets_upload"),
    ]

"""Versions of shots are seen and written only in their own workspace's scope."""

from django.db import migrations

from apps.core.rls import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("studio", "0003_shot_versions")]
    operations = [enforce_tenancy("studio_shotversion")]

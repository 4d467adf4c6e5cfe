"""Rows are seen and written only in their own workspace's scope, whatever the query forgets to filter."""

from django.db import migrations

from apps.core.rls import SYSTEM, enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]
    operations = [
        enforce_tenancy("jobs_batch"),
        enforce_tenancy("jobs_job", also_writable=SYSTEM),
        enforce_tenancy("jobs_outbox", also_writable=SYSTEM),
    ]

"""Rows are seen and written only in their own workspace's scope, whatever the query forgets to filter."""

from django.db import migrations

from apps.core.rls import SYSTEM, USER, enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        enforce_tenancy(
            "accounts_workspace",
            column="id",
            also_readable=f"EXISTS (SELECT 1 FROM accounts_membership m WHERE m.workspace_id = accounts_workspace.id"
            f" AND m.user_id = {USER}) OR {SYSTEM}",
        ),
        enforce_tenancy("accounts_membership", also_readable=f"user_id = {USER}"),
        enforce_tenancy("accounts_invitation", also_readable=SYSTEM),
    ]

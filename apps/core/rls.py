"""Row-level security as a migration step, written once."""

from __future__ import annotations

from django.db import migrations

TENANT = "nullif(current_setting('app.workspace', true), '')::uuid"
USER = "nullif(current_setting('app.user', true), '')::uuid"
SYSTEM = "current_setting('app.system', true) = 'on'"


def enforce_tenancy(
    table: str, *, column: str = "workspace_id", also_readable: str = "", also_writable: str = ""
) -> migrations.RunSQL:
    """ENABLE and FORCE row-level security: a row is seen and written only in its own workspace's scope.

    Args:
        also_readable: an SQL condition under which rows may also be read (for example by the member they name).
        also_writable: a condition under which rows may also be read, changed and inserted (the queue's bookkeeping).
    """
    own = f"{column} = {TENANT}"
    write = f"({own}) OR ({also_writable})" if also_writable else own
    read = f"({write}) OR ({also_readable})" if also_readable else write
    forward = f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_read ON {table} FOR SELECT USING ({read});
        CREATE POLICY tenant_insert ON {table} FOR INSERT WITH CHECK ({write});
        CREATE POLICY tenant_update ON {table} FOR UPDATE USING ({write}) WITH CHECK ({write});
        CREATE POLICY tenant_delete ON {table} FOR DELETE USING ({write});
    """
    backward = f"""
        DROP POLICY tenant_read ON {table};
        DROP POLICY tenant_insert ON {table};
        DROP POLICY tenant_update ON {table};
        DROP POLICY tenant_delete ON {table};
        ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
    """
    return migrations.RunSQL(forward, backward)

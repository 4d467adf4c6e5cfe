"""What is wrong with this installation, said with a hint before the first request rather than by it.

    visualforge.E001  the database role bypasses row-level security
    visualforge.E002  a table of tenants is not protected
    visualforge.E003  the data folder can not be written
    visualforge.E004  object storage is half configured
    visualforge.E005  the broker's address is unknown
    visualforge.E006  a dotted name in the settings can not be imported
    visualforge.W001  a translation is not compiled
    visualforge.W002  production without a mail server (only with --deploy)

The first two ask the database and therefore run with ``migrate`` and ``check --database default``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.utils.module_loading import import_string

from apps.core.env import BROKERS

Configs = Sequence[AppConfig] | None


@register(Tags.database)
def check_database_role(
    app_configs: Configs = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A superuser, or a role with BYPASSRLS, would see every tenant."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            name, is_super, bypasses = cursor.fetchone()
        if is_super or bypasses:
            why = "is a superuser" if is_super else "has BYPASSRLS"
            found.append(
                Error(
                    f"The database role {name!r} {why}, so nothing keeps workspaces apart.",
                    hint="CREATE ROLE visualforge LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '…', "
                    "grant it the tables, and put it into DATABASE_URL.",
                    id="visualforge.E001",
                )
            )
    return found


@register(Tags.database)
def check_row_level_security(
    app_configs: Configs = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The table of workspaces, and every table with a workspace, has row-level security enabled and forced."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT t.relname FROM pg_class t"
                " WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace"
                " AND NOT (t.relrowsecurity AND t.relforcerowsecurity) AND (t.relname = 'accounts_workspace' OR EXISTS"
                " (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'workspace_id')) ORDER BY 1"
            )
            found += [_unprotected(table) for (table,) in cursor.fetchall()]
    return found


def _unprotected(table: str) -> CheckMessage:
    return Error(
        f"The table {table} belongs to workspaces but has no row-level security.",
        hint="Add apps.core.rls.enforce_tenancy for it to a migration, and migrate.",
        id="visualforge.E002",
    )


@register
def check_data_folder(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """Files, mail and rate limits are written there. A folder that does not exist yet must be creatable."""
    folder = Path(settings.DATA_DIR)
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data folder {folder} can not be written.",
            hint="Set VISUALFORGE_DATA_DIR to a folder that belongs to the user who runs VisualForge.",
            id="visualforge.E003",
        )
    ]


@register
def check_storage(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.S3_ENDPOINT_URL or settings.S3_BUCKET:
        return []
    return [
        Error(
            "S3_ENDPOINT_URL is set but S3_BUCKET is not, so files would stay on this machine.",
            hint="Set S3_BUCKET, or remove S3_ENDPOINT_URL.",
            id="visualforge.E004",
        )
    ]


@register
def check_broker(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    scheme = urlsplit(settings.CELERY_BROKER_URL).scheme
    if scheme in BROKERS:
        return []
    return [
        Error(
            f"CELERY_BROKER_URL starts with {scheme!r}, which we do not know.",
            hint="Use filesystem:// on one machine, redis://… or amqp://… on several.",
            id="visualforge.E005",
        )
    ]


@register
def check_purge_steps(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    lists = {
        "WORKSPACE_PURGE_STEPS": "It lists functions that take the id of a workspace and erase its files.",
        "DAILY_CHORES": "It lists functions that take nothing, erase what is due, and return how much that was.",
    }
    for name, hint in lists.items():
        for path in getattr(settings, name):
            try:
                import_string(path)
            except ImportError as error:
                message = f"{name} names {path!r}, which can not be imported: {error}"
                found.append(Error(message, hint=hint, id="visualforge.E006"))
    return found


@register(Tags.translation)
def check_translations(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    """Without the compiled file people silently get English."""
    sources = [source for folder in settings.LOCALE_PATHS for source in Path(folder).glob("*/LC_MESSAGES/*.po")]
    return [
        Warning(
            f"The translation {source.parts[-3]} is not compiled, or older than its source.",
            hint="Run: python -m infra.local.translations",
            id="visualforge.W001",
        )
        for source in sources
        if not (compiled := source.with_suffix(".mo")).exists() or compiled.stat().st_mtime < source.stat().st_mtime
    ]


@register(deploy=True)
def check_mail(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    if settings.EMAIL_HOST:
        return []
    return [
        Warning(
            "No mail server is configured: nobody can reset a password or confirm an address.",
            hint="Set EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD and DEFAULT_FROM_EMAIL.",
            id="visualforge.W002",
        )
    ]

"""Has anything changed? All rows of all tables, and all files, as one comparable value."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings
from django.db import connection

from apps.accounts.models import User, Workspace
from apps.core.tenancy import system_scope, tenant_scope, user_scope

OWN_PACE = {"django_session"}
"""Tables that change when nobody did anything."""

Fingerprint = dict[str, object]


def take_fingerprint(workspaces: Sequence[Workspace], people: Sequence[User] = ()) -> Fingerprint:
    """Count and hash of every table, seen from outside, from inside each workspace and by the queue."""
    views: Fingerprint = {"files": _files(), "outside": _tables()}
    with system_scope():
        views["system"] = _tables()
    for workspace in workspaces:
        with tenant_scope(workspace.id):
            views[f"workspace {workspace.slug}"] = _tables()
    for person in people:
        with ExitStack() as stack:
            stack.enter_context(user_scope(person.id))
            views[f"person {person.email}"] = _tables()
    return views


def difference(before: Fingerprint, after: Fingerprint) -> str:
    """Which tables differ, in words; empty when nothing changed."""
    found = []
    for view, tables in before.items():
        if isinstance(tables, dict) and isinstance(now := after[view], dict):
            found += [f"{table} ({view})" for table in tables if tables[table] != now[table]]
        elif tables != after[view]:
            found.append(view)
    return ", ".join(found)


def _tables() -> dict[str, tuple[int, str]]:
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name not in OWN_PACE]
        digest = "coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
        one = f"SELECT '{{0}}', count(*), {digest} FROM \"{{0}}\" t"
        cursor.execute(" UNION ALL ".join(one.format(name) for name in names))
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


def _files() -> list[tuple[str, int]]:
    root = Path(settings.DATA_DIR)
    kept = [path for folder in ("files", "quarantine") for path in (root / folder).rglob("*") if path.is_file()]
    return sorted((str(path.relative_to(root)), path.stat().st_size) for path in kept)

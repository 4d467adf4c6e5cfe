"""The tenant of a transaction.

PostgreSQL's row-level security compares every row's workspace with the setting ``app.workspace``. The setting is local
to the transaction (``set_config(..., true)``), so a pooled connection never carries a tenant into the next request.
Without a scope no tenant row is visible and none can be written.

    with tenant_scope(workspace.id):   # one workspace; everything inside is one transaction
    with user_scope(user.id):          # "which workspaces am I in?": only memberships and their workspaces
    with system_scope():               # the queue's own bookkeeping: job and outbox rows of all tenants
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def _setting(name: str, value: str) -> Iterator[None]:
    """Set one transaction-local value; inside another scope put the former one back, so that scopes nest."""
    is_nested = connection.in_atomic_block  # otherwise the transaction takes the setting with it
    with transaction.atomic():
        before = _get(name) if is_nested else ""
        _set(name, value)
        yield
        # Not in a finally: after a database error the transaction is void and takes the setting with it.
        if is_nested:
            _set(name, before)


def _get(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), '')", [name])
        found: str = cursor.fetchone()[0]
    return found


def _set(name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


@contextmanager
def tenant_scope(workspace_id: uuid.UUID) -> Iterator[None]:
    with _setting("app.workspace", str(workspace_id)):
        yield


@contextmanager
def user_scope(user_id: uuid.UUID) -> Iterator[None]:
    with _setting("app.user", str(user_id)):
        yield


@contextmanager
def system_scope() -> Iterator[None]:
    with _setting("app.system", "on"):
        yield


def let_go_of_connection() -> None:
    """Give the database connection back before something slow that needs none: decoding, streaming, waiting.

    A later query takes one again. Inside a transaction nothing happens.
    """
    if not connection.in_atomic_block:
        connection.close()


def current_workspace_id() -> uuid.UUID | None:
    value = _get("app.workspace")
    return uuid.UUID(value) if value else None

"""The roles and the database that VisualForge expects. A server of your own needs the same:

    python -m infra.local.postgres        prints the statements for psql

Row-level security does not bind superusers, and without FORCE not the owner of a table either. So the owner migrates,
and the application connects as a role that owns nothing.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

ADMIN = "postgres"
OWNER = "vf_owner"
APP = "vf_app"
TEST = "vf_test"
DATABASE = "visualforge"

VERSION = "1"
"""Counts up whenever the roles below or privileges.sql change, so that existing data directories receive them."""

_ROLES = {
    OWNER: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE",
    TEST: "LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB NOCREATEROLE",
}
_PRIVILEGES = Path(__file__).with_name("privileges.sql")


def provision(host: str) -> None:
    """Create or correct the roles and the database on the server behind the socket directory `host`."""
    with psycopg.connect(host=host, user=ADMIN, dbname="postgres", autocommit=True) as admin:
        existing = {name for (name,) in admin.execute("SELECT rolname FROM pg_roles")}
        for role, rights in _ROLES.items():
            verb = "ALTER" if role in existing else "CREATE"
            admin.execute(f"{verb} ROLE {role} {rights}")
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
            admin.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    with psycopg.connect(host=host, user=ADMIN, dbname=DATABASE) as admin:
        admin.execute(_PRIVILEGES.read_text())


def statements() -> str:
    """What an administrator runs with psql on a server of their own, with passwords to fill in."""
    roles = [f"CREATE ROLE {role} {_ROLES[role]} PASSWORD '...';" for role in (OWNER, APP)]
    return "\n".join(
        [*roles, f"CREATE DATABASE {DATABASE} OWNER {OWNER};", f"\\connect {DATABASE}", _PRIVILEGES.read_text()]
    )

"""Prints what an administrator runs with psql on a server of their own."""

from infra.local.postgres.roles import statements

print(statements())

"""Fixtures that every tier shares. PostgreSQL itself comes from tests.postgres_plugin, before Django is imported."""

"""The database keeps tenants apart, whatever the code above it forgets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, connections, models, transaction
from django.db.utils import ConnectionHandler

from apps.accounts.models import Membership, Workspace
from apps.accounts.services.purge import tenant_models
from apps.core.tenancy import current_workspace_id, system_scope, tenant_scope, user_scope
from apps.jobs.models import Job
from apps.studio.models import Product
from tests import factories

GLOBAL = {"accounts.User"}
"""Models that point at tenant rows but belong to nobody. There are no others."""


def _query(sql: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _tenant_tables() -> list[tuple[str, str]]:
    """(table, column) of every table with a workspace, read from the database itself."""
    found = _query(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND column_name = 'workspace_id' ORDER BY 1"
    )
    return [("accounts_workspace", "id"), *((table, column) for table, column in found)]


@pytest.mark.django_db
def test_every_model_of_a_workspace_is_found_in_the_database() -> None:
    tables = {table for table, _ in _tenant_tables()}
    assert {model._meta.db_table for model in tenant_models()} == tables - {"accounts_workspace"}
    assert len(tables) >= 13


@pytest.mark.django_db
def test_row_level_security_is_enabled_and_forced_on_every_tenant_table() -> None:
    flags = {
        table: (enabled, forced)
        for table, enabled, forced in _query(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace"
        )
    }
    assert {table for table, _ in _tenant_tables() if flags[table] != (True, True)} == set()


@pytest.mark.django_db
def test_every_tenant_table_has_a_policy_for_each_of_the_four_commands() -> None:
    policies: dict[str, dict[str, str]] = {}
    for table, command, using, check in _query(
        "SELECT tablename, cmd, coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies"
        " WHERE schemaname = current_schema()"
    ):
        assert command not in policies.setdefault(table, {}), f"{table} has two policies for {command}; they add up"
        policies[table][command] = f"{using} {check}"
    for table, column in _tenant_tables():
        assert set(policies[table]) == {"SELECT", "INSERT", "UPDATE", "DELETE"}, table
        for condition in policies[table].values():
            assert (
                f"({column} = (NULLIF(current_setting('app.workspace'::text, true), ''::text))::uuid)" in condition
            ), table


@pytest.mark.django_db
def test_no_table_hangs_on_a_tenants_row_without_belonging_to_the_tenant() -> None:
    tenants: set[type[models.Model]] = {Workspace, *tenant_models()}
    hanging = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model not in tenants
        and any(field.is_relation and field.related_model in tenants for field in model._meta.fields)
    }
    assert hanging - GLOBAL == set()


@pytest.mark.django_db
def test_a_query_that_forgot_its_filter_sees_one_tenant_only() -> None:
    mine, theirs = factories.make_workspace(), factories.make_workspace()
    for workspace in (mine, theirs):
        factories.make_shot(workspace)
        factories.make_upload(workspace)
        factories.make_ledger_entry(workspace)
        factories.make_invitation(workspace)
        factories.make_job(workspace)
    with tenant_scope(mine.id):
        for model in tenant_models():
            seen = set(model._base_manager.values_list("workspace_id", flat=True))
            assert seen <= {mine.id}, model
        assert [row.id for row in Workspace.objects.all()] == [mine.id]
        assert Product.objects.count() == 1


@pytest.mark.django_db
def test_without_a_scope_nothing_is_seen() -> None:
    factories.make_shot(factories.make_workspace())
    assert [model._meta.label for model in (*tenant_models(), Workspace) if model._base_manager.exists()] == []


@pytest.mark.django_db
def test_a_worker_that_forgot_its_scope_can_not_write() -> None:
    workspace = factories.make_workspace()
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Job.objects.create(workspace=workspace, kind="studio.cutout")
    product = factories.make_product(workspace)
    assert Product.objects.filter(id=product.id).update(name="changed") == 0
    assert Product.objects.filter(id=product.id).delete() == (0, {})
    with tenant_scope(workspace.id):
        product.refresh_from_db()
    assert product.name != "changed"


@pytest.mark.django_db
def test_a_row_can_not_be_written_into_or_moved_to_another_workspace() -> None:
    mine, theirs = factories.make_workspace(), factories.make_workspace()
    product = factories.make_product(mine)
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(mine.id):
        Job.objects.create(workspace=theirs, kind="studio.cutout")
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(mine.id):
        Product.objects.filter(id=product.id).update(workspace=theirs)
    with tenant_scope(mine.id):
        assert Product.objects.get().id == product.id


@pytest.mark.django_db
def test_a_person_sees_their_own_memberships_and_writes_none() -> None:
    ann = factories.make_person()
    mine, theirs = factories.make_workspace(ann), factories.make_workspace()
    with user_scope(ann.id):
        assert [row.workspace_id for row in Membership.objects.all()] == [mine.id]
        assert [row.id for row in Workspace.objects.all()] == [mine.id]
        assert Membership.objects.filter(user=ann).update(role="viewer") == 0
    with pytest.raises(ProgrammingError, match="row-level security"), user_scope(ann.id):
        Membership.objects.create(workspace=theirs, user=ann, role="owner")


@pytest.mark.django_db
def test_the_systems_scope_opens_the_queue_and_not_the_pictures() -> None:
    workspace = factories.make_workspace()
    factories.make_shot(workspace)
    job = factories.make_job(workspace)
    with system_scope():
        assert [row.id for row in Job.objects.all()] == [job.id]
        closed = [model for model in tenant_models() if model._meta.app_label in ("studio", "assets", "billing")]
        assert [model._meta.label for model in closed if model._base_manager.exists()] == []


@pytest.mark.django_db
def test_scopes_nest_and_come_back() -> None:
    first, second = factories.make_workspace(), factories.make_workspace()
    assert current_workspace_id() is None
    with tenant_scope(first.id):
        with tenant_scope(second.id):
            assert current_workspace_id() == second.id
        assert current_workspace_id() == first.id
        with pytest.raises(ValueError, match="inside"), tenant_scope(second.id):
            raise ValueError("inside")
        assert current_workspace_id() == first.id
    assert current_workspace_id() is None


@pytest.fixture
def pooled() -> Iterator[None]:
    """The default connection replaced by one from a pool of size one, as in production."""
    plain = connections["default"]
    options = plain.settings_dict | {
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": plain.settings_dict["OPTIONS"] | {"pool": {"min_size": 1, "max_size": 1, "timeout": 5}},
    }
    replacement = ConnectionHandler({"default": options})["default"]
    connections["default"] = replacement
    try:
        yield
    finally:
        replacement.close()
        replacement.close_pool()  # type: ignore[attr-defined]
        connections["default"] = plain


def _backend() -> int:
    return int(_query("SELECT pg_backend_pid()")[0][0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("pooled")
def test_a_tenant_does_not_stay_on_a_pooled_connection() -> None:
    workspace = factories.make_workspace()
    connection.close()
    seen = set()
    for is_failing in (False, True):
        try:
            with tenant_scope(workspace.id):
                seen.add(_backend())
                if is_failing:
                    raise ValueError("a request that breaks in the middle")
        except ValueError:
            connection.close()  # what the end of a request does: back into the pool
        else:
            connection.close()
        seen.add(_backend())
        assert current_workspace_id() is None
        assert not Workspace.objects.filter(id=workspace.id).exists()
        connection.close()
    assert len(seen) == 1, "the next request got the very same connection"


@pytest.mark.django_db
def test_a_scope_takes_an_id_and_nothing_else() -> None:
    """The value is bound, never pasted into SQL; nonsense is refused by the database instead of matching anything."""
    workspace = factories.make_workspace()
    with tenant_scope(workspace.id):
        assert Workspace.objects.count() == 1
    with tenant_scope(uuid.UUID(int=0)):
        assert Workspace.objects.count() == 0

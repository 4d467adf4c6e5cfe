"""The life of a workspace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Role, Workspace
from apps.accounts.selectors import find_membership, last_membership, memberships_of, restorable_workspaces
from apps.accounts.services import (
    create_workspace,
    delete_workspace,
    leave_workspace,
    purge_deleted_workspaces,
    remember_workspace,
    rename_workspace,
    restore_workspace,
)
from apps.accounts.services.purge import dependents_first, tenant_models
from apps.assets.models import Lineage
from apps.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from apps.core.tenancy import tenant_scope
from tests import factories

pytestmark = pytest.mark.django_db


def test_whoever_creates_a_workspace_owns_it() -> None:
    ann = factories.make_person()
    workspace = create_workspace(ann, name="  Teas   & Pots ")
    membership = find_membership(ann, workspace.slug)
    assert (membership.role, membership.workspace.name) == (Role.OWNER, "Teas & Pots")
    assert workspace.slug.startswith("teas-pots-")
    assert last_membership(ann) == membership


def test_two_workspaces_of_the_same_name_have_different_addresses() -> None:
    ann = factories.make_person()
    assert create_workspace(ann, name="Teas").slug != create_workspace(ann, name="Teas").slug


def test_a_name_in_chinese_gets_an_address_too() -> None:
    assert create_workspace(factories.make_person(), name="茶具店").slug.startswith("workspace-")


@pytest.mark.parametrize(("name", "code"), [("   ", "workspace_name_missing"), ("x" * 81, "workspace_name_too_long")])
def test_a_workspace_needs_a_name_that_fits(name: str, code: str) -> None:
    ann = factories.make_person()
    with pytest.raises(InvalidInput) as refusal:
        create_workspace(ann, name=name)
    assert refusal.value.code == code
    assert memberships_of(ann) == []


def test_an_admin_renames_and_the_address_stays() -> None:
    workspace = factories.make_workspace(name="Before")
    admin = factories.make_member(workspace, Role.ADMIN)
    rename_workspace(workspace, name="After", actor=admin)
    assert find_membership(admin.user, workspace.slug).workspace.name == "After"


def test_an_editor_may_not_rename() -> None:
    workspace = factories.make_workspace(name="Before")
    editor = factories.make_member(workspace, Role.EDITOR)
    with pytest.raises(NotAllowed):
        rename_workspace(workspace, name="After", actor=editor)
    assert find_membership(editor.user, workspace.slug).workspace.name == "Before"


def test_a_membership_of_another_workspace_gives_no_right_here() -> None:
    workspace = factories.make_workspace(name="Before")
    stranger = factories.owner_of(factories.make_workspace())
    with pytest.raises(NotAllowed):
        rename_workspace(workspace, name="After", actor=stranger)


def test_the_last_owner_can_not_leave() -> None:
    workspace = factories.make_workspace()
    owner = factories.owner_of(workspace)
    with pytest.raises(Conflict) as refusal:
        leave_workspace(workspace, actor=owner)
    assert refusal.value.code == "last_owner"
    assert find_membership(owner.user, workspace.slug) == owner


def test_one_of_two_owners_can_leave() -> None:
    workspace = factories.make_workspace()
    first, second = factories.owner_of(workspace), factories.make_member(workspace, Role.OWNER)
    leave_workspace(workspace, actor=first)
    with pytest.raises(NotFound):
        find_membership(first.user, workspace.slug)
    assert find_membership(second.user, workspace.slug) == second


def test_a_viewer_can_leave() -> None:
    workspace = factories.make_workspace()
    viewer = factories.make_member(workspace, Role.VIEWER)
    leave_workspace(workspace, actor=viewer)
    assert memberships_of(viewer.user) == []


def test_people_come_back_to_where_they_worked_last() -> None:
    ann = factories.make_person()
    first, second = create_workspace(ann, name="First"), create_workspace(ann, name="Second")
    remember_workspace(ann, workspace=first)
    ann.refresh_from_db()
    found = last_membership(ann)
    assert found is not None
    assert found.workspace == first
    remember_workspace(ann, workspace=second)
    ann.refresh_from_db()
    assert ann.last_workspace_id == second.id


def test_an_owner_deletes_by_typing_the_name_and_brings_back() -> None:
    workspace = factories.make_workspace(name="Teas")
    owner, editor = factories.owner_of(workspace), factories.make_member(workspace)
    product = factories.make_product(workspace)
    delete_workspace(workspace, typed_name=" Teas ", actor=owner)
    for person in (owner.user, editor.user):
        with pytest.raises(NotFound):
            find_membership(person, workspace.slug)
    assert restorable_workspaces(editor.user) == []
    assert restorable_workspaces(owner.user) == [workspace]
    restore_workspace(owner.user, workspace_id=workspace.id)
    assert find_membership(editor.user, workspace.slug) == editor
    with tenant_scope(workspace.id):
        product.refresh_from_db()


def test_deleting_needs_the_exact_name() -> None:
    workspace = factories.make_workspace(name="Teas")
    owner = factories.owner_of(workspace)
    with pytest.raises(InvalidInput) as refusal:
        delete_workspace(workspace, typed_name="teas", actor=owner)
    assert refusal.value.code == "workspace_name_mismatch"
    assert find_membership(owner.user, workspace.slug) == owner


def test_an_admin_can_not_delete() -> None:
    workspace = factories.make_workspace(name="Teas")
    admin = factories.make_member(workspace, Role.ADMIN)
    with pytest.raises(NotAllowed):
        delete_workspace(workspace, typed_name="Teas", actor=admin)
    assert find_membership(admin.user, workspace.slug) == admin


def test_only_an_owner_brings_back() -> None:
    workspace = factories.make_workspace(name="Teas")
    admin = factories.make_member(workspace, Role.ADMIN)
    delete_workspace(workspace, typed_name="Teas", actor=factories.owner_of(workspace))
    with pytest.raises(NotFound):
        restore_workspace(admin.user, workspace_id=workspace.id)
    assert memberships_of(admin.user) == []


def _age(workspace: Workspace, days: int) -> None:
    with tenant_scope(workspace.id):
        Workspace.objects.filter(id=workspace.id).update(deleted_at=timezone.now() - timedelta(days=days))


def _rows_of(workspace: Workspace) -> dict[str, int]:
    with tenant_scope(workspace.id):
        return {
            model._meta.label: count
            for model in tenant_models()
            if (count := model._base_manager.filter(workspace_id=workspace.id).count())
        }


def _files_of(workspace: Workspace) -> list[Path]:
    found = (Path(settings.DATA_DIR) / "files").rglob("*")
    return sorted(path for path in found if path.is_file() and str(workspace.id) in path.parts)


def test_a_purge_erases_everything_of_one_workspace_and_nothing_else() -> None:
    gone, stays, fresh = (factories.make_workspace(name=name) for name in ("Gone", "Stays", "Fresh"))
    for workspace in (gone, stays, fresh):
        factories.make_shot(workspace)
        factories.make_ledger_entry(workspace)
    _age(gone, 31)
    _age(fresh, 29)
    before = _rows_of(stays), _rows_of(fresh)
    files = {workspace: _files_of(workspace) for workspace in (gone, stays, fresh)}
    assert len(_rows_of(gone)) >= 6
    assert len(files[gone]) >= 3
    assert purge_deleted_workspaces() == 1
    assert _rows_of(gone) == {}
    assert _files_of(gone) == []
    assert [_files_of(workspace) for workspace in (stays, fresh)] == [files[stays], files[fresh]]
    assert (_rows_of(stays), _rows_of(fresh)) == before
    with tenant_scope(gone.id):
        assert not Workspace.objects.filter(id=gone.id).exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_workspace_can_not_be_brought_back_when_its_time_has_run_out() -> None:
    workspace = factories.make_workspace()
    owner = factories.owner_of(workspace)
    _age(workspace, 31)
    assert restorable_workspaces(owner.user) == []
    with pytest.raises(NotFound):
        restore_workspace(owner.user, workspace_id=workspace.id)


def test_rows_that_point_are_erased_before_rows_that_are_pointed_at() -> None:
    order = dependents_first(tenant_models())
    assert set(order) == set(tenant_models())
    assert Membership in order
    for position, model in enumerate(order):
        pointed_at = {field.related_model for field in model._meta.fields if field.is_relation} - {model}
        assert not pointed_at & set(order[:position])
    assert Lineage in order


def test_one_person_owns_a_limited_number_of_workspaces(client: Client, settings: Any) -> None:
    settings.WORKSPACES_A_PERSON = 2
    ann = factories.make_person()
    first, _second = factories.make_workspace(ann), factories.make_workspace(ann)
    delete_workspace(first, typed_name=first.name, actor=factories.owner_of(first))
    client.force_login(ann)
    page = client.post(reverse("accounts:new_workspace"), {"name": "Teas"})
    assert page.status_code == 422
    assert "You own 2 workspaces already" in page.text
    assert len(memberships_of(ann)) == 1

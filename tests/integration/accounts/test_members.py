"""Roles and who may change them. Alice owns, Adam is admin, Bob is a member, Charlie a stranger."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from apps.accounts.models import Membership, Role, Workspace
from apps.accounts.selectors import find_member, members_of
from apps.accounts.services import change_role, remove_member
from apps.core.errors import Conflict, NotAllowed, NotFound
from apps.core.tenancy import tenant_scope
from tests import factories

pytestmark = pytest.mark.django_db


@dataclass
class House:
    workspace: Workspace
    alice: Membership
    adam: Membership
    bob: Membership
    charlie: Membership

    def roles(self) -> dict[str, str]:
        with tenant_scope(self.workspace.id):
            return {member.user.email: member.role for member in members_of(self.workspace)}


@pytest.fixture
def house() -> House:
    workspace = factories.make_workspace(factories.make_person("alice@example.com"))
    return House(
        workspace=workspace,
        alice=factories.owner_of(workspace),
        adam=factories.make_member(workspace, Role.ADMIN, user=factories.make_person("adam@example.com")),
        bob=factories.make_member(workspace, Role.EDITOR, user=factories.make_person("bob@example.com")),
        charlie=factories.owner_of(factories.make_workspace(factories.make_person("charlie@example.com"))),
    )


def test_members_are_listed_the_mightiest_first(house: House) -> None:
    assert list(house.roles().items()) == [
        ("alice@example.com", "owner"),
        ("adam@example.com", "admin"),
        ("bob@example.com", "editor"),
    ]


def test_an_admin_makes_an_editor_an_admin(house: House) -> None:
    change_role(house.workspace, member=house.bob, role=Role.ADMIN, actor=house.adam)
    assert house.roles()["bob@example.com"] == "admin"


def test_an_owner_makes_another_owner_and_may_then_step_down(house: House) -> None:
    change_role(house.workspace, member=house.adam, role=Role.OWNER, actor=house.alice)
    change_role(house.workspace, member=house.alice, role=Role.VIEWER, actor=house.alice)
    assert house.roles() == {"adam@example.com": "owner", "alice@example.com": "viewer", "bob@example.com": "editor"}


@pytest.mark.parametrize(
    ("actor", "target", "role", "code"),
    [
        ("adam", "bob", Role.OWNER, "role_above_yours"),
        ("adam", "adam", Role.OWNER, "role_above_yours"),
        ("adam", "alice", Role.ADMIN, "member_above_you"),
        ("adam", "alice", Role.VIEWER, "member_above_you"),
        ("bob", "bob", Role.ADMIN, "not_allowed"),
        ("bob", "adam", Role.VIEWER, "not_allowed"),
        ("charlie", "bob", Role.VIEWER, "not_allowed"),
    ],
)
def test_nobody_reaches_above_themselves(house: House, actor: str, target: str, role: Role, code: str) -> None:
    before = house.roles()
    with pytest.raises(NotAllowed) as refusal:
        change_role(house.workspace, member=getattr(house, target), role=role, actor=getattr(house, actor))
    assert refusal.value.code == code
    assert house.roles() == before


def test_the_last_owner_can_not_be_demoted(house: House) -> None:
    before = house.roles()
    with pytest.raises(Conflict) as refusal:
        change_role(house.workspace, member=house.alice, role=Role.ADMIN, actor=house.alice)
    assert refusal.value.code == "last_owner"
    assert house.roles() == before


def test_the_last_owner_can_not_be_removed(house: House) -> None:
    with pytest.raises(Conflict):
        remove_member(house.workspace, member=house.alice, actor=house.alice)
    assert house.roles()["alice@example.com"] == "owner"


def test_an_admin_removes_an_editor(house: House) -> None:
    remove_member(house.workspace, member=house.bob, actor=house.adam)
    assert house.roles() == {"alice@example.com": "owner", "adam@example.com": "admin"}


@pytest.mark.parametrize(("actor", "target"), [("adam", "alice"), ("bob", "adam"), ("charlie", "bob")])
def test_nobody_removes_somebody_above_or_elsewhere(house: House, actor: str, target: str) -> None:
    before = house.roles()
    with pytest.raises(NotAllowed):
        remove_member(house.workspace, member=getattr(house, target), actor=getattr(house, actor))
    assert house.roles() == before


def test_members_of_another_workspace_are_not_found(house: House) -> None:
    with pytest.raises(NotFound), tenant_scope(house.workspace.id):
        find_member(house.workspace, house.charlie.id)
    with pytest.raises(NotFound):
        remove_member(house.workspace, member=house.charlie, actor=house.alice)


def test_rights_are_read_again_so_that_a_demoted_admin_is_refused_at_once(house: House) -> None:
    stale = house.adam
    change_role(house.workspace, member=stale, role=Role.VIEWER, actor=house.alice)
    assert stale.role == "admin", "the request still holds what it read before"
    with pytest.raises(NotAllowed):
        remove_member(house.workspace, member=house.bob, actor=stale)
    assert house.roles()["bob@example.com"] == "editor"

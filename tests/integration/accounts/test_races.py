"""Two requests at the same time can not both be right. Each runs in a thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import Role
from apps.accounts.selectors import find_membership, members_of, memberships_of
from apps.accounts.services import accept_invitation, change_role, invite, leave_workspace, remove_member
from apps.core.errors import AppError
from apps.core.tenancy import tenant_scope
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Start all together; the codes of the refusals, sorted, with "done" for each that went through."""
    together = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        try:
            together.wait(timeout=60)
            call()
        except AppError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as threads:
        return sorted(threads.map(run, calls))


@pytest.fixture(autouse=True, params=range(3))
def several_times() -> None:
    """A race that is lost once in a while should be lost here."""


def test_two_owners_who_leave_together_leave_one_behind() -> None:
    workspace = factories.make_workspace()
    first, second = factories.owner_of(workspace), factories.make_member(workspace, Role.OWNER)
    outcome = at_once(lambda: leave_workspace(workspace, actor=first), lambda: leave_workspace(workspace, actor=second))
    assert outcome == ["done", "last_owner"]
    with tenant_scope(workspace.id):
        assert [member.role for member in members_of(workspace)] == ["owner"]


def test_two_owners_who_demote_each_other_leave_one_owner() -> None:
    workspace = factories.make_workspace()
    first, second = factories.owner_of(workspace), factories.make_member(workspace, Role.OWNER)
    outcome = at_once(
        lambda: change_role(workspace, member=second, role=Role.VIEWER, actor=first),
        lambda: change_role(workspace, member=first, role=Role.VIEWER, actor=second),
    )
    assert outcome == ["done", "not_allowed"]
    with tenant_scope(workspace.id):
        assert [member.role for member in members_of(workspace)] == ["owner", "viewer"]


def test_an_admin_who_is_removed_meanwhile_removes_nobody() -> None:
    workspace = factories.make_workspace()
    owner = factories.owner_of(workspace)
    admin, bob = factories.make_member(workspace, Role.ADMIN), factories.make_member(workspace)
    remove_member(workspace, member=admin, actor=owner)
    assert at_once(lambda: remove_member(workspace, member=bob, actor=admin)) == ["not_allowed"]
    assert find_membership(bob.user, workspace.slug) == bob


def test_a_link_that_is_opened_twice_makes_one_member() -> None:
    workspace = factories.make_workspace()
    _, secret = factories.make_invitation(workspace, email="bob@example.com")
    bob = factories.make_person("bob@example.com")
    outcome = at_once(*[lambda: accept_invitation(bob, secret=secret)] * 2)
    assert outcome == ["done", "invitation_closed"]
    assert len(memberships_of(bob)) == 1


def test_two_admins_who_invite_the_same_person_send_one_invitation() -> None:
    workspace = factories.make_workspace()
    first, second = factories.owner_of(workspace), factories.make_member(workspace, Role.ADMIN)

    def asked_by(actor: object) -> Callable[[], object]:
        return lambda: invite(
            workspace,
            email="new@example.com",
            role=Role.VIEWER,
            actor=actor,  # type: ignore[arg-type]
            link_to=lambda secret: f"https://example.com/{secret}",
        )

    assert at_once(asked_by(first), asked_by(second)) == ["already_invited", "done"]

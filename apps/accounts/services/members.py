"""Who is in a workspace, and as what."""

from __future__ import annotations

from apps.accounts.models import Membership, Role, Workspace
from apps.accounts.selectors import find_member
from apps.accounts.services.rules import acting, keep_an_owner, lock_workspace, may_grant, may_touch
from apps.core.tenancy import tenant_scope


def change_role(workspace: Workspace, *, member: Membership, role: Role, actor: Membership) -> Membership:
    """Raises NotAllowed above the actor's own role, Conflict when the last owner would be lost."""
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        current = acting(locked, actor, Role.ADMIN)
        target = find_member(locked, member.id)
        may_touch(current, target)
        may_grant(current, role)
        if role != Role.OWNER:
            keep_an_owner(locked, target)
        target.role = role
        target.save(update_fields=["role"])
    return target


def remove_member(workspace: Workspace, *, member: Membership, actor: Membership) -> None:
    """The person's account and work stay; only the door closes."""
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        current = acting(locked, actor, Role.ADMIN)
        target = find_member(locked, member.id)
        may_touch(current, target)
        keep_an_owner(locked, target)
        target.delete()


def leave_workspace(workspace: Workspace, *, actor: Membership) -> None:
    """Anybody may leave, except the last owner."""
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        current = acting(locked, actor, Role.VIEWER)
        keep_an_owner(locked, current)
        current.delete()

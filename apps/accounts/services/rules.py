"""Who may act in a workspace, decided on locked rows so that two requests at once can not both be right."""

from __future__ import annotations

from apps.accounts.models import Membership, Role, Workspace
from apps.core.errors import Conflict, NotAllowed, NotFound


def lock_workspace(workspace: Workspace) -> Workspace:
    """One change of a workspace and its members at a time. Raises NotFound for a deleted workspace."""
    locked = Workspace.objects.select_for_update().filter(id=workspace.id, deleted_at=None).first()
    if locked is None:
        raise NotFound("not_found")
    return locked


def acting(workspace: Workspace, actor: Membership, role: Role) -> Membership:
    """``actor`` as the database knows it now. Raises NotAllowed when it is gone or below ``role``."""
    current = Membership.objects.filter(workspace=workspace, id=actor.id).first()
    if current is None or not current.may(role):
        raise NotAllowed("not_allowed")
    return current


def may_touch(current: Membership, target: Membership) -> None:
    """Nobody changes the membership of somebody mightier."""
    if not current.may(Role(target.role)):
        raise NotAllowed("member_above_you")


def may_grant(current: Membership, role: Role) -> None:
    """Nobody gives away more than they have."""
    if not current.may(role):
        raise NotAllowed("role_above_yours")


def keep_an_owner(workspace: Workspace, leaving: Membership) -> None:
    """Raises Conflict when ``leaving`` is the only owner. The workspace must be locked."""
    others = Membership.objects.filter(workspace=workspace, role=Role.OWNER).exclude(id=leaving.id)
    if leaving.role == Role.OWNER and not others.exists():
        raise Conflict("last_owner")

"""Reads of accounts. Those about one workspace expect its scope to be open already."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Role, User, Workspace
from apps.core.errors import NotFound
from apps.core.tenancy import system_scope, user_scope

GRACE = timedelta(days=30)
RANK = Case(*(When(role=role, then=Value(role.rank)) for role in Role), output_field=IntegerField())


def find_membership(user: User, slug: str) -> Membership:
    """Raises NotFound for a workspace that does not exist, was deleted, or that ``user`` is not in."""
    with user_scope(user.id):
        membership = _memberships(user).filter(workspace__slug=slug).first()
    if membership is None:
        raise NotFound("not_found")
    return membership


def memberships_of(user: User) -> list[Membership]:
    """The workspaces that ``user`` can open, by name."""
    with user_scope(user.id):
        return list(_memberships(user).order_by("workspace__name", "id"))


def last_membership(user: User) -> Membership | None:
    """Where ``user`` worked last, else the oldest membership; None for somebody without a workspace."""
    with user_scope(user.id):
        memberships = list(_memberships(user).order_by("created_at", "id"))
    last = [membership for membership in memberships if membership.workspace_id == user.last_workspace_id]
    return next(iter(last + memberships), None)


def count_owned_workspaces(user: User) -> int:
    """Deleted ones that are not erased yet are among them: they can come back."""
    with user_scope(user.id):
        return Membership.objects.filter(user=user, role=Role.OWNER).count()


def restorable_workspaces(user: User) -> list[Workspace]:
    """Deleted workspaces that ``user`` owned and can still bring back."""
    with user_scope(user.id):
        owned = Membership.objects.filter(
            user=user, role=Role.OWNER, workspace__deleted_at__gt=timezone.now() - GRACE
        ).select_related("workspace")
        return [membership.workspace for membership in owned.order_by("-workspace__deleted_at")]


def members_of(workspace: Workspace) -> list[Membership]:
    """Members with their users, the mightiest first."""
    members = Membership.objects.filter(workspace=workspace).select_related("user").annotate(rank=RANK)
    return list(members.order_by("-rank", "created_at"))


def find_member(workspace: Workspace, membership_id: uuid.UUID) -> Membership:
    membership = Membership.objects.filter(workspace=workspace, id=membership_id).select_related("user").first()
    if membership is None:
        raise NotFound("not_found")
    return membership


def pending_invitations(workspace: Workspace) -> QuerySet[Invitation]:
    """Neither accepted nor revoked; some may have run out and wait for being sent again."""
    return Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None).order_by("-created_at")


def find_invitation(workspace: Workspace, invitation_id: uuid.UUID) -> Invitation:
    invitation = pending_invitations(workspace).filter(id=invitation_id).first()
    if invitation is None:
        raise NotFound("not_found")
    return invitation


def invitation_by_secret(secret: str) -> Invitation:
    """The invitation that a mailed link names. Raises NotFound when it is unknown or no longer open."""
    with system_scope():
        invitation = (
            Invitation.objects.select_related("workspace", "invited_by")
            .filter(token_sha256=fingerprint(secret), workspace__deleted_at=None)
            .first()
        )
    if invitation is None or not invitation.is_open:
        raise NotFound("invitation_closed")
    return invitation


def fingerprint(secret: str) -> str:
    """What is stored of a secret: the hex SHA-256 of its text."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _memberships(user: User) -> QuerySet[Membership]:
    return Membership.objects.select_related("workspace").filter(user=user, workspace__deleted_at=None)

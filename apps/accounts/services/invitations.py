"""Inviting people. The secret leaves the house once, by mail; only its SHA-256 stays.

Every mail is a row of its own, so that counting rows counts mails. An invitation belongs to the workspace, not to who
sent it: it stays open when that person leaves or is removed, and everybody who may manage members sees and can revoke
it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from apps.accounts.letters import send_invitation
from apps.accounts.models import Invitation, Membership, Role, User, Workspace
from apps.accounts.selectors import find_invitation, fingerprint, invitation_by_secret, pending_invitations
from apps.accounts.services.people import remember_workspace
from apps.accounts.services.rules import acting, lock_workspace, may_grant
from apps.core.errors import Conflict, InvalidInput, NotAllowed
from apps.core.tenancy import system_scope, tenant_scope

LIFETIME = timedelta(days=7)
RESEND_AFTER = timedelta(minutes=1)
PENDING_AT_MOST = 100
MAILS_AN_HOUR = 50

LinkTo = Callable[[str], str]
"""From a secret to the absolute address that is mailed."""


def invite(workspace: Workspace, *, email: str, role: Role, actor: Membership, link_to: LinkTo) -> str:
    """Mail an invitation after commit and return its link, for houses without a mail server.

    Somebody whose invitation has run out is simply invited anew.
    """
    address = _clean_address(email)
    secret = secrets.token_urlsafe(32)
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        current = acting(locked, actor, Role.ADMIN)
        may_grant(current, role)
        _must_be_new(locked, address)
        _must_not_flood(locked, current)
        invitation = Invitation(workspace=locked, email=address, role=role, invited_by_id=current.user_id)
        _send(invitation, secret, link_to)
    return link_to(secret)


def resend_invitation(workspace: Workspace, *, invitation: Invitation, actor: Membership, link_to: LinkTo) -> str:
    """Mail a new invitation in place of the former one, in the name of ``actor``; the former link stops working."""
    secret = secrets.token_urlsafe(32)
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        current = acting(locked, actor, Role.ADMIN)
        found = find_invitation(locked, invitation.id)
        may_grant(current, Role(found.role))
        if found.sent_at > timezone.now() - RESEND_AFTER:
            raise Conflict("invitation_just_sent")
        _must_not_flood(locked, current)
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])
        anew = Invitation(workspace=locked, email=found.email, role=found.role, invited_by_id=current.user_id)
        anew.created_at = found.created_at  # keeps its place in the list
        _send(anew, secret, link_to)
    return link_to(secret)


def revoke_invitation(workspace: Workspace, *, invitation: Invitation, actor: Membership) -> None:
    """The mailed link stops working."""
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        current = acting(locked, actor, Role.ADMIN)
        found = find_invitation(locked, invitation.id)
        may_grant(current, Role(found.role))
        found.revoked_at = timezone.now()
        found.save(update_fields=["revoked_at"])


def accept_invitation(user: User, *, secret: str) -> Membership:
    """Let ``user`` in. Raises NotFound for a closed invitation, NotAllowed when it is for another address."""
    invitation = invitation_by_secret(secret)
    if invitation.email.lower() != user.email:
        raise NotAllowed("invitation_for_somebody_else")
    with tenant_scope(invitation.workspace_id):
        workspace = lock_workspace(invitation.workspace)
        taken = Invitation.objects.filter(
            id=invitation.id,
            token_sha256=invitation.token_sha256,
            accepted_at=None,
            revoked_at=None,
            expires_at__gt=timezone.now(),
        ).update(accepted_at=timezone.now())
        if not taken:
            raise Conflict("invitation_closed")
        membership, _created = Membership.objects.get_or_create(
            workspace=workspace, user=user, defaults={"role": invitation.role}
        )
    remember_workspace(user, workspace=workspace)
    return membership


def _clean_address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidInput("email_invalid") from error
    return address


def _must_be_new(workspace: Workspace, address: str) -> None:
    """Raises Conflict for members, for people who are invited already, and when too many invitations are pending."""
    if Membership.objects.filter(workspace=workspace, user__email=address).exists():
        raise Conflict("already_member")
    pending = pending_invitations(workspace)
    pending.filter(email=address, expires_at__lte=timezone.now()).update(revoked_at=timezone.now())
    if pending.filter(email=address).exists():
        raise Conflict("already_invited")
    if pending.count() >= PENDING_AT_MOST:
        raise Conflict("too_many_invitations", limit=PENDING_AT_MOST)


def _must_not_flood(workspace: Workspace, actor: Membership) -> None:
    """Counts the mails of the workspace and those of the person, who may have many workspaces; revoked ones as well."""
    User.objects.select_for_update(no_key=True).get(id=actor.user_id)  # counted one after the other
    recent = Invitation.objects.filter(sent_at__gt=timezone.now() - timedelta(hours=1))
    with system_scope():
        counts = (recent.filter(workspace=workspace).count(), recent.filter(invited_by=actor.user_id).count())
    if max(counts) >= MAILS_AN_HOUR:
        raise Conflict("invitations_too_fast", limit=MAILS_AN_HOUR)


def _send(invitation: Invitation, secret: str, link_to: LinkTo) -> None:
    """Seal, store, and mail after the commit.

    ``invitation.workspace`` has to be loaded: after the commit no workspace's row can be seen.
    """
    invitation.token_sha256 = fingerprint(secret)
    invitation.sent_at = timezone.now()
    invitation.expires_at = invitation.sent_at + LIFETIME
    invitation.save(force_insert=True)
    transaction.on_commit(partial(send_invitation, invitation, link=link_to(secret)))

"""Writes of accounts. Every verb checks the rules for the person who acts; on refusal nothing has changed."""

from __future__ import annotations

from apps.accounts.services.invitations import accept_invitation, invite, resend_invitation, revoke_invitation
from apps.accounts.services.members import change_role, leave_workspace, remove_member
from apps.accounts.services.people import create_person, remember_workspace, set_language, update_profile
from apps.accounts.services.purge import purge_deleted_workspaces
from apps.accounts.services.workspaces import (
    create_workspace,
    delete_workspace,
    rename_workspace,
    restore_workspace,
)

__all__ = [
    "accept_invitation",
    "change_role",
    "create_person",
    "create_workspace",
    "delete_workspace",
    "invite",
    "leave_workspace",
    "purge_deleted_workspaces",
    "remember_workspace",
    "remove_member",
    "rename_workspace",
    "resend_invitation",
    "restore_workspace",
    "revoke_invitation",
    "set_language",
    "update_profile",
]

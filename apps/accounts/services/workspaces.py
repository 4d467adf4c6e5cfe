"""The life of a workspace."""

from __future__ import annotations

import re
import secrets
import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import Membership, Role, User, Workspace
from apps.accounts.selectors import count_owned_workspaces, restorable_workspaces
from apps.accounts.services.rules import acting, lock_workspace
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.ids import uuid7
from apps.core.tenancy import tenant_scope

NAME_LENGTH = 80
SLUG_STEM_LENGTH = 40


def create_workspace(user: User, *, name: str) -> Workspace:
    """A new workspace with ``user`` as its owner. Raises Conflict for somebody who owns as many as one may."""
    workspace = Workspace(id=uuid7(), name=_clean_name(name), slug=_new_slug(name))
    with tenant_scope(workspace.id):
        User.objects.select_for_update(no_key=True).get(id=user.id)  # counted one after the other
        if count_owned_workspaces(user) >= settings.WORKSPACES_A_PERSON:
            raise Conflict("too_many_workspaces", limit=settings.WORKSPACES_A_PERSON)
        workspace.save(force_insert=True)
        Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
        User.objects.filter(id=user.id).update(last_workspace_id=workspace.id)
    user.last_workspace_id = workspace.id
    return workspace


def rename_workspace(workspace: Workspace, *, name: str, actor: Membership) -> Workspace:
    """The name changes; the address stays, so that links keep working."""
    clean = _clean_name(name)
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        acting(locked, actor, Role.ADMIN)
        locked.name = clean
        locked.save(update_fields=["name"])
    return locked


def delete_workspace(workspace: Workspace, *, typed_name: str, actor: Membership) -> None:
    """Hide the workspace from everybody at once; an owner can bring it back until it is purged."""
    with tenant_scope(workspace.id):
        locked = lock_workspace(workspace)
        acting(locked, actor, Role.OWNER)
        if typed_name.strip() != locked.name:
            raise InvalidInput("workspace_name_mismatch")
        locked.deleted_at = timezone.now()
        locked.save(update_fields=["deleted_at"])


def restore_workspace(user: User, *, workspace_id: uuid.UUID) -> Workspace:
    """Undo a deletion. Raises NotFound unless ``user`` owns it and the time for it has not run out."""
    with transaction.atomic():
        found = [workspace for workspace in restorable_workspaces(user) if workspace.id == workspace_id]
        if not found:
            raise NotFound("not_found")
        with tenant_scope(workspace_id):
            changed = Workspace.objects.filter(id=workspace_id, deleted_at__isnull=False).update(deleted_at=None)
    if not changed:
        raise Conflict("not_found")
    return found[0]


def _clean_name(name: str) -> str:
    clean = re.sub(r"\s+", " ", name).strip()
    if not clean:
        raise InvalidInput("workspace_name_missing")
    if len(clean) > NAME_LENGTH:
        raise InvalidInput("workspace_name_too_long")
    return clean


def _new_slug(name: str) -> str:
    """The name for addresses, with a random tail: no look-up (other tenants' rows are invisible) and no guessing."""
    stem = slugify(name)[:SLUG_STEM_LENGTH].strip("-") or "workspace"
    return f"{stem}-{secrets.token_hex(4)}"

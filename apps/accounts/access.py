"""The door of a workspace: who may open which page.

    @workspace_view(role=Role.EDITOR)
    def rename(request: WorkspaceRequest, product_id: UUID) -> HttpResponse: ...

The address starts with ``/w/<slug:workspace>/``. Strangers get 404 (they learn nothing), members of a lower role 403.
The view runs in one transaction with the tenant set, so row-level security guards every query in it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.models import Membership, Role, User, Workspace
from apps.core.errors import NotAllowed, NotFound
from apps.core.tenancy import tenant_scope, user_scope


class WorkspaceRequest(HttpRequest):
    """A request whose workspace and membership have been checked."""

    user: User
    workspace: Workspace
    membership: Membership


def find_membership(user: User, slug: str) -> Membership:
    """Raises NotFound for a workspace that does not exist or that ``user`` is not in."""
    with user_scope(user.id):
        membership = Membership.objects.select_related("workspace").filter(user=user, workspace__slug=slug).first()
    if membership is None:
        raise NotFound("not_found")
    return membership


def open_door(request: HttpRequest, slug: str, role: Role) -> WorkspaceRequest:
    """Check the membership and hang workspace and membership on the request."""
    membership = find_membership(cast(User, request.user), slug)
    guarded = cast(WorkspaceRequest, request)
    guarded.membership = membership
    guarded.workspace = membership.workspace
    if not membership.may(role):
        raise NotAllowed("not_allowed")
    return guarded


def workspace_view(
    *, role: Role = Role.VIEWER
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            checked = open_door(request, workspace, role)
            with tenant_scope(checked.workspace.id):
                return view(checked, *args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        return cast(Callable[..., HttpResponseBase], login_required(guarded))

    return decorate

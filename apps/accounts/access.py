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
from apps.accounts.selectors import find_membership
from apps.accounts.services import remember_workspace
from apps.core.errors import NotAllowed
from apps.core.tenancy import tenant_scope


class UserRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User


class WorkspaceRequest(UserRequest):
    """A request whose workspace and membership have been checked."""

    workspace: Workspace
    membership: Membership


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
    *, role: Role = Role.VIEWER, scoped: bool = True
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Args:
    scoped: whether the whole view runs in one transaction of the workspace. Views that wait for long work say
        False; without a scope they see no tenant's rows, so their services open the scope themselves.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, workspace: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            checked = open_door(request, workspace, role)
            if _is_page_visit(request):
                remember_workspace(checked.user, workspace=checked.workspace)
            if not scoped:
                return view(checked, *args, **kwargs)
            with tenant_scope(checked.workspace.id):
                return view(checked, *args, **kwargs)

        guarded.required_role = role  # type: ignore[attr-defined]
        return cast(Callable[..., HttpResponseBase], login_required(guarded))

    return decorate


def _is_page_visit(request: HttpRequest) -> bool:
    """A person opened a page, as opposed to a script that fetches a part of one in some tab."""
    return (
        request.method == "GET"
        and "HX-Request" not in request.headers
        and "text/html" in request.headers.get("Accept", "")
    )

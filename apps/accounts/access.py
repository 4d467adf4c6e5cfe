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
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts.models import Membership, Role, User, Workspace
from apps.accounts.selectors import find_membership
from apps.accounts.services import remember_workspace
from apps.core.answers import wants_json, wants_part
from apps.core.errors import NotAllowed
from apps.core.sentences import sentence
from apps.core.tenancy import tenant_scope


class UserRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User


class WorkspaceRequest(UserRequest):
    """A request whose workspace and membership have been checked."""

    workspace: Workspace
    membership: Membership


View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """Visitors sign in first and come back. Parts and scripts hear 401: a page in their place would be wrong."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if _is_script(request):
            return _signed_out(request)
        return redirect_to_login(_way_back(request))

    return guarded


def _is_script(request: HttpRequest) -> bool:
    """Whether the answer goes to a script or into a picture, not into the address bar."""
    asks_for_part = request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    return asks_for_part or wants_part(request) or wants_json(request)


def _signed_out(request: HttpRequest) -> HttpResponse:
    """401 with a sentence; htmx goes to the sign-in page and from there back to the page that is open now."""
    answer = {"error": {"code": "signed_out", "message": sentence("signed_out")}}
    response = JsonResponse(answer, status=401)
    if wants_part(request):
        here = _path_in_site(request, request.headers.get("HX-Current-URL", ""))
        response["HX-Redirect"] = redirect_to_login(here)["Location"]
    return response


def _way_back(request: HttpRequest) -> str:
    """What to open after signing in: this page, or the page whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    return _path_in_site(request, request.headers.get("Referer", ""))


def _path_in_site(request: HttpRequest, address: str) -> str:
    """Path and query of ``address`` when it is one of ours, else the start page."""
    if not address or not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return reverse("home")
    parts = urlsplit(address)
    return parts._replace(scheme="", netloc="", fragment="").geturl() or reverse("home")


def open_door(request: HttpRequest, slug: str, role: Role) -> WorkspaceRequest:
    """Check the membership and hang workspace and membership on the request."""
    membership = find_membership(cast(User, request.user), slug)
    guarded = cast(WorkspaceRequest, request)
    guarded.membership = membership
    guarded.workspace = membership.workspace
    if not membership.may(role):
        raise NotAllowed("not_allowed")
    return guarded


def workspace_view(*, role: Role = Role.VIEWER, scoped: bool = True) -> Callable[[View], View]:
    """Args:
    scoped: whether the whole view runs in one transaction of the workspace. Views that wait for long work say
        False; without a scope they see no tenant's rows, so their services open the scope themselves.
    """

    def decorate(view: View) -> View:
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
        return signed_in(guarded)

    return decorate


def _is_page_visit(request: HttpRequest) -> bool:
    """A person opened a page, as opposed to a script that fetches a part of one in some tab."""
    return (
        request.method == "GET"
        and "HX-Request" not in request.headers
        and "text/html" in request.headers.get("Accept", "")
    )

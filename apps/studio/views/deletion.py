"""Shots that nobody wants: ask once, delete, look at what was deleted, bring it back."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role, Workspace
from apps.accounts.selectors import GRACE
from apps.core.errors import InvalidInput
from apps.studio import batches, selectors, services
from apps.studio.models import Shot

SHOWN = 8
SHOTS_A_PAGE = 60


@require_http_methods(["GET", "POST"])
@workspace_view(role=Role.EDITOR)
def ask_deletion(request: WorkspaceRequest) -> HttpResponse:
    """How many shots would go, which stay and why. Posted by a selection, because an address holds only so many."""
    data = request.POST if request.method == "POST" else request.GET
    found = services.deletable(request.workspace, _chosen(request.workspace, data))
    fields = [(name, value) for name in ("shot", "batch") for value in data.getlist(name)]
    context = {"found": found, "shown": found.shots[:SHOWN], "more": max(0, len(found.shots) - SHOWN)}
    return render(request, "studio/delete_ask.html", {**context, "fields": fields, "days": GRACE.days})


@require_POST
@workspace_view(role=Role.EDITOR)
def delete_shots(request: WorkspaceRequest) -> HttpResponse:
    services.delete_shots(request.workspace, _chosen(request.workspace, request.POST), by=request.user)
    return redirect("studio:deleted_shots", workspace=request.workspace.slug)


@require_GET
@workspace_view()
def deleted_shots(request: WorkspaceRequest) -> HttpResponse:
    page = Paginator(selectors.deleted_shots(request.workspace), SHOTS_A_PAGE).get_page(request.GET.get("page"))
    rows = [{"shot": shot, "until": shot.deleted_at + GRACE} for shot in page.object_list if shot.deleted_at]
    return render(request, "studio/deleted.html", {"page": page, "rows": rows, "days": GRACE.days})


@require_POST
@workspace_view(role=Role.EDITOR)
def restore_shots(request: WorkspaceRequest) -> HttpResponse:
    services.restore_shots(request.workspace, services.parse_ids(request.POST.getlist("shot")), by=request.user)
    return redirect("studio:deleted_shots", workspace=request.workspace.slug)


def _chosen(workspace: Workspace, data: QueryDict) -> Sequence[Shot]:
    """``shot``, as often as needed, or all shots of a ``batch`` or look.

    Raises:
        NotFound: one of them is not in this workspace.
        InvalidInput: ``studio.id_unreadable``: none, or no identifiers, or too many.
    """
    shots: list[Shot] = []
    for batch_id in services.parse_ids(data.getlist("batch")[:1]) if data.getlist("batch") else []:
        shots += batches.shots(batches.get_batch_or_look(workspace, batch_id))
    ids = data.getlist("shot")
    if len(ids) > services.MOST_JUDGED or not (ids or data.getlist("batch")):
        raise InvalidInput("studio.id_unreadable")
    if ids:
        shots += selectors.shots_by_id(workspace, services.parse_ids(ids))
    return list({shot.id: shot for shot in shots}.values())

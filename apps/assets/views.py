"""Files in, files out."""

from __future__ import annotations

import time
import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.accounts.selectors import GRACE
from apps.assets import links, selectors, services
from apps.assets.forms import TicketForm
from apps.assets.responses import YEAR_S, file_response, upload_answer
from apps.assets.storage import presigning_store
from apps.core.errors import InvalidInput


@require_POST
@workspace_view(role=Role.EDITOR, scoped=False)
def upload(request: WorkspaceRequest) -> HttpResponseBase:
    """One file in the field ``file``."""
    files = request.FILES.getlist("file")
    if getattr(request, "upload_too_big", False):  # known once the form was read
        raise InvalidInput("assets.too_big", limit_mb=settings.UPLOAD_MAX_BYTES // 2**20)
    if len(files) != 1 or files[0].name is None:
        raise InvalidInput("assets.one_file")
    settled = services.receive_upload(
        request.workspace, file=files[0], file_name=files[0].name, created_by=request.user
    )
    answer, status = upload_answer(settled)
    return JsonResponse(answer, status=status)


@require_POST
@workspace_view(role=Role.EDITOR, scoped=False)
def ticket(request: WorkspaceRequest) -> HttpResponseBase:
    form = TicketForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("assets.one_file")
    issued = services.issue_ticket(
        request.workspace,
        file_name=form.cleaned_data["name"],
        size_bytes=form.cleaned_data["size"],
        created_by=request.user,
    )
    return JsonResponse(
        {
            "mode": issued.mode,
            "url": issued.url,
            "fields": issued.fields,
            "upload": str(issued.upload.id) if issued.upload else None,
            "complete": issued.complete_url,
        }
    )


@require_POST
@workspace_view(role=Role.EDITOR, scoped=False)
def complete_upload(request: WorkspaceRequest, upload: uuid.UUID) -> HttpResponseBase:
    answer, status = upload_answer(services.complete_upload(request.workspace, upload))
    return JsonResponse(answer, status=status)


@require_GET
@workspace_view(role=Role.VIEWER, scoped=False)
def rendition(request: WorkspaceRequest, asset: uuid.UUID, spec: str) -> HttpResponseBase:
    """A picture on a page. The address says what it is for ever, so the browser asks once."""
    found, blob = services.open_file(request.workspace.id, asset, spec)
    return file_response(request, blob, name=found.name, kind="inline", max_age_s=YEAR_S)


@require_GET
@workspace_view()
def storage(request: WorkspaceRequest) -> HttpResponse:
    """Settings, Storage: how much room the workspace's files take, and where they lie."""
    rows = selectors.space_taken(request.workspace)
    context = {
        "tab": "storage",
        "rows": rows,
        "files": sum(row.files for row in rows),
        "size_bytes": sum(row.size_bytes for row in rows),
        "is_bucket": presigning_store() is not None,
        "grace_days": GRACE.days,
    }
    return render(request, "assets/storage.html", context)


@require_GET
def file(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the token may read this one file until it expires."""
    link = links.read(token)
    found, blob = services.open_file(link.workspace_id, link.asset_id, link.spec)
    name, kind = (link.download_name, "attachment") if link.download_name else (found.name, "inline")
    return file_response(request, blob, name=name, kind=kind, max_age_s=link.expires_at - int(time.time()))

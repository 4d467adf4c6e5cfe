"""Live thumbnails: this product in a set, small, made by a worker on first request; dropped when the page is left."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.studio import offers, previews, selectors, services
from apps.studio.kinds import scale_of


@require_GET
@workspace_view()
def preview(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """Where the picture is, or 202 and the job that makes it: ask again when that has ended."""
    product = selectors.get_product(request.workspace, product_id)
    spec = previews.thumbnail_spec(
        request.GET.get("set", ""),
        palette=offers.parse_palette(request.GET.get("palette", "own")),
        picture_format=request.GET.get("format", "1:1"),
        camera=request.GET.get("camera", ""),
        mood=request.GET.get("mood", ""),
        scale=scale_of(product),
    )
    answer = previews.find_or_request(product, spec=spec, may_make=request.membership.may(Role.EDITOR))
    if answer.url:
        response = JsonResponse({"url": answer.url})
    else:
        response = JsonResponse({"job": str(answer.job_id or "")}, status=202)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@workspace_view(role=Role.EDITOR)
def leave_previews(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """The page that waited for these jobs' pictures is gone: whoever still waits for one asks again."""
    product = selectors.get_product(request.workspace, product_id)
    previews.drop(product, only=services.parse_ids(request.POST.getlist("job")))
    return HttpResponse(status=204)

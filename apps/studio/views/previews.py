"""Live thumbnails: this product in a set, small, made by a worker on first request."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.studio import offers, previews, selectors


@require_GET
@workspace_view()
def preview(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """302 to the picture, or 202 while a worker makes it (ask again when its job has ended)."""
    product = selectors.get_product(request.workspace, product_id)
    palette = offers.parse_palette(request.GET.get("palette", "own"))
    answer = previews.find_or_request(
        product,
        set_name=request.GET.get("set", ""),
        palette=palette,
        may_make=request.membership.may(Role.EDITOR),
    )
    if answer.url:
        response = HttpResponse(status=302, headers={"Location": answer.url})
    else:
        response = HttpResponse(status=202, headers={"Retry-After": "1", "X-Job": str(answer.job_id or "")})
    response["Cache-Control"] = "no-store"
    return response

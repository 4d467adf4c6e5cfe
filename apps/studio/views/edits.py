"""Editing a shot: the live page, its drafts, saving a version and going back to one."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.core.answers import wants_json
from apps.core.errors import Conflict, InvalidInput
from apps.studio import companions, controls, previews, scenes, selectors, services, specs

DRAFT_PX, ROUGH_PX = 640, 400


@require_GET
@workspace_view(role=Role.EDITOR)
def edit(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """``?from=3`` begins with what version 3 was to be: one that could not be made is changed and tried again."""
    shot = selectors.get_shot(request.workspace, shot_id)
    scenes.require_set(shot)
    if shot.asset is None:
        raise Conflict("studio.shot_not_ready")
    begun = selectors.get_version(shot, _number(request, "from")) if "from" in request.GET else None
    context = {
        "shot": shot,
        "shoot": shot.shoot,
        "product": shot.product,
        "wish": specs.as_wish(shot.spec),
        "begin": specs.as_wish(begun.spec) if begun else None,
        "others": companions.offered(shot),
        **controls.for_edit(shot.product.viewpoint),
    }
    return render(request, "studio/shot_edit.html", context)


@require_POST
@workspace_view(role=Role.EDITOR)
def draft(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """The small picture of an edit that is not saved, or 202 while a worker makes it."""
    shot = selectors.get_shot(request.workspace, shot_id)
    product = selectors.get_product(request.workspace, shot.product_id)
    longest_px = ROUGH_PX if request.POST.get("rough") else DRAFT_PX
    found = previews.find_or_request(product, spec=_wish(request), longest_px=longest_px, may_make=True)
    if not found.url:
        return JsonResponse({"job": str(found.job_id or "")}, status=202)
    return JsonResponse({"url": found.url, **found.measures})


@require_POST
@workspace_view(role=Role.EDITOR)
def save_edit(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    shot = selectors.get_shot(request.workspace, shot_id)
    version = services.edit_shot(shot, spec=_wish(request), by=request.user)
    url = reverse("studio:shot", args=[request.workspace.slug, shot_id])
    if wants_json(request):
        return JsonResponse({"version": version.number, "url": url}, status=201)
    return redirect(url)


@require_POST
@workspace_view(role=Role.EDITOR)
def show_version(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    shot = selectors.get_shot(request.workspace, shot_id)
    services.show_version(shot, number=_number(request, "number"))
    return redirect("studio:shot", workspace=request.workspace.slug, shot_id=shot_id)


@require_GET
@workspace_view()
def versions(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """The strip of versions alone; fetched again when one of them changed."""
    shot = selectors.get_shot(request.workspace, shot_id)
    return render(request, "studio/_shot_versions.html", {"shot": shot, "versions": selectors.versions(shot)})


def _number(request: WorkspaceRequest, name: str) -> int:
    """The number of a version. Raises InvalidInput ``studio.id_unreadable``."""
    number = (request.POST if request.method == "POST" else request.GET).get(name, "")
    if not number.isascii() or not number.isdigit():
        raise InvalidInput("studio.id_unreadable")
    return int(number[:6])


def _wish(request: WorkspaceRequest) -> dict[str, Any]:
    try:
        wish = specs.read_wish(json.loads(request.POST.get("spec", "")))
    except ValueError as error:
        raise InvalidInput("studio.edit_unreadable") from error
    return companions.resolved(request.workspace, wish)

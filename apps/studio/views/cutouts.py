"""The cutout editor: its page, what it asks while somebody paints, and what it saves."""

from __future__ import annotations

import json
import uuid
from base64 import b64decode
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.assets import selectors as asset_store
from apps.assets import services as assets
from apps.assets.models import Asset
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.sentences import sentence
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.jobs.selectors import find_job
from apps.studio import cutouts, selectors
from apps.studio.models import Product
from apps.studio.services import cutout_edits, parse_ids

PICTURE_AGE_S = 86_400


@require_GET
@workspace_view(role=Role.EDITOR)
def edit_cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """The full-screen editor."""
    product = selectors.get_product(request.workspace, product_id)
    width, height = cutouts.preview_size(product.photo.blob)
    context = {
        "product": product,
        "preview_width": width,
        "preview_height": height,
        "window": cutouts.window_in_photo(product, product.cutout) if product.cutout else None,
        "history": cutouts.history(product),
    }
    return render(request, "studio/cutout_editor.html", context)


@require_GET
@workspace_view(role=Role.EDITOR, scoped=False)
def cutout_picture(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """The photo, or ``?cutout=<id>``, for the editor's canvas: from this site, or its pixels can not be read."""
    with tenant_scope(request.workspace.id):
        product = selectors.get_product(request.workspace, product_id)
        wanted = request.GET.get("cutout")
        asset = cutouts.get_cutout(product, parse_ids([wanted])[0]) if wanted else product.photo
    blob = assets.ensure_rendition(asset, cutouts.PREVIEW_RENDITION)
    response = HttpResponse(asset_store.read_bytes(blob), content_type=blob.content_type)
    response["Cache-Control"] = f"private, max-age={PICTURE_AGE_S}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@workspace_view(role=Role.EDITOR)
def cutout_now(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """The current cutout and its state, for an editor that waits for a new one."""
    product = selectors.get_product(request.workspace, product_id)
    cutout = product.cutout
    job = product.cutout_job
    has_failed = job is not None and job.state == JobState.FAILED
    error = sentence(job.error_code, job.error_params) if job and has_failed else None
    answer: dict[str, Any] = {"state": product.cutout_state, "cutout": None, "error": error}
    if cutout is not None:
        picture = reverse("studio:cutout_picture", args=[request.workspace.slug, product.id])
        answer["cutout"] = {
            "id": str(cutout.id),
            "picture": f"{picture}?cutout={cutout.id}",
            "window": cutouts.window_in_photo(product, cutout),
        }
    return JsonResponse(answer)


@require_POST
@workspace_view(role=Role.EDITOR)
def refine_cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """JSON {base, strokes, window} in, the address of the piece's picture out."""
    product = selectors.get_product(request.workspace, product_id)
    asked = _document(request)
    job = cutout_edits.request_refinement(
        product,
        base=_base(product, asked),
        strokes=asked.get("strokes"),
        window=_whole_numbers(asked.get("window"), count=4),
        by=request.user,
    )
    address = reverse("studio:refined_cutout", args=[request.workspace.slug, product.id, job.id])
    return JsonResponse({"job": str(job.id), "picture": address}, status=202)


@require_GET
@workspace_view(role=Role.EDITOR)
def refined_cutout(request: WorkspaceRequest, product_id: uuid.UUID, refinement_id: uuid.UUID) -> HttpResponse:
    """The piece as PNG (RGBA), or 202 while a worker makes it."""
    job = find_job(request.workspace, refinement_id)
    if job.kind != cutout_edits.REFINE_KIND or job.subject != f"refine:{product_id}":
        raise NotFound("not_found")
    if job.state == JobState.SUCCEEDED:
        response = HttpResponse(b64decode(job.result["png"]), content_type="image/png")
    elif job.is_ended:
        raise Conflict(job.error_code or "cancelled", **job.error_params)
    else:
        response = HttpResponse(status=202)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@workspace_view(role=Role.EDITOR)
def save_cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """JSON {base, strokes} in; the worker applies them, the product's page shows how far it is."""
    product = selectors.get_product(request.workspace, product_id)
    asked = _document(request)
    job: Job = cutout_edits.edit_cutout(
        product, base=_base(product, asked), strokes=asked.get("strokes"), by=request.user
    )
    address = reverse("studio:product", args=[request.workspace.slug, product.id])
    return JsonResponse({"job": str(job.id), "product": address}, status=202)


@require_POST
@workspace_view(role=Role.EDITOR)
def use_cutout(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """Go back to an earlier cutout."""
    product = selectors.get_product(request.workspace, product_id)
    [cutout_id] = parse_ids([request.POST.get("cutout", "")])
    cutout_edits.use_cutout(product, cutout=cutouts.get_cutout(product, cutout_id))
    return redirect("studio:product", workspace=request.workspace.slug, product_id=product_id)


def _document(request: WorkspaceRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except ValueError as error:
        raise InvalidInput("strokes.unreadable") from error
    if not isinstance(found, dict):
        raise InvalidInput("strokes.unreadable")
    return found


def _base(product: Product, asked: dict[str, Any]) -> Asset | None:
    base = asked.get("base")
    return cutouts.get_cutout(product, parse_ids([str(base)])[0]) if base else None


def _whole_numbers(value: Any, *, count: int) -> list[int]:
    if not isinstance(value, list) or len(value) != count or any(type(number) is not int for number in value):
        raise InvalidInput("strokes.unreadable")
    return value

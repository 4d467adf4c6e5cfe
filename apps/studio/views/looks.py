"""One look for many products: choose them, watch the shots arrive, see how alike they are."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role, Workspace
from apps.core.answers import wants_json
from apps.core.errors import InvalidInput
from apps.jobs.models import Batch
from apps.studio import catalogue, choices, finished, looks, scenes, selectors, services
from apps.studio.models import Shot


@require_GET
@workspace_view(role=Role.EDITOR)
def choose(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """The products to tick, as many at a time as one go takes: ``?page=2`` are the next ones by name."""
    shot = selectors.get_shot(request.workspace, shot_id)
    scenes.require_set(shot)
    page = Paginator(selectors.cut_out_products(request.workspace), looks.MOST_PRODUCTS).get_page(
        request.GET.get("page")
    )
    items = looks.as_last_time(shot, list(page))
    context = {
        "shot": shot,
        "product": shot.product,
        "page": page,
        "items": items,
        "misfits": sum(not item.fits for item in items),
        "is_flat_lay": catalogue.get_set(shot.spec["set"]).top_down,
        "most": looks.MOST_PRODUCTS,
        "smallest": looks.SMALLEST_SCALE,
        "largest": looks.LARGEST_SCALE,
        "token": uuid.uuid4().hex,
    }
    return render(request, "studio/look_choose.html", context)


@require_POST
@workspace_view(role=Role.EDITOR)
def apply(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """``product`` are those that get the look; ``scale-…`` says own sizes, ``keep`` who keeps own edits."""
    shot = selectors.get_shot(request.workspace, shot_id)
    ids = services.parse_ids(request.POST.getlist("product"))
    try:
        scales = {key: float(request.POST.get(f"scale-{key}", "") or 1) for key in ids}
    except ValueError as error:
        raise InvalidInput("studio.scale_out_of_range", low=looks.SMALLEST_SCALE, high=looks.LARGEST_SCALE) from error
    batch = services.apply_look(
        shot,
        scales=scales,
        kept=set(services.parse_ids(request.POST.getlist("keep"))),
        by=request.user,
        token=request.POST.get("token", "")[:64],
    )
    url = reverse("studio:look", args=[request.workspace.slug, batch.id])
    return JsonResponse({"url": url}, status=201) if wants_json(request) else redirect(url)


@require_GET
@workspace_view()
def look(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    batch, shots = selectors.get_look(request.workspace, batch_id)
    context = {**_standing(request.workspace, batch, shots), "shots": shots, "reasons": choices.reject_reasons()}
    return render(request, "studio/look.html", context)


@require_GET
@workspace_view()
def look_state(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Counts and consistency alone; fetched again when one of the shots changed."""
    batch, shots = selectors.get_look(request.workspace, batch_id)
    return render(request, "studio/_look_state.html", _standing(request.workspace, batch, shots))


def _standing(workspace: Workspace, batch: Batch, shots: list[Shot]) -> dict[str, Any]:
    """How far a look is, how alike its shots are, and how many products are too large for it."""
    return {
        "batch": batch,
        "origin": selectors.origin_of_look(workspace, shots),
        "state": selectors.state_of(shots),
        "consistency": looks.consistency(shots),
        "cut_off": sum(finished.is_cut_off(shot) for shot in shots),
    }


@require_POST
@workspace_view(role=Role.EDITOR)
def retry_look(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    batch, _ = selectors.get_look(request.workspace, batch_id)
    services.retry_look(batch)
    return redirect("studio:look", workspace=request.workspace.slug, batch_id=batch_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel_look(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Stop what is queued, and go back to the shot where nothing of the look is left."""
    batch, shots = selectors.get_look(request.workspace, batch_id)
    origin = selectors.origin_of_look(request.workspace, shots)
    services.cancel_look(batch, by=request.user)
    if origin is not None and not selectors.has_shots(batch):
        return redirect("studio:shot", workspace=request.workspace.slug, shot_id=origin.id)
    return redirect("studio:look", workspace=request.workspace.slug, batch_id=batch_id)

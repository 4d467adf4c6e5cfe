"""Generated scenes: the form, what can be drawn now, the candidates of a shot, and the page about engines."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.core.answers import wants_json
from apps.core.errors import Conflict, InvalidInput
from apps.core.sentences import sentence
from apps.studio import changes, engines, offers, scene_plans, scenes, selectors, services, standing
from apps.studio.models import CutoutState, Product, Shot
from apps.studio.templatetags.scene_words import candidate_rows
from inference.pipelines.generated.spec import PULL_EFFORT


@require_GET
@workspace_view(role=Role.EDITOR)
def scene(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """The form; ``?like=<shot>`` begins with what that shot was made from."""
    product = selectors.get_product(request.workspace, product_id)
    like = request.GET.get("like", "")
    spec = None
    if like:
        [like_id] = services.parse_ids([like])
        spec = selectors.get_shot(request.workspace, like_id).spec
    values = scenes.starting_values(spec, label=product.name)
    return render(request, "studio/scene.html", _context(request, product, values))


@require_GET
@workspace_view(role=Role.EDITOR)
def scene_offer(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """What can be drawn with now; asked again while the form is open."""
    product = selectors.get_product(request.workspace, product_id)
    values = {name: request.GET.get(name, "") for name in ("model", "adapter")}
    context = {"product": product, "values": values}
    return render(request, "studio/_scene_offer.html", {**context, "standing": standing.of_now(request.workspace)})


@require_POST
@workspace_view(role=Role.EDITOR)
def plan_scene(request: WorkspaceRequest, product_id: uuid.UUID) -> JsonResponse:
    """Where things would be, for the form as it is now; nothing is made."""
    selectors.get_product(request.workspace, product_id)
    try:
        return JsonResponse({"things": scene_plans.planned(scenes.read_request(request.POST))})
    except InvalidInput as error:
        return JsonResponse({"error": {"code": error.code}}, status=error.status)


@require_POST
@workspace_view(role=Role.EDITOR)
def create_scene(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    """Queue the shots; what can not be drawn comes back with everything that was typed and a sentence beside it."""
    product = selectors.get_product(request.workspace, product_id)
    try:
        wanted = scenes.read_request(request.POST)
        shoot = services.request_scenes(
            product, request=wanted, by=request.user, token=request.POST.get("token", "")[:64]
        )
    except (InvalidInput, Conflict) as error:
        return _refused(request, product, error)
    url = reverse("studio:shoot", args=[request.workspace.slug, shoot.id])
    return JsonResponse({"url": url}, status=201) if wants_json(request) else HttpResponseRedirect(url)


def _refused(request: WorkspaceRequest, product: Product, error: InvalidInput | Conflict) -> HttpResponse:
    problem = {"field": scenes.field_of(error.code, error.params), "message": sentence(error.code, error.params)}
    if wants_json(request):
        return JsonResponse({"error": {"code": error.code, **problem}}, status=error.status)
    context = _context(request, product, scenes.posted_values(request.POST))
    return render(request, "studio/scene.html", {**context, "problem": problem}, status=error.status)


def _context(request: WorkspaceRequest, product: Product, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "product": product,
        "values": values,
        "token": uuid.uuid4().hex,
        "fields": {field["name"]: field for field in scenes.fields()},
        "palettes": list(offers.PALETTES.values()),
        "formats": scene_plans.efforts(),
        "candidate_counts": scenes.CANDIDATES,
        "counts": range(1, scenes.MOST_SHOTS + 1),
        "guide_effort": PULL_EFFORT,
        "standing": standing.of_now(request.workspace),
        "styles": selectors.recent_pictures(request.workspace, chosen=values["style"]),
        "can_shoot": product.cutout_state in CutoutState.usable(),
    }


@require_GET
@workspace_view()
def candidates(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """Everything that was drawn small for a shot, with the reasons for its place."""
    shot = selectors.get_shot(request.workspace, shot_id)
    rows = candidate_rows(shot, request.workspace)
    if not rows:
        raise Conflict("studio.shot_not_ready")
    context = {"shot": shot, "product": shot.product, "candidates": rows}
    return render(request, "studio/candidates.html", context)


@require_POST
@workspace_view(role=Role.EDITOR)
def take_candidate(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    shot = selectors.get_shot(request.workspace, shot_id)
    seed = request.POST.get("seed", "")
    if not seed.isascii() or not seed.isdigit():
        raise InvalidInput("studio.id_unreadable")
    services.take_candidate(shot, seed=int(seed[:18]), by=request.user)
    return redirect("studio:shot", workspace=request.workspace.slug, shot_id=shot_id)


@require_GET
@workspace_view(role=Role.EDITOR)
def change(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """Say what should change, and where."""
    shot = selectors.get_shot(request.workspace, shot_id)
    changes.require_generated(shot)
    return render(request, "studio/change.html", _change_context(request, shot))


@require_POST
@workspace_view(role=Role.EDITOR)
def save_change(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """Queue the new version; a refusal comes back with what was typed."""
    shot = selectors.get_shot(request.workspace, shot_id)
    changes.require_generated(shot)
    try:
        services.change_part(shot, spec=changes.read_change(request.POST, shot), by=request.user)
    except (InvalidInput, Conflict) as error:
        problem = {"field": changes.field_of(error.code), "message": sentence(error.code, error.params)}
        context = _change_context(request, shot) | {"problem": problem}
        return render(request, "studio/change.html", context, status=error.status)
    return redirect("studio:shot", workspace=request.workspace.slug, shot_id=shot_id)


def _change_context(request: WorkspaceRequest, shot: Shot) -> dict[str, Any]:
    sent = request.POST
    values = {
        "where": sent.get("where", "paint"),
        "strokes": sent.get("strokes", ""),
        "boxes": sent.get("boxes", '[{"object": "product", "box": [0.05, 0.05, 0.3, 0.3]}]'),
        "instruction": sent.get("instruction", ""),
        "strength": sent.get("strength", "80"),
        "model": sent.get("model", shot.spec["generated"]["model"]),
    }
    return {"shot": shot, "product": shot.product, "values": values, "models": changes.models()}


@require_GET
@workspace_view()
def engines_page(request: WorkspaceRequest) -> HttpResponse:
    """Settings, Engines: what cuts out and draws here, under which licence, and what is missing."""
    return render(request, "studio/engines.html", {"tab": "engines", **engines.overview()})

"""Shoots and shots: ask for them, watch them arrive, judge them, take them home."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.core.answers import wants_json
from apps.studio import choices, exports, selectors, services
from apps.studio.forms import VariationsForm


def read_choices(request: WorkspaceRequest) -> dict[str, Any]:
    """What the form of sets, palettes and formats sent: arguments of ``services.plan_shots``."""
    form = VariationsForm(request.POST)
    return {
        "sets": request.POST.getlist("set"),
        "palettes": [text for text in request.POST.getlist("palette") if text.strip()],
        "formats": request.POST.getlist("format"),
        "variations": (form.is_valid() and form.cleaned_data["variations"]) or 1,
        "camera": request.POST.get("camera", "")[:40],
        "mood": request.POST.get("mood", "")[:40],
    }


@require_POST
@workspace_view(role=Role.EDITOR)
def create_shoot(request: WorkspaceRequest, product_id: uuid.UUID) -> HttpResponse:
    shoot = services.request_shoot(
        selectors.get_product(request.workspace, product_id),
        **read_choices(request),
        by=request.user,
        token=request.POST.get("token", "")[:64],
    )
    url = reverse("studio:shoot", args=[request.workspace.slug, shoot.id])
    if wants_json(request):
        return JsonResponse({"url": url}, status=201)
    return HttpResponseRedirect(url)


@require_GET
@workspace_view()
def shoot(request: WorkspaceRequest, shoot_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_shoot(request.workspace, shoot_id)
    context = {
        "shoot": found,
        "product": found.product,
        "shots": selectors.shots(found),
        "state": selectors.shoot_state(found),
        "reasons": choices.reject_reasons(),
    }
    return render(request, "studio/shoot.html", context)


@require_GET
@workspace_view()
def shoot_state(request: WorkspaceRequest, shoot_id: uuid.UUID) -> HttpResponse:
    """Counts and actions of the shoot alone; fetched again when a shot changed."""
    found = selectors.get_shoot(request.workspace, shoot_id)
    context = {"shoot": found, "product": found.product, "state": selectors.shoot_state(found)}
    return render(request, "studio/_shoot_state.html", context)


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel_shoot(request: WorkspaceRequest, shoot_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_shoot(request.workspace, shoot_id)
    services.cancel_shoot(found)
    return redirect("studio:shoot", workspace=request.workspace.slug, shoot_id=shoot_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def retry_shoot(request: WorkspaceRequest, shoot_id: uuid.UUID) -> HttpResponse:
    services.retry_shoot(selectors.get_shoot(request.workspace, shoot_id))
    return redirect("studio:shoot", workspace=request.workspace.slug, shoot_id=shoot_id)


@require_GET
@workspace_view()
def shoot_zip(request: WorkspaceRequest, shoot_id: uuid.UUID) -> HttpResponseBase:
    found = selectors.get_shoot(request.workspace, shoot_id)
    return exports.zip_response(found, which=request.GET.get("which", "kept"))


@require_GET
@workspace_view()
def shot(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_shot(request.workspace, shot_id)
    context = {
        "shot": found,
        "shoot": found.shoot,
        "product": found.product,
        "neighbours": selectors.neighbours(found),
        "lineage": selectors.lineage(found),
        "versions": selectors.versions(found),
        "reasons": choices.reject_reasons(),
    }
    return render(request, "studio/shot.html", context)


@require_GET
@workspace_view()
def shot_card(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_shot(request.workspace, shot_id)
    context = {"shot": found, "reasons": choices.reject_reasons(), "with_product": "product" in request.GET}
    return render(request, "studio/_shot_card.html", context)


@require_POST
@workspace_view(role=Role.REVIEWER)
def judge_shot(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    services.set_verdict(
        selectors.get_shot(request.workspace, shot_id),
        verdict=request.POST.get("verdict", ""),
        reason=request.POST.get("reason", ""),
    )
    return _shot_answer(request, shot_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def retry_shot(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    services.retry_shot(selectors.get_shot(request.workspace, shot_id))
    return _shot_answer(request, shot_id)


@require_GET
@workspace_view()
def shot_download(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponseBase:
    found = selectors.get_shot(request.workspace, shot_id)
    return exports.download(found, file_format=request.GET.get("format", "png"))


def _shot_answer(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    if request.headers.get("HX-Request"):
        found = selectors.get_shot(request.workspace, shot_id)
        context = {"shot": found, "reasons": choices.reject_reasons(), "with_product": "product" in request.GET}
        return render(request, "studio/_shot_card.html", context)
    return redirect("studio:shot", workspace=request.workspace.slug, shot_id=shot_id)

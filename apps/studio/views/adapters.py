"""Adapters: what models have learned here, and teaching them something new."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.assets.responses import YEAR_S, file_response
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.sentences import sentence
from apps.jobs import stations
from apps.studio import adapters, selectors, services
from apps.studio.models import Adapter


@require_GET
@workspace_view()
def adapter_list(request: WorkspaceRequest) -> HttpResponse:
    return _listed(request, "studio/adapters.html")


@require_GET
@workspace_view()
def adapter_list_state(request: WorkspaceRequest) -> HttpResponse:
    """The list alone; fetched again while somebody looks at it."""
    return _listed(request, "studio/_adapter_list.html")


def _listed(request: WorkspaceRequest, template: str) -> HttpResponse:
    context = {
        "adapters": selectors.adapters(request.workspace),
        "trainable": adapters.trainable(),
        "last_seen": stations.last_seen(),
    }
    return render(request, template, context)


@require_GET
@workspace_view(role=Role.EDITOR)
def new_adapter(request: WorkspaceRequest) -> HttpResponse:
    """The form; ``?product=`` begins with that product's photo and name."""
    product = None
    if request.GET.get("product"):
        [product_id] = services.parse_ids([request.GET["product"]])
        product = selectors.get_product(request.workspace, product_id)
    values = {
        "name": product.name if product else "",
        "trigger": adapters.fresh_trigger(),
        "steps": "600",
        "rank": "16",
    }
    ticked = {str(product.photo_id): ""} if product else {}
    return render(request, "studio/adapter_new.html", _form(request, values, ticked))


@require_POST
@workspace_view(role=Role.EDITOR)
def create_adapter(request: WorkspaceRequest) -> HttpResponse:
    """Queue the training; a refusal comes back with everything that was chosen and a sentence beside it."""
    sent = request.POST
    try:
        wanted = adapters.read_wanted(sent)
        made = services.request_adapter(
            request.workspace, wanted=wanted, by=request.user, token=sent.get("token", "")[:64]
        )
    except (InvalidInput, Conflict) as error:
        ticked = {one: sent.get(f"caption-{one}", "") for one in sent.getlist("picture")}
        context = _form(request, adapters.posted_values(sent), ticked)
        problem = {"field": adapters.field_of(error.code), "message": sentence(error.code, error.params)}
        return render(request, "studio/adapter_new.html", {**context, "problem": problem}, status=error.status)
    return redirect("studio:adapter", workspace=request.workspace.slug, adapter_id=made.id)


def _form(request: WorkspaceRequest, values: dict[str, Any], ticked: dict[str, str]) -> dict[str, Any]:
    rows = [
        {"asset": asset, "name": name, "is_ticked": str(asset.id) in ticked, "caption": ticked.get(str(asset.id), "")}
        for name, asset in selectors.pictures_to_learn_from(request.workspace)
    ]
    return {
        "values": values,
        "pictures": rows,
        "models": adapters.trainable(),
        "last_seen": stations.last_seen(),
        "steps": [(str(number), title) for number, title in adapters.STEPS.items()],
        "ranks": [(str(number), title) for number, title in adapters.RANKS.items()],
        "fewest": adapters.FEWEST_PICTURES,
        "most": adapters.MOST_PICTURES,
        "token": uuid.uuid4().hex,
    }


@require_GET
@workspace_view()
def adapter(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponse:
    return _shown(request, adapter_id, "studio/adapter.html")


@require_GET
@workspace_view()
def adapter_state(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponse:
    """What may change while it learns; fetched again when its job changed."""
    return _shown(request, adapter_id, "studio/_adapter_state.html")


def _shown(request: WorkspaceRequest, adapter_id: uuid.UUID, template: str) -> HttpResponse:
    found = selectors.get_adapter(request.workspace, adapter_id)
    context = {
        "adapter": found,
        "pictures": found.pictures.select_related("asset__blob").order_by("position"),
        "shots": selectors.shots_with(found),
        "offer": next((offer for offer in stations.offers() if adapters.fits(found, offer)), None),
    }
    return render(request, template, context)


@require_POST
@workspace_view(role=Role.EDITOR)
def rename_adapter(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponse:
    services.rename_adapter(_found(request, adapter_id), name=request.POST.get("name", ""))
    return redirect("studio:adapter", workspace=request.workspace.slug, adapter_id=adapter_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def retire_adapter(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponse:
    services.retire_adapter(_found(request, adapter_id))
    return redirect("studio:adapter", workspace=request.workspace.slug, adapter_id=adapter_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def restore_adapter(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponse:
    services.restore_adapter(_found(request, adapter_id))
    return redirect("studio:adapter", workspace=request.workspace.slug, adapter_id=adapter_id)


@require_POST
@workspace_view(role=Role.ADMIN)
def delete_adapter(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponse:
    services.delete_adapter(_found(request, adapter_id))
    return redirect("studio:adapters", workspace=request.workspace.slug)


@require_GET
@workspace_view()
def adapter_preview(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponseBase:
    """A picture that was drawn with it; with ``?plain`` the same words and seed without it."""
    found = _found(request, adapter_id)
    blob = found.plain_preview if "plain" in request.GET else found.preview
    if blob is None:
        raise NotFound("not_found")
    return file_response(request, blob, name=found.name, kind="inline", max_age_s=YEAR_S)


@require_GET
@workspace_view(role=Role.EDITOR)
def adapter_file(request: WorkspaceRequest, adapter_id: uuid.UUID) -> HttpResponseBase:
    """The file, under the name by which recipes call it, so that they can be verified with it."""
    found = _found(request, adapter_id)
    if found.blob is None:
        raise Conflict("adapter.not_ready")
    return file_response(request, found.blob, name=found.blob.sha256, kind="attachment", max_age_s=YEAR_S)


def _found(request: WorkspaceRequest, adapter_id: uuid.UUID) -> Adapter:
    return selectors.get_adapter(request.workspace, adapter_id)

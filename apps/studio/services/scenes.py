"""Shoots of generated scenes."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.assets.models import Asset, AssetKind
from apps.core.errors import Conflict, NotFound
from apps.core.ids import uuid7
from apps.jobs import services as queue
from apps.jobs import stations
from apps.jobs.models import Job, Priority
from apps.studio import adapters, changes, scenes, selectors, standing
from apps.studio.abilities import can
from apps.studio.models import CutoutState, Product, Shoot, Shot, ShotVersion
from apps.studio.scenes import SceneRequest
from apps.studio.services.cutouts import accept_cutout
from apps.studio.services.edits import MOST_VERSIONS, current_version
from apps.studio.specs import Spec

MOST_SEED = 2**31
FOLLOWED = (AssetKind.SHOT, AssetKind.PHOTO)


@transaction.atomic
def request_scenes(product: Product, *, request: SceneRequest, by: User | None, token: str = "") -> Shoot:
    """Make ``request.count`` pictures of one generated scene.

    The same request with the same ``token`` (one for each time the page is shown) is the same shoot.

    Raises:
        Conflict: ``studio.no_cutout_yet``; ``scene.not_offered`` while nobody can draw with this model;
            ``generate.style_not_possible``; ``generate.palette_not_possible``; ``generate.adapter_missing``;
            ``adapter.not_usable``.
        NotFound: the picture whose style is wanted, or the adapter, is not here.
    """
    if product.cutout_id is None or product.cutout_state not in CutoutState.usable():
        raise Conflict("studio.no_cutout_yet")
    require_offer(request.model)
    workspace = product.workspace
    _require_style(request, workspace)
    _require_guidance(request)
    _require_adapters(request, workspace)
    request = _with_adapter(request, workspace)
    choices = {
        "scene": dict(request.generated),
        "style": request.style,
        "adapter": request.adapter,
        "format": request.picture_format,
        "count": request.count,
    }
    Product.objects.select_for_update().get(pk=product.pk)  # two posts of one click take turns
    shoot_id = _shoot_id(product, token, choices)
    if token and (known := Shoot.objects.filter(pk=shoot_id).first()) is not None:
        return known
    batch = queue.create_batch(workspace, kind=scenes.KIND, label=product.name, created_by=by)
    shoot = Shoot.objects.create(
        pk=shoot_id, workspace=workspace, product=product, batch=batch, choices=choices, created_by=by
    )
    shots = [
        Shot(workspace=workspace, shoot=shoot, product=product, position=position, spec=spec)
        for position, spec in enumerate(scenes.plan(request, first_seed=secrets.randbelow(MOST_SEED)))
    ]
    for shot in shots:
        shot.job = _submit(shot, by=by, batch=batch)
    Shot.objects.bulk_create(shots)
    if product.cutout_state == CutoutState.READY:
        accept_cutout(product)
    return shoot


@transaction.atomic
def take_candidate(shot: Shot, *, seed: int, by: User | None) -> ShotVersion:
    """Make another candidate of a generated shot at full size, as a new version.

    Raises:
        Conflict: ``studio.shot_not_ready``; ``scene.not_offered``.
        NotFound: there is no such candidate, or it was rejected.
    """
    shot = Shot.objects.select_for_update(of=("self",)).select_related("workspace", "product").get(pk=shot.pk)
    if shot.asset is None or shot.product.cutout_id is None:
        raise Conflict("studio.shot_not_ready")
    if seed not in {one["seed"] for one in scenes.candidates(shot) if one["passed"]}:
        raise NotFound("not_found")
    current = current_version(shot)
    spec = scenes.with_seed(shot.spec, seed)
    known = shot.versions.filter(spec=spec).exclude(job__state__in=["failed", "cancelled"]).order_by("-number").first()
    if known is not None:
        return known
    require_offer(spec["generated"]["model"])
    return _new_version(shot, current, spec, by=by)


@transaction.atomic
def change_part(shot: Shot, *, spec: Spec, by: User | None) -> ShotVersion:
    """Change a part of a generated picture, as a new version.

    Args:
        spec: from ``changes.read_change``.

    Raises:
        Conflict: ``scene.generated_only``, ``studio.shot_not_ready``, ``studio.too_many_versions``;
            ``scene.not_offered`` while nobody can draw with this model.
    """
    shot = Shot.objects.select_for_update(of=("self",)).select_related("workspace", "product").get(pk=shot.pk)
    changes.require_generated(shot)
    require_offer(spec["generated"]["model"])
    return _new_version(shot, current_version(shot), spec, by=by)


def _new_version(shot: Shot, parent: ShotVersion, spec: Spec, *, by: User | None) -> ShotVersion:
    newest = shot.versions.order_by("-number").values_list("number", flat=True)[0]
    if newest >= MOST_VERSIONS:
        raise Conflict("studio.too_many_versions", most=MOST_VERSIONS)
    version = ShotVersion(
        workspace=shot.workspace, shot=shot, number=newest + 1, parent=parent, spec=spec, created_by=by
    )
    version.job = _submit(shot, by=by, version=version)
    version.save(force_insert=True)
    return version


def require_offer(model: str) -> None:
    """Raises Conflict ``scene.not_offered`` while no living worker has this model."""
    if model not in {offer.name for offer in stations.offers()}:
        raise Conflict("scene.not_offered")


def _require_style(request: SceneRequest, workspace: Workspace) -> None:
    """The picture, a shot or an uploaded one, is here, and the model can follow it."""
    if not request.style:
        return
    try:
        key = uuid.UUID(request.style)
    except ValueError as error:
        raise NotFound("not_found") from error
    if not Asset.objects.filter(workspace=workspace, pk=key, kind__in=FOLLOWED).exists():
        raise NotFound("not_found")
    if not can(request.model, "style"):
        raise Conflict("generate.style_not_possible")


def _require_guidance(request: SceneRequest) -> None:
    """A drawing is guided by colours only where the model lets itself be."""
    if request.generated["palette_means"]["pull"] > 0 and not can(request.model, "palette"):
        raise Conflict("generate.palette_not_possible")


def _require_adapters(request: SceneRequest, workspace: Workspace) -> None:
    """Adapters of other workspaces look as if they were not there."""
    offered = {offer.name: offer.adapters for offer in standing.offers_for(workspace)}
    if any(name not in offered.get(request.model, ()) for name, _ in request.generated["adapters"]):
        raise Conflict("generate.adapter_missing")


def _with_adapter(request: SceneRequest, workspace: Workspace) -> SceneRequest:
    """With the file and the word of the adapter that was trained here, where one is wanted."""
    if not request.adapter:
        return request
    adapter = selectors.get_adapter(workspace, uuid.UUID(request.adapter))
    usable = {one.id for one, offer in adapters.usable(workspace, stations.offers()) if offer.name == request.model}
    if adapter.id not in usable:
        raise Conflict("adapter.not_usable", model=adapters.model_title(adapter.model))
    return scenes.with_adapter(request, adapter)


def _submit(shot: Shot, *, by: User | None, batch: Any = None, version: ShotVersion | None = None) -> Job:
    spec = version.spec if version else shot.spec
    params = {"shot": str(shot.id), "cutout": str(shot.product.cutout_id), "model": spec["generated"]["model"]}
    return queue.submit(
        shot.workspace,
        kind=scenes.KIND,
        params=params | ({"version": str(version.id)} if version else {}),
        priority=Priority.INTERACTIVE,
        created_by=by,
        label=shot.product.name,
        batch=batch,
        subject=f"shot:{shot.id}",
    )


def _shoot_id(product: Product, token: str, choices: dict[str, Any]) -> uuid.UUID:
    if not token:
        return uuid7()
    return uuid.uuid5(product.id, f"{product.cutout_id} scene {token} {json.dumps(choices, sort_keys=True)}")

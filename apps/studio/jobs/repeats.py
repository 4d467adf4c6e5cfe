"""What was made before is looked up: the same recipe from the same inputs is the same asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from apps.assets import selectors as asset_store
from apps.assets.models import Asset, AssetKind, Blob, Lineage
from apps.core.errors import Unavailable
from apps.studio import specs
from apps.studio.models import Shot, ShotVersion

if TYPE_CHECKING:
    from inference.ports import CutoutOptions

MOST_COMPARED = 5


@dataclass(frozen=True)
class Made:
    """A finished shot: its bytes are there, its gate has passed."""

    blob: Blob
    recipe: Mapping[str, Any]
    gate: dict[str, Any]


def made_before(cutout: Asset, spec: specs.Spec) -> tuple[Made, ...]:
    """What was made of ``cutout`` when the same was asked for, the newest first; by this version of its set or others.

    Bytes that are lost or damaged are no shot any more: it is rendered again, and they are written again.
    """
    from inference.pipelines.shot_recipe import spec_as_dict

    children = Lineage.objects.filter(workspace=cutout.workspace_id, parent=cutout, role="cutout").values("child")
    shots = Asset.objects.filter(workspace=cutout.workspace_id, kind=AssetKind.SHOT, pk__in=children)
    alike = shots.filter(recipe__spec=spec_as_dict(specs.to_shot_spec(spec))).select_related("blob")
    found = ((asset, _gate(asset)) for asset in alike.order_by("-created_at")[:MOST_COMPARED])
    return tuple(Made(asset.blob, asset.recipe, gate) for asset, gate in found if gate and _is_whole(asset.blob))


@dataclass(frozen=True)
class EarlierCutout:
    """A cutout that was made when the same was asked for; see ``CutoutOutcome`` for the rest."""

    asset: Asset
    engine: str
    confidence: float
    warnings: list[str]
    viewpoint: str


def cut_out_before(photo: Asset, box: list[int] | None) -> EarlierCutout | None:
    """What the engine that would be asked now has made of this photo and box, or the photo's own transparency.

    Another engine, other weights or another version of the library may find something else, and so may a second try
    where the first one had to make do with a lesser engine.
    """
    import inference
    from inference.pipelines.cutout import expected

    children = Lineage.objects.filter(workspace=photo.workspace_id, parent=photo, role="photo").values("child")
    cutouts = Asset.objects.filter(workspace=photo.workspace_id, kind=AssetKind.CUTOUT, pk__in=children)
    alike = cutouts.filter(
        recipe__photo_sha256=photo.blob.sha256,
        recipe__box=box,
        recipe__code_version=inference.__version__,
        recipe__has_keys=["revision", "warnings"],
    ).exclude(recipe__has_key="strokes")
    made_by = (expected(cutout_options()), ("alpha", ""))
    for asset in alike.select_related("blob", "workspace").order_by("-created_at")[:MOST_COMPARED]:
        recipe = asset.recipe
        is_same = (recipe["engine"], recipe["revision"]) in made_by and "fallback_engine" not in recipe["warnings"]
        if is_same and _is_whole(asset.blob):
            return EarlierCutout(
                asset, recipe["engine"], recipe["confidence"], recipe["warnings"], recipe["output"]["viewpoint"]
            )
    return None


def cutout_options() -> CutoutOptions:
    """What the operator set. Weights are fetched by the relay's daily chores, never while somebody waits."""
    from inference.ports import CutoutOptions

    return CutoutOptions(model=settings.CUTOUT_MODEL, weights_dir=settings.CUTOUT_WEIGHTS_DIR)


def _gate(asset: Asset) -> dict[str, Any] | None:
    """As it was stored with the shot that the asset was made for; None where nobody has it any more."""
    for rows in (Shot.everything, ShotVersion.objects):
        gate: dict[str, Any] | None = rows.filter(asset=asset).values_list("gate", flat=True).first()
        if gate:
            return gate
    return None


def _is_whole(blob: Blob) -> bool:
    try:
        asset_store.read_bytes(blob)
    except Unavailable:
        return False
    return True

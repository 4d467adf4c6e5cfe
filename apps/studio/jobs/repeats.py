"""A shot that was made before is looked up: the same recipe from the same inputs is the same asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.assets import selectors as asset_store
from apps.assets.models import Asset, AssetKind, Blob, Lineage
from apps.core.errors import Unavailable
from apps.studio import specs
from apps.studio.models import Shot, ShotVersion

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
    from inference.pipelines.product_shot import spec_as_dict

    children = Lineage.objects.filter(workspace=cutout.workspace_id, parent=cutout, role="cutout").values("child")
    shots = Asset.objects.filter(workspace=cutout.workspace_id, kind=AssetKind.SHOT, pk__in=children)
    alike = shots.filter(recipe__spec=spec_as_dict(specs.to_shot_spec(spec))).select_related("blob")
    found = ((asset, _gate(asset)) for asset in alike.order_by("-created_at")[:MOST_COMPARED])
    return tuple(Made(asset.blob, asset.recipe, gate) for asset, gate in found if gate and _is_whole(asset.blob))


def _gate(asset: Asset) -> dict[str, Any] | None:
    """As it was stored with the shot that the asset was made for; None where nobody has it any more."""
    for rows in (Shot.objects, ShotVersion.objects):
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

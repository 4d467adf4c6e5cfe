"""The shapes that a definition file may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inference.engines.studio_sets.render import (
    furnishing,
    greenery,
    ground,
    meshes,
    product_parts,
    shadow_casters,
    stones,
)
from inference.engines.studio_sets.render.meshes import MeshData

BUILDERS: dict[str, Callable[..., MeshData]] = {
    "arch": meshes.arch,
    "blinds": furnishing.blinds,
    "bow": furnishing.bow,
    "cloth": ground.cloth,
    "drape": ground.drape,
    "dunes": ground.dunes,
    "fluted": furnishing.fluted,
    "folded": furnishing.folded,
    "frond": greenery.frond,
    "pebble": stones.pebble,
    "pebbles": stones.pebbles,
    "pine": greenery.pine,
    "pumpkin": stones.pumpkin,
    "ring": furnishing.ring,
    "satin": ground.satin,
    "slab": stones.slab,
    "sticks": furnishing.sticks,
    "strewn": greenery.strewn,
    "box": meshes.box,
    "branch": shadow_casters.branch,
    "cylinder": meshes.cylinder,
    "flat_label": product_parts.flat_label,
    "handle": product_parts.handle,
    "lathe": meshes.lathe,
    "sphere": meshes.sphere,
    "sweep": meshes.sweep,
    "window": shadow_casters.window,
    "wrap_label": product_parts.wrap_label,
}


def build(kind: str, params: dict[str, Any]) -> MeshData:
    """The mesh called `kind`. Raises KeyError for an unknown kind, TypeError for an unknown parameter."""
    return BUILDERS[kind](**params)

"""The shapes that a definition file may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inference.engines.studio_sets.render import meshes, product_parts, shadow_casters
from inference.engines.studio_sets.render.meshes import MeshData

BUILDERS: dict[str, Callable[..., MeshData]] = {
    "arch": meshes.arch,
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

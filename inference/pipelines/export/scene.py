"""A shot again, from its recipe: larger, smaller, at another ratio, or in layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor
from typing import Any

from inference.errors import InputRejected
from inference.ops.layers import ShotLayers, split_layers
from inference.pipelines.export.types import Rendered, Target, resized_step
from inference.pipelines.label import scene_source_type, scene_step
from inference.pipelines.product_shot import make_shot
from inference.pipelines.verify import spec_of
from inference.ports import SceneOptions
from inference.registry import scene_engine
from inference.types import U8, Cutout, Progress, ShotResult, ShotSpec, no_progress

SMALLEST_PX = 64
_ROUNDING = 1.002
"""A canvas of whole pixels may frame the product by this much larger than asked."""


def render_scene(
    photo_rgb: U8,
    cutout: Cutout,
    recipe: Mapping[str, Any],
    target: Target,
    *,
    enlarge: bool = False,
    on_progress: Progress = no_progress,
    options: SceneOptions | None = None,
) -> Rendered:
    """A shot again, from its recipe, at the target's size and ratio.

    Raises:
        InputRejected: ``export.shot_changed``: its set or engine is not what it was; ``verify.bad_recipe``, and what
            ``make_shot`` raises.
    """
    spec = spec_of(recipe)
    width, height = _scene_size(spec, target)
    shot = make_shot(
        photo_rgb, cutout, replace(spec, width=width, height=height), on_progress=on_progress, options=options
    )
    scale = float(shot.measures["product_scale"])
    while scale > 1 and not enlarge and not target.is_as_made and min(width, height) > SMALLEST_PX:
        width, height = (max(SMALLEST_PX, floor(side / (scale * _ROUNDING))) for side in (width, height))
        shot = make_shot(photo_rgb, cutout, replace(spec, width=width, height=height), options=options)
        scale = float(shot.measures["product_scale"])
    _require_same(recipe, shot)
    layers = _layers(photo_rgb, cutout, spec, shot, options) if target.kind == "layers" else None
    steps = (scene_step(recipe), *resized_step(scale))
    return Rendered(shot.master, shot.mask, scale, shot.gate, shot.recipe, scene_source_type(recipe), steps, layers)


def _scene_size(spec: ShotSpec, target: Target) -> tuple[int, int]:
    if target.is_as_made:
        return spec.width, spec.height
    if target.width and target.height:
        return target.width, target.height
    factor = target.longest / max(spec.width, spec.height)
    return round(spec.width * factor), round(spec.height * factor)


def _require_same(recipe: Mapping[str, Any], shot: ShotResult) -> None:
    """The same picture where the size is the same, the same set and engine otherwise."""
    again = shot.recipe
    same_size = again["output"]["size"] == recipe["output"]["size"]
    if same_size and again["output"]["pixels_sha256"] == recipe["output"]["pixels_sha256"]:
        return
    if same_size or any(again[key] != recipe.get(key) for key in ("set", "engine", "photo", "cutout")):
        raise InputRejected(
            "export.shot_changed", "the set or its engine changed since this shot was made; make the shot again"
        )


def _layers(
    photo_rgb: U8, cutout: Cutout, spec: ShotSpec, shot: ShotResult, options: SceneOptions | None
) -> ShotLayers:
    """Render the set again without what each layer adds."""
    engine = scene_engine(options or SceneOptions())
    empty = replace(spec, edits=replace(spec.edits, shadow_intensity=0.0, reflection=0.0))
    shaded = replace(spec, edits=replace(spec.edits, reflection=0.0))
    return split_layers(
        even=engine.render(cutout, empty, on_progress=no_progress, lamps_on=False).plate,
        bare=engine.render(cutout, empty, on_progress=no_progress).plate,
        shaded=engine.render(cutout, shaded, on_progress=no_progress).plate,
        full=shot.plate,
        product=shot.product[..., :3],
        mask=shot.mask,
    )

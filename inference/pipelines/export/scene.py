"""A shot again, from its recipe: larger, smaller, at another ratio, or in layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import floor
from typing import Any

import numpy as np

from inference.errors import InputRejected
from inference.ops.layers import ShotLayers, split_layers
from inference.pipelines.export.types import Rendered, Target, resized_step
from inference.pipelines.label import scene_source_type, scene_step
from inference.pipelines.product_shot import make_shot
from inference.pipelines.verify import spec_of
from inference.ports import SceneOptions
from inference.registry import scene_engine
from inference.types import U8, Companion, Cutout, Progress, ShotResult, ShotSpec, no_progress

SMALLEST_PX = 64
SAME_RATIO = 0.01
"""Ratios that differ by less are one ratio in whole pixels."""
_ROUNDING = 1.002
"""A canvas of whole pixels may frame the product by this much larger than asked."""


def render_scene(
    photo_rgb: U8,
    cutout: Cutout,
    recipe: Mapping[str, Any],
    target: Target,
    *,
    companion: Companion | None = None,
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
        photo_rgb,
        cutout,
        _resized(spec, width, height),
        companion=companion,
        on_progress=on_progress,
        options=options,
    )
    scale = _largest_scale(shot)
    while scale > 1 and not enlarge and not target.is_as_made and min(width, height) > SMALLEST_PX:
        width, height = (max(SMALLEST_PX, floor(side / (scale * _ROUNDING))) for side in (width, height))
        smaller = _resized(spec, width, height)
        shot = make_shot(photo_rgb, cutout, smaller, companion=companion, options=options)
        scale = _largest_scale(shot)
    _require_same(recipe, shot)
    layers = _layers(cutout, companion, spec, shot, options) if target.kind == "layers" else None
    steps = (scene_step(recipe), *resized_step(scale))
    return Rendered(
        shot.master, _products(shot), scale, shot.gate, shot.recipe, scene_source_type(recipe), steps, layers
    )


def _scene_size(spec: ShotSpec, target: Target) -> tuple[int, int]:
    if target.is_as_made:
        return spec.width, spec.height
    if target.width and target.height:
        return target.width, target.height
    factor = target.longest / max(spec.width, spec.height)
    return round(spec.width * factor), round(spec.height * factor)


def _resized(spec: ShotSpec, width: int, height: int) -> ShotSpec:
    """The same picture where the ratio is the same, else the same shot composed for another one."""
    is_same_shape = abs(width / height * spec.height / spec.width - 1) < SAME_RATIO
    enlarged = round(spec.enlarged * width / spec.width, 4) if is_same_shape else spec.enlarged
    return replace(spec, width=width, height=height, enlarged=enlarged)


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


def _largest_scale(shot: ShotResult) -> float:
    """Picture pixels per photo pixel, of the product that is enlarged most."""
    other = shot.recipe["parameters"].get("companion", {})
    return max(float(shot.measures["product_scale"]), float(other.get("scale", 0.0)))


def _products(shot: ShotResult) -> U8:
    """Where products are, uint8 (H, W)."""
    return shot.mask if shot.companion is None else np.maximum(shot.mask, shot.companion[..., 3])


def _layers(
    cutout: Cutout, companion: Companion | None, spec: ShotSpec, shot: ShotResult, options: SceneOptions | None
) -> ShotLayers:
    """Render the set again without what each layer adds."""
    engine = scene_engine(options or SceneOptions())
    beside = companion.cutout if companion else None

    def plate(wish: ShotSpec, *, lamps_on: bool = True) -> U8:
        return engine.render(cutout, wish, on_progress=no_progress, lamps_on=lamps_on, companion=beside).plate

    empty = replace(spec, edits=replace(spec.edits, shadow_intensity=0.0, reflection=0.0))
    shaded = replace(spec, edits=replace(spec.edits, reflection=0.0))
    return split_layers(
        even=plate(empty, lamps_on=False),
        bare=plate(empty),
        shaded=plate(shaded),
        full=shot.plate,
        product=shot.product,
        companion=shot.companion,
        is_companion_in_front=shot.is_companion_in_front,
        master=shot.master,
    )

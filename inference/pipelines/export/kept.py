"""A shot that can not be rendered again, taken from its lossless master: cut, reduced or as it is, never enlarged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from inference.errors import InputRejected
from inference.ops.layers import ShotLayers
from inference.pipelines.export.cropping import cropped
from inference.pipelines.export.drawn_layers import STEP, drawn_layers, placement_of
from inference.pipelines.export.types import Rendered, Target, resized_step
from inference.pipelines.label import GENERATED, scene_source_type, scene_step
from inference.recipe import pixels_sha256
from inference.types import U8, Cutout, GateReport

RENEWED = frozenset({"export.shot_changed", "shot.lock_does_not_fit", "shot.unknown_set", "verify.bad_recipe"})
"""What ``render_scene`` says of shots whose set, camera or engine is not there any more as it was."""

_RATIO_TOLERANCE = 0.01


def from_master(master: U8, recipe: Mapping[str, Any], target: Target, *, cutout: Cutout | None = None) -> Rendered:
    """The master itself, or reduced to the target's size; a generated one is cut to another ratio first.

    Args:
        master: uint8 (H, W, 3), as it was stored.
        cutout: of the product, for the layers of a generated picture.

    Raises:
        InputRejected: ``export.master_changed``: these are not the pixels that the recipe's gate spoke of;
            ``export.shot_changed``: layers or another ratio are asked for, which need the set;
            ``export.generated_format``: a ratio in which a generated shot's product would be cut;
            ``export.no_layers``: layers of one whose product is not the photo's.
    """
    if pixels_sha256(master) != recipe["output"]["pixels_sha256"]:
        raise InputRejected("export.master_changed", "the kept picture is not the one that the recipe made")
    height, width = master.shape[:2]
    wanted = _size(target, width, height)
    steps = [scene_step(recipe)]
    layers = _layers(master, recipe, cutout) if target.kind == "layers" else None
    if layers is not None:
        steps.append(STEP)
    if abs((wanted[0] / wanted[1]) / (width / height) - 1) > _RATIO_TOLERANCE:
        master = _in_ratio(master, recipe, wanted[0] / wanted[1])
        height, width = master.shape[:2]
        steps.append(("c2pa.cropped", f"Cut to {width} x {height} px around the product"))
    share = min(1.0, wanted[0] / width)
    pixels = master
    if share < 1:
        pixels = np.asarray(Image.fromarray(master).resize(wanted, Image.Resampling.LANCZOS))
    scale = share * float(recipe.get("measures", {}).get("product_scale", 1.0))
    return Rendered(
        pixels=pixels,
        mask=np.full(pixels.shape[:2], 255, np.uint8),  # nobody knows where the product is, so all of it must be kept
        product_scale=scale,
        gate=GateReport.from_dict(recipe["gate"]) if recipe.get("gate") else None,
        recipe=recipe,
        source_type=scene_source_type(recipe),
        steps=(*steps, *resized_step(scale)),
        layers=layers,
    )


def _layers(master: U8, recipe: Mapping[str, Any], cutout: Cutout | None) -> ShotLayers:
    _require_generated(recipe)
    placement = placement_of(recipe)
    if placement is None or cutout is None:
        raise InputRejected(
            "export.no_layers", "which pixels are the product's own is not known; the picture has no layers"
        )
    return drawn_layers(master, cutout, placement)


def _in_ratio(master: U8, recipe: Mapping[str, Any], ratio: float) -> U8:
    """A generated picture cut to another ratio; what only its set could show is refused."""
    _require_generated(recipe)
    return cropped(master, recipe, ratio)


def _require_generated(recipe: Mapping[str, Any]) -> None:
    if recipe.get("kind") != GENERATED:
        raise InputRejected(
            "export.shot_changed", "the set or its engine changed since this shot was made; make the shot again"
        )


def _size(target: Target, width: int, height: int) -> tuple[int, int]:
    if target.is_as_made:
        return width, height
    if target.width and target.height:
        return target.width, target.height
    factor = target.longest / max(width, height)
    return round(width * factor), round(height * factor)

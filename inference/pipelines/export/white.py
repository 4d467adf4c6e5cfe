"""The main image: the product on pure white, or on nothing."""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np

from inference import __version__
from inference.edits import NO_EDITS
from inference.errors import InputRejected
from inference.ops import white, xmp
from inference.ops.placement import Placement, on_canvas, resample_rgba
from inference.pipelines.export.types import Rendered, Target, border_px, resized_step
from inference.pipelines.pasting import judged, pasted
from inference.ports import ScenePlate
from inference.recipe import SCHEMA, pixels_sha256
from inference.types import U8, Cutout, GateReport


def render_white(
    photo_rgb: U8, cutout: Cutout, target: Target, *, shadow: bool = False, enlarge: bool = False
) -> Rendered:
    """The product on pure white, or on nothing (``cutout``).

    Args:
        photo_rgb, cutout: of the same size; pixels as for ``make_shot``.
        enlarge: reach the target's size even where the photo is too small for it.

    Raises:
        InputRejected: ``shot.empty_cutout``.
    """
    try:
        box = white.box_of(cutout.alpha)
    except ValueError as error:
        raise InputRejected("shot.empty_cutout", "the cutout is empty; cut the product out again") from error
    size = (target.width, target.height)
    scale = white.fitting_scale(box, size, target.fill)
    if scale > 1 and not enlarge:
        size = (max(1, floor(size[0] / scale)), max(1, floor(size[1] / scale)))
        scale = 1.0
    placement = white.centred(box, size, scale)
    has_shadow = shadow and target.kind == "white"
    scene = _empty_scene(cutout, placement, size, shadow=has_shadow, border_px=border_px(target, size))
    picture = pasted(photo_rgb, cutout, scene, NO_EDITS)
    gate = judged(picture, photo_rgb, cutout, scene, NO_EDITS)
    pixels = picture.product if target.kind == "cutout" else picture.master
    recipe = _white_recipe(photo_rgb, cutout, target, placement, pixels, gate, shadow=has_shadow, enlarge=enlarge)
    steps = (("c2pa.edited", "Background removed" + (", soft contact shadow drawn" if has_shadow else "")),)
    return Rendered(
        pixels, picture.mask, scale, gate, recipe, xmp.ALGORITHMICALLY_ENHANCED, (*steps, *resized_step(scale))
    )


def _empty_scene(
    cutout: Cutout, placement: Placement, size: tuple[int, int], *, shadow: bool, border_px: int
) -> ScenePlate:
    """White paper as a scene, so that the same hands paste the product and the same gate judges it."""
    part = resample_rgba(cutout.rgb, cutout.alpha, placement)
    placed = on_canvas(part[..., 3], placement, size)
    return ScenePlate(
        plate=white.white_plate(placed, shadow=shadow, border_px=border_px),
        shadow=np.full(placed.shape, 255, np.uint8),
        visible=np.full(placed.shape, 255, np.uint8),
        product=part,
        placement=placement,
        base=(size[0] // 2, placement.y + placement.height),
        set_delta_e=None,
        identity={},
        parameters={},
        measures={},
        timings_s={},
    )


def _white_recipe(
    photo_rgb: U8,
    cutout: Cutout,
    target: Target,
    placement: Placement,
    pixels: U8,
    gate: GateReport,
    *,
    shadow: bool,
    enlarge: bool,
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": "cutout_image" if target.kind == "cutout" else "white_image",
        "photo": {"pixels_sha256": pixels_sha256(photo_rgb), "size": [photo_rgb.shape[1], photo_rgb.shape[0]]},
        "cutout": {
            "alpha_sha256": pixels_sha256(cutout.alpha),
            "foreground_sha256": pixels_sha256(cutout.rgb),
            "engine": cutout.engine,
        },
        "spec": {
            "width": target.width,
            "height": target.height,
            "fill": target.fill,
            "border": target.border,
            "shadow": shadow,
            "enlarge": enlarge,
        },
        "parameters": {"placement": placement.as_dict()},
        "output": {"pixels_sha256": pixels_sha256(pixels), "size": [pixels.shape[1], pixels.shape[0]]},
        "gate": gate.as_dict(),
        "code": {"version": __version__},
    }

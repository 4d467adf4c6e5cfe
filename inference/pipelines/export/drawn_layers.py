"""The layers of a generated picture that kept the photo's product: the product, and the drawn picture behind it.

A model draws its light, shadow and reflection into the picture, so those layers are empty. What lies behind the product
nobody has seen: it is filled in from around, so that the product can be moved a little or exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from inference.ops.layers import ShotLayers
from inference.ops.placement import Placement, on_canvas, resample_rgba
from inference.types import U8, Cutout, Mask

STEP = ("c2pa.edited", "Taken apart: the product on a layer of its own, the picture behind it filled in from around")
_FILLED_PX = 256
"""The longer side at which the hidden part is filled in: nothing is known of it but its colours."""
_MARGIN = 0.02
"""Of the longer side: soft edges and contact shadows of the product are not spread behind it."""


def placement_of(recipe: Mapping[str, Any]) -> Placement | None:
    """Where the photo's product was pasted; None where a model drew it, or the recipe does not say."""
    raw = recipe.get("parameters", {}).get("placement")
    try:
        return Placement(**raw)
    except TypeError:
        return None


def drawn_layers(master: U8, cutout: Cutout, placement: Placement) -> ShotLayers:
    """Layers whose stack is ``master``, uint8 (H, W, 3), to the last bit.

    Under the product's soft edge plate and product both are the picture itself; only where the product covers all of it
    the plate is filled in.
    """
    height, width = master.shape[:2]
    part = resample_rgba(cutout.rgb, cutout.alpha, placement)
    mask = on_canvas(np.ascontiguousarray(part[..., 3]), placement, (width, height))
    plate = master.copy()
    hidden: Mask = mask == 255
    plate[hidden] = _filled(master, mask > 0)[hidden]
    return ShotLayers(
        plate=plate,
        light=np.zeros_like(master),
        shadow=np.full_like(master, 255),
        reflection=np.zeros((height, width, 4), np.uint8),
        product=np.where((mask > 0)[..., None], master, np.uint8(0)),
        mask=mask,
    )


def _filled(picture: U8, hole: Mask) -> U8:
    """``picture`` with ``hole`` filled in smoothly (Telea 2004), at reduced size."""
    height, width = picture.shape[:2]
    share = min(1.0, _FILLED_PX / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    margin = 2 * max(1, round(_MARGIN * max(size))) + 1
    small_hole = cv2.resize(hole.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 0
    wide = cv2.dilate(small_hole.astype(np.uint8), np.ones((margin, margin), np.uint8))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, wide, 3, cv2.INPAINT_TELEA)
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

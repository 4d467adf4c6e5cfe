"""What can be measured of how well a shot shows its product; each figure with the range in which it is good.

Nothing here is taste: separation, grounding, fill, edge and palette are things that people reject shots for, and each
is computed from the picture itself. ``rated`` turns them into marks from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from inference.ops.colour import delta_e
from inference.ops.gate import square
from inference.types import F32, U8, Mask

BAND_PX = 6
WEAKEST_SHARE = 0.25
GROUND_PX = 3

WEIGHTS = {"separation": 0.35, "grounding": 0.2, "fill": 0.2, "edge": 0.15, "palette": 0.1}
SEPARATE_DELTA_E = 16.0
GROUNDED_SHADE = 0.3
BEST_FILL, WORST_FILL_ERROR = 0.6, 0.35
WORST_EDGE_DELTA_E = 3.0
WORST_PALETTE_DELTA_E = 6.0


def separation(product: U8, plate: U8) -> float:
    """CIEDE2000 between the product and what lies behind its outline, where it is weakest.

    Args:
        product: uint8 (H, W, 4), placed.
        plate: uint8 (H, W, 3).

    Returns:
        The mean over the weakest quarter of the outline; 0 where nothing is visible.
    """
    solid = (product[..., 3] >= 128).astype(np.uint8)
    inner = (solid > 0) & (cv2.erode(solid, square(BAND_PX), borderValue=1) == 0)
    outer = (cv2.dilate(solid, square(BAND_PX)) > 0) & (solid == 0)
    line = (solid > 0) & (cv2.erode(solid, square(1), borderType=cv2.BORDER_CONSTANT, borderValue=1) == 0)
    if not line.any() or not outer.any():
        return 0.0
    inside, outside = _local_mean(product[..., :3], inner), _local_mean(plate, outer)
    apart = np.sort(delta_e(inside[line], outside[line]))
    return float(apart[: max(1, int(WEAKEST_SHARE * len(apart)))].mean())


def _local_mean(rgb: U8, where: Mask) -> U8:
    size = (4 * BAND_PX + 1, 4 * BAND_PX + 1)
    weight = cv2.blur(where.astype(np.float32), size)[..., None]
    total: F32 = np.asarray(cv2.blur(rgb.astype(np.float32) * where[..., None], size), np.float32)
    return np.rint(np.divide(total, weight, out=np.zeros_like(total), where=weight > 1e-4)).astype(np.uint8)


def grounding(mask: U8, shadow: U8, base_row: int) -> float:
    """How dark the ground is right under the product, 0..1: without it a product floats."""
    columns = np.nonzero((mask >= 128).any(axis=0))[0]
    if len(columns) == 0:
        return 0.0
    rows = slice(max(0, base_row - GROUND_PX), min(mask.shape[0], base_row + GROUND_PX))
    under = shadow[rows, columns[0] : columns[-1] + 1]
    return float(1 - np.percentile(under, 25) / 255) if under.size else 0.0


def rated(figures: Mapping[str, float]) -> dict[str, float]:
    """Marks 0..1 for the figures that are there: separation, grounding, fill, edge, palette.

    More separation and grounding is always a little better, so the order of good pictures stays told apart.
    """
    marks = {
        "separation": 1 - float(np.exp(-figures["separation"] / SEPARATE_DELTA_E)),
        "grounding": 1 - float(np.exp(-figures["grounding"] / GROUNDED_SHADE)),
        "fill": 1 - abs(figures["fill"] - BEST_FILL) / WORST_FILL_ERROR,
        "edge": 1 - figures["edge"] / WORST_EDGE_DELTA_E,
    }
    if "palette" in figures:
        marks["palette"] = 1 - figures["palette"] / WORST_PALETTE_DELTA_E
    return {name: round(min(1.0, max(0.0, mark)), 3) for name, mark in marks.items()}


def score(marks: Mapping[str, float]) -> float:
    """Weighted mean of the marks, 0..1."""
    return round(sum(WEIGHTS[name] * mark for name, mark in marks.items()) / sum(WEIGHTS[name] for name in marks), 4)

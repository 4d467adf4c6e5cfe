"""Was a photo taken from the side or from straight above? A guess from what lies around the product.

A camera that looks at a standing product sees its ground near below and a wall, or ground that runs away, above: colour
or grain of the background differ between the top and the bottom of the picture. A camera that looks straight down sees
the same ground everywhere. Where the background is plain paper, either may be true, and a person has to say.

Thresholds were chosen on the 57 photos of the cutout benchmark, whose cameras are known; no photo from the side may be
called one from above unless its ground is grained and even.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from inference.types import F32, U8

SIDE_PX = 160
MARGIN_PX = 9
BLUR_PX = 2.0
FREE_SHARE = 0.12
"""Of a row or column that must be background for it to count."""

COLOUR_DIFFERENCE, GRAIN_RATIO = 12.0, 0.3
"""From either on, top and bottom are different things: Delta E 1976, and the logarithm of the grain's ratio."""

GRAINED = 1.0
"""Mean L* difference to the neighbourhood from which a ground has a pattern that would show perspective."""


class Viewpoint(StrEnum):
    SIDE = "side"
    ABOVE = "above"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Surroundings:
    """``difference`` of colour (Delta E) and ``grain_ratio`` (logarithm) of top to bottom; ``grain`` of all."""

    difference: float
    grain_ratio: float
    grain: float

    @property
    def viewpoint(self) -> Viewpoint:
        if self.difference > COLOUR_DIFFERENCE or abs(self.grain_ratio) > GRAIN_RATIO:
            return Viewpoint.SIDE
        return Viewpoint.ABOVE if self.grain > GRAINED else Viewpoint.UNCLEAR


def guess_viewpoint(rgb: U8, alpha: U8) -> Viewpoint:
    """``rgb`` uint8 (H, W, 3), ``alpha`` uint8 (H, W): the whole photo and the product's coverage in it."""
    found = surroundings(rgb, alpha)
    return found.viewpoint if found else Viewpoint.UNCLEAR


def surroundings(rgb: U8, alpha: U8) -> Surroundings | None:
    """None where hardly any background is in the picture: no eighth of its rows shows it."""
    scale = SIDE_PX / max(alpha.shape)
    size = (max(8, round(alpha.shape[1] * scale)), max(8, round(alpha.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    product = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) > 8
    free = cv2.dilate(product.astype(np.uint8), np.ones((MARGIN_PX, MARGIN_PX), np.uint8)) == 0
    rows = np.flatnonzero(free.sum(axis=1) >= FREE_SHARE * size[0])
    if len(rows) < size[1] // 8:
        return None
    light = np.ascontiguousarray(lab[..., 0])
    rough = np.abs(light - cv2.GaussianBlur(light, (0, 0), BLUR_PX))
    colours = _row_means(lab, free, rows)
    grains = _row_means(rough[..., None], free, rows)[:, 0]
    third = max(1, len(rows) // 3)
    top, bottom = slice(None, third), slice(-third, None)
    return Surroundings(
        difference=float(np.linalg.norm(colours[top].mean(axis=0) - colours[bottom].mean(axis=0))),
        grain_ratio=float(np.log((grains[top].mean() + 0.3) / (grains[bottom].mean() + 0.3))),
        grain=float(grains.mean()),
    )


def _row_means(values: F32, free: np.ndarray, rows: np.ndarray) -> F32:
    """Mean over the background of each row: float32 (rows, channels)."""
    kept = free[rows][..., None]
    return np.asarray((values[rows] * kept).sum(axis=1) / kept.sum(axis=1), np.float32)

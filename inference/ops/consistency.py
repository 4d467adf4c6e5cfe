"""What of a picture must be alike when many products are shown in one look: its background."""

from __future__ import annotations

import cv2
import numpy as np

from inference.types import U8

CELLS = 6
SMALL_PX = 96
UNSHADED = 248
MIN_SHARE = 0.2

Backdrop = list[list[float] | None]


def backdrop(plate: U8, mask: U8, shadow: U8) -> Backdrop:
    """Median CIELAB of the empty background in 6 x 6 cells, row by row; None where the product or its shadow is.

    Args:
        plate: uint8 (H, W, 3), sRGB, the scene.
        mask: uint8 (H, W), the product's coverage.
        shadow: uint8 (H, W), the light that the product leaves (255 = all).
    """
    size = (SMALL_PX, SMALL_PX)
    lab = cv2.cvtColor(
        cv2.resize(plate, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255, cv2.COLOR_RGB2LAB
    )
    covered = cv2.resize(mask, size, interpolation=cv2.INTER_AREA) > 0
    free = ~covered & (cv2.resize(shadow, size, interpolation=cv2.INTER_AREA) >= UNSHADED)
    step = SMALL_PX // CELLS
    found: Backdrop = []
    for top in range(0, SMALL_PX, step):
        for left in range(0, SMALL_PX, step):
            cell = np.s_[top : top + step, left : left + step]
            if free[cell].mean() < MIN_SHARE:
                found.append(None)
            else:
                found.append([round(float(value), 2) for value in np.median(lab[cell][free[cell]], axis=0)])
    return found

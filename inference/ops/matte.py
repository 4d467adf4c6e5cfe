"""Masks and trimaps: what is certainly product, what certainly is not, and the band between.

All functions are pure. Masks are ``bool (H, W)``, alphas ``float32 (H, W)`` in 0..1 until the very last step.
"""

from __future__ import annotations

import cv2
import numpy as np

from inference.types import F32, U8, Mask

_UNKNOWN = 0.5


def disk(radius_px: int) -> U8:
    """A round structuring element, uint8 (2r+1, 2r+1)."""
    size = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def dilated(mask: Mask, radius_px: int) -> Mask:
    """``mask`` grown by ``radius_px``."""
    return cv2.dilate(mask.view(np.uint8), disk(radius_px)) > 0


def eroded(mask: Mask, radius_px: int) -> Mask:
    """``mask`` shrunk by ``radius_px``; the picture's border does not count as background."""
    return ~dilated(~mask, radius_px)


def narrow_trimap(mask: Mask, *, inner_px: int, outer_px: int) -> F32:
    """1 inside, 0 outside, 0.5 in the band that closed-form matting must decide.

    Parts that are thinner than the band would lose their certain core; their middle line is kept as certain, because a
    wire that was found must not be voted away by its surroundings.
    """
    core = eroded(mask, inner_px)
    if inner_px > 0:
        distance = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3)
        ridge = (distance >= cv2.dilate(distance, disk(1))) & (distance > 1.4)
        core |= ridge & mask & ~dilated(core, inner_px + 1)
    trimap = np.where(core, 1.0, 0.0).astype(np.float32)
    trimap[dilated(mask, outer_px) & ~core] = _UNKNOWN
    return trimap


def bounding_slice(mask: Mask, *, margin_px: int = 0) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of the true pixels, grown by ``margin_px`` and clipped; half-open."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return (
        max(0, int(rows[0]) - margin_px),
        min(height, int(rows[-1]) + 1 + margin_px),
        max(0, int(columns[0]) - margin_px),
        min(width, int(columns[-1]) + 1 + margin_px),
    )

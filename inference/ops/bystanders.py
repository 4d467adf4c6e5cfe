"""Is there a second thing in the photo that the cutout left out? Told only where the background is calm."""

from __future__ import annotations

import cv2
import numpy as np

from inference.types import U8

SIDE_PX = 256
RING_PX = 6
CALM_DELTA_E = 10.0
"""The border's colours may differ from their median by this much (90 % of them), or nobody can tell."""

DIFFERENT_DELTA_E = 18.0
NEAR_PX = 9
"""Around the product lie its own shadow and edge."""

ALIKE = 0.25
"""Of the product's area: smaller things are props or crumbs."""


def has_bystander(rgb: U8, alpha: U8) -> bool:
    """Whether something of at least a quarter of the product's size stands apart from it.

    Args:
        rgb: uint8 (H, W, 3), sRGB: the whole photo.
        alpha: uint8 (H, W), the product in it.
    """
    scale = min(1.0, SIDE_PX / max(alpha.shape))
    size = (max(16, round(alpha.shape[1] * scale)), max(16, round(alpha.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    product = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA) >= 128
    ring = np.ones(product.shape, bool)
    ring[RING_PX:-RING_PX, RING_PX:-RING_PX] = False
    usual = np.median(lab[ring], axis=0)
    away = np.linalg.norm(lab - usual, axis=2)
    if not product.any() or np.percentile(away[ring], 90) > CALM_DELTA_E:
        return False
    near = cv2.dilate(product.astype(np.uint8), np.ones((2 * NEAR_PX + 1,) * 2, np.uint8)) > 0
    others = ((away > DIFFERENT_DELTA_E) & ~near).astype(np.uint8)
    others = cv2.morphologyEx(others, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, measures, _ = cv2.connectedComponentsWithStats(others, connectivity=8)
    areas = measures[1:, cv2.CC_STAT_AREA]
    return bool(areas.size and areas.max() >= ALIKE * product.sum())

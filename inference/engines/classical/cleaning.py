"""A raw segmentation, tidied: crumbs go, and each hole is judged on its own."""

from __future__ import annotations

import cv2
import numpy as np

from inference.engines.classical.scene import Scene
from inference.ops.matte import dilated, eroded
from inference.types import F32, Mask

_CRUMB = 0.06
_SPECK_PX = 12
_SMALL_HOLE = 0.02
_FAINT = 2.0
_RING_PX = 4
_FIRM_OPINION = 1.5


def cleaned(mask: Mask, scene: Scene, *, evidence: F32, background: F32) -> Mask:
    """Without crumbs; holes stay open only where they look like ordinary background (mug handles, scissors) or where
    somebody who was asked says firmly that there is none of the product.

    Args:
        mask: bool (H, W).
        scene: what was segmented.
        evidence: log p(product) - log p(background).
        background: log density of the background.
    """
    mask = without_crumbs(mask)
    if not mask.any() or scene.inside.all():
        return mask
    usual = np.percentile(background[~scene.inside], (12, 25))
    height, width = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).view(np.uint8), connectivity=4)
    fill = np.zeros(count, np.bool_)
    for index in range(1, count):
        left, top, across, down, area = (int(value) for value in stats[index])
        if left == 0 or top == 0 or left + across == width or top + down == height:
            continue
        hole = labels == index if area >= _SPECK_PX else None
        small = area < _SMALL_HOLE * np.count_nonzero(mask)
        if hole is not None and scene.opinion[hole].mean() < -_FIRM_OPINION:
            continue
        fill[index] = (
            hole is None
            or (small and _contrast_across(scene.colours, hole, mask) < _FAINT)
            or not _ordinary(hole, scene, evidence, background, usual)
        )
    return np.asarray(mask | fill[labels], np.bool_)


def _ordinary(hole: Mask, scene: Scene, evidence: F32, background: F32, usual: F32) -> bool:
    """Whether a hole looks like the background outside the box; ``usual`` are that one's 12th and 25th percentile."""
    middle = eroded(hole, 3)
    if not middle.any():
        middle = hole
    density = float(np.median(background[middle]))
    if density > usual[1] or (density > usual[0] and scene.barrier[hole].mean() < 1.0):
        return True
    # On calm backgrounds the percentiles lie close together; then it counts that the product explains it far worse.
    return bool(density > usual[0] - 1 and np.median(evidence[middle]) < -4)


def _contrast_across(colours: F32, hole: Mask, mask: Mask) -> float:
    """Median difference between the mean colours on both sides of a hole's outline, in units of ``colours``."""
    means = []
    for side in (hole, dilated(hole, _RING_PX) & mask):
        share = side.astype(np.float32)
        window = (_RING_PX + 1, _RING_PX + 1)
        means.append(
            cv2.blur(colours * share[..., None], window) / np.maximum(cv2.blur(share, window), 1e-6)[..., None]
        )
    rim = dilated(hole, 1) & ~hole
    return float(np.median(np.linalg.norm(means[0] - means[1], axis=2)[rim]))


def without_crumbs(mask: Mask, *, share: float = _CRUMB) -> Mask:
    """Connected parts that are at least ``share`` of the largest one."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    return np.asarray((areas >= share * areas.max())[labels], np.bool_) & mask

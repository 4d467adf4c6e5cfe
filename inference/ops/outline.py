"""Figures that say how believable an outline is. All are 0..1."""

from __future__ import annotations

import cv2
import numpy as np

from inference.ops.matte import dilated, eroded
from inference.types import F32, Mask

_RING_PX = 3


def outline_measures(mask: Mask, lab: F32, evidence: F32) -> dict[str, float]:
    """Measure a mask against the picture and the evidence it was cut from.

    * ``separation``: share of pixels in the two rings along the outline whose evidence agrees with their side;
    * ``edge``: share of the outline that runs on picture edges stronger than three quarters of the picture's;
    * ``solidity``: area over area of the convex hull;
    * ``area``: share of the picture;
    * ``touches``: share of the picture's border that is covered;
    * ``contrast``: share of the outline across which the mean colour changes by more than one unit of ``lab``.

    Args:
        mask: bool (H, W), at least one pixel.
        lab: float32 (H, W, 3), any even scale.
        evidence: log p(product) - log p(background), float32 (H, W).
    """
    inner = mask & ~eroded(mask, _RING_PX)
    outer = dilated(mask, _RING_PX) & ~mask
    right = int(np.count_nonzero(evidence[inner] > 0) + np.count_nonzero(evidence[outer] < 0))
    pixels = int(np.count_nonzero(inner) + np.count_nonzero(outer))
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return {
        "separation": right / max(1, pixels),
        "edge": _edge_share(mask, lab),
        "solidity": _solidity(mask),
        "area": float(mask.mean()),
        "touches": float(border.mean()),
        "contrast": _contrast_share(mask, lab),
    }


def _edge_share(mask: Mask, lab: F32) -> float:
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = np.sqrt((across * across + down * down).sum(axis=2))
    near = cv2.dilate(strength, np.ones((3, 3), np.uint8))
    outline = mask & ~eroded(mask, 1)
    return float((near[outline] > np.percentile(near, 75)).mean())


def _contrast_share(mask: Mask, lab: F32) -> float:
    window = (2 * _RING_PX + 1, 2 * _RING_PX + 1)
    means = []
    for side in (mask, ~mask):
        share = side.astype(np.float32)
        means.append(cv2.blur(lab * share[..., None], window) / np.maximum(cv2.blur(share, window), 1e-6)[..., None])
    outline = mask & ~eroded(mask, 1)
    return float((np.linalg.norm(means[0] - means[1], axis=2)[outline] > 1).mean())


def box_touch(mask: Mask, inside: Mask) -> float:
    """Share of the outermost pixels of ``inside`` (a filled rectangle) that ``mask`` covers."""
    rim = inside & ~eroded(inside, 1)
    return float(mask[rim].mean()) if rim.any() else 0.0


def _solidity(mask: Mask) -> float:
    points = cv2.findNonZero(mask.view(np.uint8))
    hull = cv2.contourArea(cv2.convexHull(points))
    return float(min(1.0, np.count_nonzero(mask) / max(hull, 1.0)))

"""Blur of what lies behind the product, as a lens with a wide aperture focused on the product would show it.

The circle of confusion of a thin lens grows with 1 - focus / depth (Potmesil and Chakravarty 1981). Everything up to
the product's own back is left exactly as it is: the product's ground, contact and shadow stay sharp. Blurring is done
in linear light on a few Gaussian levels, each normalised over the pixels that are out of focus, so that nothing in
focus bleeds into the background.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np

from inference.ops.scaling import resized_plane
from inference.types import F32

LARGEST_SHARE = 0.018
"""Standard deviation of the strongest blur, of the furthest background, as a share of the picture's longer side."""

LEVELS = 4
FADE_IN = 0.35
SHALLOW = 0.02
"""A scene that ends this close behind the product has no background."""


def defocused(linear: F32, nearness: F32, focus_m: float, strength: float) -> F32:
    """Blur the background.

    Args:
        linear: float32 (H, W, 3).
        nearness: float32 (H, W), 1 / planar depth in metres, 0 = nothing there.
        focus_m: planar depth up to which everything is in focus.
        strength: 0..1.
    """
    if strength <= 0:
        return linear
    confusion = np.clip(1 - focus_m * nearness, 0, 1)
    furthest = float(confusion.max())
    most = strength * LARGEST_SHARE * max(linear.shape[:2])
    if furthest < SHALLOW or most < FADE_IN:
        return linear
    sigma = (confusion * (most / furthest)).astype(np.float32)
    behind = np.clip(sigma / FADE_IN, 0, 1).astype(np.float32)
    weighted = np.dstack([linear * behind[..., None], behind]).astype(np.float32)
    sigmas = most * (np.arange(1, LEVELS + 1) / LEVELS) ** 1.5
    levels = np.stack([_blurred(weighted, float(value)) for value in sigmas])
    out = np.empty_like(linear)
    _between(linear, levels, sigma, np.concatenate([[0.0], sigmas]), out)
    return out


@numba.njit(cache=True, nogil=True)
def _between(linear: Any, levels: Any, sigma: Any, sigmas: Any, out: Any) -> None:
    """Each pixel from the two levels around its own blur, each divided by how much of it is out of focus."""
    for y in range(linear.shape[0]):
        for x in range(linear.shape[1]):
            own, level = sigma[y, x], 0
            while level < levels.shape[0] - 1 and own > sigmas[level + 1]:
                level += 1
            share = min(1.0, (own - sigmas[level]) / (sigmas[level + 1] - sigmas[level]))
            for channel in range(3):
                low = high = linear[y, x, channel]
                if level > 0 and levels[level - 1, y, x, 3] > 1e-3:
                    low = levels[level - 1, y, x, channel] / levels[level - 1, y, x, 3]
                if levels[level, y, x, 3] > 1e-3:
                    high = levels[level, y, x, channel] / levels[level, y, x, 3]
                out[y, x, channel] = max(0.0, low + share * (high - low)) if own > 0.0 else linear[y, x, channel]


def _blurred(weighted: F32, sigma_px: float) -> F32:
    """Gaussian of float32 (H, W, 4), at a lower resolution where it is wide."""
    step = max(1, int(sigma_px / 2.5))
    size = (weighted.shape[1], weighted.shape[0])
    small = resized_plane(weighted, (max(2, size[0] // step), max(2, size[1] // step)))
    # Averaging over boxes of `step` pixels and interpolating again is itself a blur of about this variance.
    rest = max(0.3, (max(0.1, sigma_px**2 - (step**2 - 1) / 4)) ** 0.5 / step)
    return resized_plane(np.asarray(cv2.GaussianBlur(small, (0, 0), rest, borderType=cv2.BORDER_REPLICATE)), size)

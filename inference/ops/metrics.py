"""Figures that compare pictures."""

from __future__ import annotations

import cv2
import numpy as np

from inference.types import F32, U8


def max_abs_diff(first: U8, second: U8) -> int:
    """Largest absolute difference of any sample; 0 for empty arrays."""
    if first.size == 0:
        return 0
    return int(cv2.absdiff(np.ascontiguousarray(first), np.ascontiguousarray(second)).max())


def ssim_map(first: U8, second: U8) -> F32:
    """Structural similarity of luma, float32 (H, W): Wang et al. 2004, Gaussian window 11 px, sigma 1.5."""
    x, y = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (first, second))
    c1, c2 = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
    mean_x, mean_y = _smooth(x), _smooth(y)
    var_x = _smooth(x * x) - mean_x * mean_x
    var_y = _smooth(y * y) - mean_y * mean_y
    covariance = _smooth(x * y) - mean_x * mean_y
    top = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    bottom = (mean_x * mean_x + mean_y * mean_y + c1) * (var_x + var_y + c2)
    return np.asarray(top / bottom, np.float32)


def _smooth(plane: F32) -> F32:
    return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT), np.float32)

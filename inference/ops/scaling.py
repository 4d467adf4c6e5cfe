"""Resizing with the filter that fits the direction, typed. Sizes are (width, height)."""

from __future__ import annotations

import cv2
import numpy as np

from inference.types import F32, U8, Mask


def fitted_size(size: tuple[int, int], longest_px: int) -> tuple[int, int]:
    """``size`` shrunk so that its longer side is at most ``longest_px``; never enlarged, at least 1 px."""
    scale = min(1.0, longest_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resized_rgb(rgb: U8, size: tuple[int, int]) -> U8:
    """``rgb`` at ``size``: area average when it shrinks, cubic when it grows."""
    if (rgb.shape[1], rgb.shape[0]) == size:
        return rgb
    shrinks = size[0] < rgb.shape[1]
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC), np.uint8)


def resized_plane(plane: F32, size: tuple[int, int]) -> F32:
    """One float plane at ``size``: area average when it shrinks, linear when it grows (no overshoot)."""
    if (plane.shape[1], plane.shape[0]) == size:
        return plane
    shrinks = size[0] < plane.shape[1]
    return np.asarray(
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.float32
    )


def resized_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask at ``size``, its outline smooth: resampled as coverage and cut at one half."""
    return resized_plane(mask.astype(np.float32), size) > 0.5

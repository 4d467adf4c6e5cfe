"""Boxes between a photo and a smaller picture of it: where a mask is, and what surrounds a box."""

from __future__ import annotations

import numpy as np

from inference.ops.matte import bounding_slice
from inference.ops.scaling import resized_mask
from inference.types import Box, Mask


def box_around(mask: Mask, whole: Box, *, slack: float) -> Box:
    """The box of ``mask``, a picture of the ``whole`` photo at any size, in pixels of the photo.

    Args:
        mask: at least one true pixel.
        slack: added on each side, as a share of the longer side.
    """
    top, bottom, left, right = bounding_slice(mask)
    scale = np.array([whole.width / mask.shape[1], whole.height / mask.shape[0]])
    margin = 2 + slack * max(right - left, bottom - top)
    first, last = np.array([left, top]) - margin, np.array([right, bottom]) + margin
    start = np.maximum(0, np.floor(first * scale)).astype(int)
    stop = np.minimum((whole.width, whole.height), np.ceil(last * scale)).astype(int)
    return Box(int(start[0]), int(start[1]), int(stop[0] - start[0]), int(stop[1] - start[1]))


def surroundings(box: Box, whole: Box, *, margin: float) -> Box:
    """``box`` with ``margin`` of its longer side around it, as far as the ``whole`` photo reaches."""
    around = 4 + round(margin * max(box.width, box.height))
    left, top = max(0, box.x - around), max(0, box.y - around)
    right, bottom = min(whole.width, box.x + box.width + around), min(whole.height, box.y + box.height + around)
    return Box(left, top, right - left, bottom - top)


def placed(mask: Mask, view: Box, whole: Box, size: tuple[int, int]) -> Mask:
    """``mask``, which shows ``view`` alone, put into a picture of the ``whole`` photo at ``size`` (width, height)."""
    scale = size[0] / whole.width, size[1] / whole.height
    small = max(1, round(view.width * scale[0])), max(1, round(view.height * scale[1]))
    result = np.zeros((size[1], size[0]), np.bool_)
    top, left = round(view.y * scale[1]), round(view.x * scale[0])
    part = result[top : top + small[1], left : left + small[0]]
    part[:] = resized_mask(mask, small)[: part.shape[0], : part.shape[1]]
    return result


def intersection_over_union(one: Mask, other: Mask) -> float:
    """|A and B| / |A or B|; 1 for two empty masks."""
    union = np.count_nonzero(one | other)
    return 1.0 if union == 0 else float(np.count_nonzero(one & other) / union)

"""What every cutout engine does after it knows roughly where the product is: matting, colours, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from inference.ops.confidence import judged
from inference.ops.matte import bounding_slice
from inference.ops.scaling import resized_mask, resized_plane
from inference.types import F32, U8, Box, Cutout, Mask, Progress

_COLOUR_MARGIN_PX = 16


@dataclass(frozen=True)
class Segmentation:
    """A hard mask of a part of the photo, at any size, and what is known about it.

    Attributes:
        mask: bool, the product; covers ``view``.
        view: the part of the photo, in its pixels.
        measures: see ``ops.outline.outline_measures`` and ``ops.confidence``.
        coverage: share of product in each pixel, float32 0..1, shaped like ``mask``, where an engine knows more than
            a mask; above one half exactly where ``mask`` is.
    """

    mask: Mask
    view: Box
    measures: Mapping[str, float]
    coverage: F32 | None = None


def finish_cutout(rgb: U8, found: Segmentation, engine: str, *, on_progress: Progress) -> Cutout:
    """Turn a segmentation that is not empty into a cutout at the photo's size."""
    # Here, because it compiles: whoever only asks an engine's name should not wait for numba.
    from inference.ops.foreground import foreground_colours
    from inference.ops.pyramid import alpha_along_outline

    view = found.view
    coarse_px = view.width / found.mask.shape[1]
    soft_guess = None if found.coverage is None else _enlarged(found.coverage, (view.width, view.height))
    mask = resized_mask(found.mask, (view.width, view.height)) if soft_guess is None else soft_guess > 0.5
    top, bottom, left, right = bounding_slice(mask, margin_px=_COLOUR_MARGIN_PX + round(6 * coarse_px))
    photo = rgb[view.y + top : view.y + bottom, view.x + left : view.x + right]
    part = np.s_[top:bottom, left:right]
    on_progress("matte", 0.0)
    soft = alpha_along_outline(
        photo,
        np.ascontiguousarray(mask[part]),
        coarse_px=coarse_px,
        coverage=None if soft_guess is None else np.ascontiguousarray(soft_guess[part]),
        on_level=lambda done: on_progress("matte", done),
    )
    on_progress("foreground", 0.0)
    alpha_crop: U8 = np.rint(soft * 255).astype(np.uint8)
    colours = foreground_colours(photo, alpha_crop)
    near = _near(alpha_crop > 0, _COLOUR_MARGIN_PX)
    colours = np.asarray(cv2.bitwise_and(colours, colours, mask=near.view(np.uint8)), np.uint8)
    alpha, result = np.zeros(rgb.shape[:2], np.uint8), np.zeros_like(rgb)
    window = np.s_[view.y + top : view.y + bottom, view.x + left : view.x + right]
    alpha[window], result[window] = alpha_crop, colours
    on_progress("foreground", 1.0)
    return judged(Cutout(result, alpha, engine, 0.0), found.mask, found.measures)


def _enlarged(coverage: F32, size: tuple[int, int]) -> F32:
    """Cubic, so that a slope between two pixels does not become a step."""
    if size[0] <= coverage.shape[1]:
        return resized_plane(coverage, size)
    return np.asarray(np.clip(cv2.resize(coverage, size, interpolation=cv2.INTER_CUBIC), 0, 1), np.float32)


def _near(mask: Mask, reach_px: int) -> Mask:
    """Within a square of ``reach_px``; many times faster than a disk, and nobody sees the shape."""
    return cv2.dilate(mask.view(np.uint8), np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)) > 0

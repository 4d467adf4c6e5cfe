"""What every cutout engine does after it knows roughly where the product is: matting, colours, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from inference.ops.confidence import judged
from inference.ops.matte import (
    bounding_slice,
    closed_form_alpha,
    dilated,
    eroded,
    foreground_colours,
    guided_upsample,
    narrow_trimap,
)
from inference.ops.scaling import fitted_size, resized_mask, resized_rgb
from inference.types import F32, U8, Box, Cutout, Mask, Progress

WORKING_SIDE_PX = 1600
_COLOUR_MARGIN_PX = 16


@dataclass(frozen=True)
class Segmentation:
    """A hard mask of a part of the photo, at any size, and what is known about it.

    Attributes:
        mask: bool, the product; covers ``view``.
        view: the part of the photo, in its pixels.
        measures: see ``ops.outline.outline_measures`` and ``ops.confidence``.
    """

    mask: Mask
    view: Box
    measures: Mapping[str, float]


def finish_cutout(rgb: U8, found: Segmentation, engine: str, *, on_progress: Progress) -> Cutout:
    """Turn a segmentation that is not empty into a cutout at the photo's size."""
    view = found.view
    coarse_px = view.width / found.mask.shape[1]
    mask = resized_mask(found.mask, (view.width, view.height))
    top, bottom, left, right = bounding_slice(mask, margin_px=_COLOUR_MARGIN_PX + round(6 * coarse_px))
    photo = rgb[view.y + top : view.y + bottom, view.x + left : view.x + right]
    on_progress("matte", 0.0)
    alpha_crop = _alpha(photo, np.ascontiguousarray(mask[top:bottom, left:right]), coarse_px, on_progress)
    on_progress("foreground", 0.0)
    colours = foreground_colours(photo, alpha_crop)
    alpha, result = np.zeros(rgb.shape[:2], np.uint8), np.zeros_like(rgb)
    window = np.s_[view.y + top : view.y + bottom, view.x + left : view.x + right]
    alpha[window] = np.rint(alpha_crop * 255).astype(np.uint8)
    colours[~dilated(alpha[window] > 0, _COLOUR_MARGIN_PX)] = 0
    result[window] = colours
    result[alpha == 255] = rgb[alpha == 255]
    on_progress("foreground", 1.0)
    return judged(Cutout(result, alpha, engine, 0.0), found.mask, found.measures)


def _alpha(photo: U8, mask: Mask, coarse_px: float, on_progress: Progress) -> F32:
    """Alpha at the photo's size; the matting itself works at no more than ``WORKING_SIDE_PX``."""
    size = (photo.shape[1], photo.shape[0])
    small_size = fitted_size(size, WORKING_SIDE_PX)
    small, small_mask = resized_rgb(photo, small_size), resized_mask(mask, small_size)
    band = max(2, round(1.6 * coarse_px * small_size[0] / size[0]) + 1)
    trimap = narrow_trimap(small_mask, inner_px=band, outer_px=band)
    alpha = closed_form_alpha(small, trimap)
    on_progress("matte", 0.6)
    wider = _widened(trimap, alpha, band)
    if wider is not None:
        alpha = closed_form_alpha(small, wider)
    alpha = settled(alpha, small_mask)
    on_progress("matte", 1.0)
    return guided_upsample(alpha, small, photo) if small_size != size else alpha


def _widened(trimap: F32, alpha: F32, band_px: int) -> F32 | None:
    """The trimap, wider where alpha is still soft at the band's own border (fur, fringe); None if that is nowhere."""
    unknown = (trimap > 0) & (trimap < 1)
    restless_out = unknown & dilated(trimap == 0, 1) & (alpha > 0.15)
    restless_in = unknown & dilated(trimap == 1, 1) & (alpha < 0.85)
    restless = restless_out | restless_in
    if np.count_nonzero(restless) < 0.01 * np.count_nonzero(unknown):
        return None
    return np.where(dilated(restless, 2 * band_px) & ~eroded(trimap == 1, band_px), np.float32(0.5), trimap)


def settled(alpha: F32, mask: Mask) -> F32:
    """Alpha without haze: nearly clear is clear, nearly full is full, and crumbs that hold no core are gone."""
    stretched = np.clip((alpha - 0.04) / 0.92, 0, 1).astype(np.float32)
    count, labels = cv2.connectedComponents((stretched > 0.1).astype(np.uint8), connectivity=8)
    anchored = np.zeros(count, np.bool_)
    anchored[np.unique(labels[mask])] = True
    anchored[0] = True
    return np.where(anchored[labels], stretched, 0).astype(np.float32)

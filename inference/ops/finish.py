"""What every cutout engine does after it knows roughly where the product is: matting, colours, figures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from inference.errors import InputRejected
from inference.ops.matte import (
    bounding_slice,
    closed_form_alpha,
    foreground_colours,
    guided_upsample,
    narrow_trimap,
)
from inference.types import F32, U8, Box, Cutout, Mask, Progress

WORKING_SIDE_PX = 1600
_CROP_MARGIN = 0.04


@dataclass(frozen=True)
class Segmentation:
    """A hard mask of the whole photo at any size (same aspect), and how much several attempts agreed on it (IoU)."""

    mask: Mask
    agreement: float


def finish_cutout(rgb: U8, found: Segmentation, engine: str, *, box: Box | None, on_progress: Progress) -> Cutout:
    """Turn a segmentation into a cutout at the photo's size."""
    if not found.mask.any():
        raise InputRejected("cutout.nothing_found", "no product was found; draw a box around it")
    height, width = rgb.shape[:2]
    full = cv2.resize(found.mask.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC) > 0.5
    margin = 8 + round(_CROP_MARGIN * max(full.shape))
    top, bottom, left, right = bounding_slice(full, margin_px=margin)
    window = np.s_[top:bottom, left:right]
    photo, mask = rgb[window], full[window]
    alpha_crop = _alpha(photo, mask, on_progress)
    on_progress("foreground", 0.0)
    colours = foreground_colours(photo, alpha_crop)
    on_progress("foreground", 1.0)
    alpha = np.zeros((height, width), np.uint8)
    alpha[window] = np.rint(alpha_crop * 255).astype(np.uint8)
    result = np.zeros_like(rgb)
    result[window] = colours
    result[alpha == 255] = rgb[alpha == 255]
    return Cutout(rgb=result, alpha=alpha, engine=engine, confidence=found.agreement)


def _alpha(photo: U8, mask: Mask, on_progress: Progress) -> F32:
    scale = min(1.0, WORKING_SIDE_PX / max(photo.shape[:2]))
    small, small_mask = photo, mask
    if scale < 1.0:
        size = (round(photo.shape[1] * scale), round(photo.shape[0] * scale))
        small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        small_mask = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    on_progress("matte", 0.0)
    band = max(2, round(0.006 * max(small.shape[:2])))
    alpha = closed_form_alpha(small, narrow_trimap(small_mask, inner_px=band, outer_px=band))
    on_progress("matte", 1.0)
    if scale < 1.0:
        alpha = guided_upsample(alpha, small, photo)
    return np.asarray(alpha, np.float32)

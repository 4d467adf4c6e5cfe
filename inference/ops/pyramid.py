"""Closed-form matting from coarse to fine: the long way is gone at a small size, each larger size only sharpens.

At the size of the segmentation a band along its outline is unknown; at each doubling only what is still soft. That is
faster than one solution at full size and better, too: a wide band is crossed in few steps while it is small.
"""

from __future__ import annotations

import cv2
import numpy as np

from inference.ops.laplacian import solve_unknown
from inference.ops.matte import dilated, eroded, narrow_trimap
from inference.ops.scaling import resized_mask, resized_rgb
from inference.types import F32, U8, Mask

_BAND = 1.6
_BLUNTNESS = 1.45
_COARSE_ROUNDS, _FINE_ROUNDS = 200, 25
_TOLERANCE = 1e-5
_SOFT = 0.05
_HAZE = 0.04


def alpha_along_outline(photo: U8, mask: Mask, *, coarse_px: float) -> F32:
    """Alpha at the photo's size, float32 0..1, from a mask of the same size whose outline is ``coarse_px`` blunt."""
    halvings = max(0, round(np.log2(_BLUNTNESS * max(1.0, coarse_px))))
    alpha: F32 | None = None
    for level in range(halvings, -1, -1):
        size = max(1, photo.shape[1] >> level), max(1, photo.shape[0] >> level)
        small, small_mask = resized_rgb(photo, size), resized_mask(mask, size)
        if alpha is None:
            alpha = _first_alpha(small, small_mask, max(2, round(_BAND * coarse_px / 2**level) + 1))
        else:
            alpha = sharpened(small, np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), np.float32))
        alpha = settled(alpha, small_mask)
    assert alpha is not None
    return alpha


def sharpened(photo: U8, alpha: F32, *, within: Mask | None = None) -> F32:
    """``alpha``, enlarged from a smaller size, solved again where it is soft. Outside ``within`` it is the truth."""
    unknown = dilated((alpha > _SOFT) & (alpha < 1 - _SOFT), 1)
    certain = ~unknown
    if within is not None:
        unknown &= within
        certain &= within
    start = np.where(certain, np.rint(alpha), alpha).astype(np.float32)
    return solve_unknown(photo, start, unknown, rounds=_FINE_ROUNDS, tolerance=_TOLERANCE)


def _first_alpha(photo: U8, mask: Mask, band_px: int) -> F32:
    trimap = narrow_trimap(mask, inner_px=band_px, outer_px=band_px)
    unknown = (trimap > 0) & (trimap < 1)
    alpha = solve_unknown(photo, trimap, unknown, rounds=_COARSE_ROUNDS, tolerance=_TOLERANCE)
    wider = _widened(trimap, alpha, band_px)
    if wider is None:
        return alpha
    start = np.where(wider, alpha, trimap).astype(np.float32)
    return solve_unknown(photo, start, wider, rounds=_COARSE_ROUNDS, tolerance=_TOLERANCE)


def _widened(trimap: F32, alpha: F32, band_px: int) -> Mask | None:
    """What is unknown, and more where alpha is soft at the band's own border (fur, fringe); None if that is nowhere."""
    unknown = (trimap > 0) & (trimap < 1)
    restless_out = unknown & dilated(trimap == 0, 1) & (alpha > 0.15)
    restless_in = unknown & dilated(trimap == 1, 1) & (alpha < 0.85)
    restless = restless_out | restless_in
    if np.count_nonzero(restless) < 0.01 * np.count_nonzero(unknown):
        return None
    return unknown | (dilated(restless, 2 * band_px) & ~eroded(trimap == 1, band_px))


def without_haze(alpha: F32) -> F32:
    """Nearly clear is clear, nearly full is full."""
    return np.asarray(np.clip((alpha - _HAZE) / (1 - 2 * _HAZE), 0, 1), np.float32)


def settled(alpha: F32, mask: Mask) -> F32:
    """Alpha without haze: nearly clear is clear, nearly full is full, and crumbs that hold no core are gone."""
    stretched = without_haze(alpha)
    count, labels = cv2.connectedComponents((stretched > 0.1).astype(np.uint8), connectivity=8)
    anchored = np.zeros(count, np.bool_)
    anchored[labels[mask]] = True
    anchored[0] = True
    return np.where(anchored[labels], stretched, 0).astype(np.float32)

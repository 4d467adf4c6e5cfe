"""Closed-form matting from coarse to fine: the long way is gone at a small size, each larger size only sharpens.

At twice the resolution of the segmentation a band along its outline is unknown; at each doubling only what is still
soft. Where product and background look alike (white on white) colours decide nothing, and matting left alone eats
handles and frays straight edges; there the segmentation is believed, the more the smaller the contrast.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numba
import numpy as np
import numpy.typing as npt

from inference.ops.laplacian import solve_unknown
from inference.ops.matte import dilated, eroded, narrow_trimap
from inference.ops.scaling import resized_plane, resized_rgb
from inference.types import F32, U8, Mask

_BAND = 1.1
_COARSE_ROUNDS, _FINE_ROUNDS = 200, 25
_TOLERANCE = 1e-5
_SOFT = 0.05
_HAZE = 0.04
_REACH = 5.0
_FAINT = 0.08
_LOYALTY_LIMITS = (0.01, 4.0)
_HINT_BLUR = 0.5
_LOYALTY_TO_GUESSES = 0.1
_OPEN = 0.08


def alpha_along_outline(
    photo: U8,
    mask: Mask,
    *,
    coarse_px: float,
    coverage: F32 | None = None,
    on_level: Callable[[float], None] = lambda done: None,
) -> F32:
    """Alpha at the photo's size, float32 0..1, from a mask of the same size whose outline is ``coarse_px`` blunt.

    Args:
        coverage: float32 0..1, of that size: a first guess of alpha; what it leaves open is decided by colour.
        on_level: told after each size what share of the way is gone, by pixels; what it raises ends the matting.
    """
    halvings = max(0, round(np.log2(max(1.0, coarse_px) / 2)))
    guess = mask.astype(np.float32) if coverage is None else coverage
    alpha: F32 | None = None
    for level in range(halvings, -1, -1):
        size = max(1, photo.shape[1] >> level), max(1, photo.shape[0] >> level)
        small, covered = resized_rgb(photo, size), resized_plane(guess, size)
        if alpha is None:
            alpha = _first_alpha(small, covered, coarse_px / 2**level, is_soft=coverage is not None)
        else:
            alpha = sharpened(small, np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), np.float32))
        alpha = settled(alpha, covered > 0.5)
        on_level(_share_done(level, halvings))
    assert alpha is not None
    return alpha


def _share_done(level: int, halvings: int) -> float:
    """Of the pixels of all sizes, those of this level and the smaller ones: each level has four times as many."""
    return sum(0.25**done for done in range(level, halvings + 1)) / sum(0.25**done for done in range(halvings + 1))


def sharpened(photo: U8, alpha: F32, *, within: Mask | None = None) -> F32:
    """``alpha``, enlarged from a smaller size, solved again where it is soft. Outside ``within`` it is the truth."""
    unknown = dilated((alpha > _SOFT) & (alpha < 1 - _SOFT), 1)
    certain = ~unknown
    if within is not None:
        unknown &= within
        certain &= within
    start = np.where(certain, np.rint(alpha), alpha).astype(np.float32)
    return solve_unknown(photo, start, unknown, rounds=_FINE_ROUNDS, tolerance=_TOLERANCE)


def _first_alpha(photo: U8, covered: F32, coarse_px: float, *, is_soft: bool) -> F32:
    mask = covered > 0.5
    hint = covered if is_soft else cv2.GaussianBlur(covered, (0, 0), _HINT_BLUR)
    contrast = contrast_across(photo, mask, radius_px=max(2, round(_REACH * coarse_px)))
    least = _LOYALTY_TO_GUESSES if is_soft else _LOYALTY_LIMITS[0]
    loyalty = np.clip((_FAINT / np.maximum(contrast, 1e-3)) ** 3, least, _LOYALTY_LIMITS[1]).astype(np.float32)
    band_px = max(2, round(_BAND * coarse_px) + 1)
    trimap = narrow_trimap(mask, inner_px=band_px, outer_px=band_px)
    if is_soft:
        trimap[(covered > _OPEN) & (covered < 1 - _OPEN)] = 0.5
    unknown = (trimap > 0) & (trimap < 1)

    def solved(where: Mask) -> F32:
        start = np.where(where, hint, trimap).astype(np.float32)
        return solve_unknown(photo, start, where, rounds=_COARSE_ROUNDS, tolerance=_TOLERANCE, loyalty=loyalty)

    alpha = solved(unknown)
    wider = _widened(trimap, alpha, band_px, contrast > 2 * _FAINT)
    return alpha if wider is None else solved(wider)


def contrast_across(photo: U8, mask: Mask, *, radius_px: int) -> F32:
    """How far apart the mean sRGB colours of product and background lie around each pixel, 0..sqrt(3), float32."""
    inside, window = mask.astype(np.float32), (2 * radius_px + 1, 2 * radius_px + 1)
    sides = [(share, np.maximum(cv2.blur(share, window), 1e-3)) for share in (inside, 1 - inside)]
    squares = np.zeros(mask.shape, np.float32)
    for plane in cv2.split(photo):  # numpy is many times faster on whole planes
        colour = plane.astype(np.float32) / np.float32(255)
        ours, theirs = (cv2.blur(colour * share, window) / total for share, total in sides)
        squares += np.square(ours - theirs)
    return np.sqrt(squares)


def _widened(trimap: F32, alpha: F32, band_px: int, clear: Mask) -> Mask | None:
    """What is unknown, and more where alpha is soft at the band's own border (fur, fringe) and colours are ``clear``.

    None if that is nowhere.
    """
    unknown = (trimap > 0) & (trimap < 1)
    restless_out = unknown & dilated(trimap == 0, 1) & (alpha > 0.15)
    restless_in = unknown & dilated(trimap == 1, 1) & (alpha < 0.85)
    restless = (restless_out | restless_in) & clear
    if np.count_nonzero(restless) < 0.01 * np.count_nonzero(unknown):
        return None
    return unknown | (dilated(restless, 2 * band_px) & ~eroded(trimap == 1, band_px))


def without_haze(alpha: F32) -> F32:
    """Nearly clear is clear, nearly full is full."""
    return np.asarray(np.clip((alpha - _HAZE) / (1 - 2 * _HAZE), 0, 1), np.float32)


def settled(alpha: F32, mask: Mask) -> F32:
    """Alpha without haze: nearly clear is clear, nearly full is full, and crumbs that hold no core are gone."""
    stretched = without_haze(alpha)
    count, labels = cv2.connectedComponents((stretched > 0.1).view(np.uint8), connectivity=8)
    anchored = np.zeros(count, np.bool_)
    anchored[0] = True
    _mark(anchored, np.asarray(labels, np.int32), mask)
    return stretched if anchored.all() else np.where(anchored[labels], stretched, 0).astype(np.float32)


@numba.njit(cache=True, nogil=True)
def _mark(found: Mask, labels: npt.NDArray[np.int32], mask: Mask) -> None:
    """Let ``found`` be true for each label that occurs in ``mask``."""
    for y in range(labels.shape[0]):
        for x in range(labels.shape[1]):
            if mask[y, x]:
                found[labels[y, x]] = True

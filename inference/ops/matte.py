"""From a hard mask to an honest edge: trimap, closed-form alpha, foreground colours.

All functions are pure. Masks are ``bool (H, W)``, alphas ``float32 (H, W)`` in 0..1 until the very last step.

Sources: Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", CVPR 2006 (alpha); Forte,
"Approximate Fast Foreground Colour Estimation", ICIP 2021 (colours); He, Sun, Tang, "Guided Image Filtering", ECCV 2010
(upsampling). The Laplacian and its solver are PyMatting's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from inference.types import F32, F64, U8, Mask

_UNKNOWN = 0.5
_MATTING_EPSILON = 1e-6
_RIDGE = 1e-7
_TILE_PX = 64
_FUSION_RADII_PX = (45, 12, 4)
_TINY = np.float32(1e-4)


def disk(radius_px: int) -> U8:
    """A round structuring element, uint8 (2r+1, 2r+1)."""
    size = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def dilated(mask: Mask, radius_px: int) -> Mask:
    """``mask`` grown by ``radius_px``."""
    return cv2.dilate(mask.view(np.uint8), disk(radius_px)) > 0


def eroded(mask: Mask, radius_px: int) -> Mask:
    """``mask`` shrunk by ``radius_px``; the picture's border does not count as background."""
    return ~dilated(~mask, radius_px)


def narrow_trimap(mask: Mask, *, inner_px: int, outer_px: int) -> F32:
    """1 inside, 0 outside, 0.5 in the band that closed-form matting must decide.

    Parts that are thinner than the band would lose their certain core; their middle line is kept as certain, because a
    wire that was found must not be voted away by its surroundings.
    """
    core = eroded(mask, inner_px)
    if inner_px > 0:
        distance = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 3)
        ridge = (distance >= cv2.dilate(distance, disk(1))) & (distance > 1.4)
        core |= ridge & mask & ~dilated(core, inner_px + 1)
    trimap = np.where(core, 1.0, 0.0).astype(np.float32)
    trimap[dilated(mask, outer_px) & ~core] = _UNKNOWN
    return trimap


def closed_form_alpha(rgb: U8, trimap: F32, *, tolerance: float = 1e-4) -> F32:
    """Alpha by closed-form matting, float32 0..1; certain pixels of ``trimap`` come back exactly as they are.

    Works on sRGB values, as the colour-line model was published. Deterministic.
    """
    unknown = (trimap > 0) & (trimap < 1)
    if not unknown.any() or unknown.all():
        return trimap.copy()
    from pymatting.preconditioner.ichol import ichol
    from pymatting.solver.cg import cg

    system, right = _matting_system(rgb, trimap, unknown)
    result = trimap.copy()
    if not right.any():
        result[unknown] = 0
        return result
    solved = cg(system, right, M=ichol(system), rtol=tolerance, atol=1e-12, maxiter=400)
    result[unknown] = np.clip(solved, 0, 1)
    return result


def _matting_system(rgb: U8, trimap: F32, unknown: Mask) -> tuple[Any, F64]:
    """The matting Laplacian's equations for the unknown pixels, assembled from the tiles that hold any.

    The Laplacian is a sum over 3x3 windows, so tiles that overlap by one pixel add up to it exactly; building it over
    the whole picture costs ten times the time and a gigabyte where the unknown band is narrow.
    """
    from pymatting.laplacian.cf_laplacian import cf_laplacian
    from scipy.sparse import coo_matrix, identity

    number = np.full(unknown.shape, -1, np.int64)
    total = int(np.count_nonzero(unknown))
    number[unknown] = np.arange(total)
    right = np.zeros(total)
    entries: list[tuple[Any, Any, Any]] = []
    for window in _tiles_with(unknown):
        ids, values = number[window].ravel(), trimap[window].ravel()
        laplacian = cf_laplacian(rgb[window] / 255.0, epsilon=_MATTING_EPSILON, is_known=ids < 0)
        rows = np.flatnonzero(ids >= 0)
        part = laplacian[rows].tocoo()
        row, column, value = ids[rows[part.row]], part.col, part.data
        free = (ids[column] >= 0) & (value != 0)
        fixed = (ids[column] < 0) & (values[column] > 0)
        np.subtract.at(right, row[fixed], value[fixed] * values[column[fixed]])
        entries.append((row[free], ids[column[free]], value[free]))
    rows, columns, data = (np.concatenate(part) for part in zip(*entries, strict=True))
    # The ridge holds unknown islands that no certain pixel reaches; it weighs nothing elsewhere.
    ridge = identity(total, format="csr") * _RIDGE
    return coo_matrix((data, (rows, columns)), shape=(total, total)).tocsr() + ridge, right


def _tiles_with(unknown: Mask) -> Iterator[tuple[slice, slice]]:
    """Windows (tile and one pixel around) in which a 3x3 neighbourhood touches an unknown pixel."""
    height, width = unknown.shape
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            bottom, right = min(height, top + _TILE_PX), min(width, left + _TILE_PX)
            window = np.s_[max(0, top - 1) : min(height, bottom + 1), max(0, left - 1) : min(width, right + 1)]
            if unknown[window].any():
                yield window


def foreground_colours(rgb: U8, alpha: F32) -> U8:
    """The product's own colour in every pixel (background removed from the soft edge), uint8 sRGB.

    Equals ``rgb`` exactly wherever ``alpha`` is 1. Blur fusion (Forte, "Approximate Fast Foreground Colour Estimation",
    ICIP 2021) from wide to narrow. PyMatting's multi-level solver is as good, but its parallel kernels start an OpenMP
    pool that kills every later fork of the process.
    """
    picture = rgb.astype(np.float32) / np.float32(255)
    share = np.asarray(alpha, np.float32)[..., None]
    ours, theirs = picture, picture
    for radius_px in _FUSION_RADII_PX:
        ours, theirs = _fused(picture, share, ours, theirs, radius_px)
    result: U8 = np.clip(np.rint(ours * 255), 0, 255).astype(np.uint8)
    result[alpha >= 1] = rgb[alpha >= 1]
    return result


def _fused(picture: F32, share: F32, ours: F32, theirs: F32, radius_px: int) -> tuple[F32, F32]:
    """One step: average each side's colour around every pixel, then correct ours so that the blend is the photo."""
    window = (2 * radius_px + 1, 2 * radius_px + 1)
    covered = cv2.blur(share, window)[..., None]
    front = cv2.blur(ours * share, window) / np.maximum(covered, _TINY)
    back = cv2.blur(theirs * (1 - share), window) / np.maximum(1 - covered, _TINY)
    front = np.where(covered > _TINY, front, ours)
    corrected = front + share * (picture - share * front - (1 - share) * back)
    return np.clip(corrected, 0, 1).astype(np.float32), np.asarray(back, np.float32)


def bounding_slice(mask: Mask, *, margin_px: int = 0) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) of the true pixels, grown by ``margin_px`` and clipped; half-open."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return (
        max(0, int(rows[0]) - margin_px),
        min(height, int(rows[-1]) + 1 + margin_px),
        max(0, int(columns[0]) - margin_px),
        min(width, int(columns[-1]) + 1 + margin_px),
    )


def guided_upsample(alpha: F32, small_rgb: U8, rgb: U8, *, radius_px: int = 2, epsilon: float = 1e-4) -> F32:
    """``alpha`` (at ``small_rgb``'s size) brought to ``rgb``'s size so that its edges follow the large picture.

    Fast guided filter: the local linear coefficients are fitted at the small size on luminance and interpolated.
    """
    guide = cv2.cvtColor(small_rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    window = (2 * radius_px + 1, 2 * radius_px + 1)
    mean_guide, mean_alpha = cv2.blur(guide, window), cv2.blur(alpha, window)
    covariance = cv2.blur(guide * alpha, window) - mean_guide * mean_alpha
    variance = cv2.blur(guide * guide, window) - mean_guide * mean_guide
    slope = covariance / (variance + np.float32(epsilon))
    offset = mean_alpha - slope * mean_guide
    size = (rgb.shape[1], rgb.shape[0])
    large = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    fitted = cv2.resize(cv2.blur(slope, window), size, interpolation=cv2.INTER_LINEAR) * large
    fitted += cv2.resize(cv2.blur(offset, window), size, interpolation=cv2.INTER_LINEAR)
    plain = cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR)
    certain = (plain <= 0.002) | (plain >= 0.998)
    return np.where(certain, np.rint(plain), np.clip(fitted, 0, 1)).astype(np.float32)

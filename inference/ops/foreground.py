"""The product's own colours in its soft edge.

Source: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021 (blur fusion). Its wide first averages hold no
detail and are taken on a small copy; the narrow last one runs at full size, but only in tiles that hold a soft pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numba
import numpy as np

from inference.ops.side_by_side import both
from inference.types import F32, U8, Mask

_SHRINK = 2
_WIDE_RADII_PX = (22, 6)
_NARROW_RADIUS_PX = 4
_TILE_PX = 96
_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-4)
_BYTE = np.float32(1 / 255)

Window = tuple[slice, slice]


def foreground_colours(rgb: U8, alpha: U8) -> U8:
    """The product's own colour in every soft pixel (the background removed), uint8 sRGB; the photo elsewhere."""
    result = rgb.copy()
    soft = (alpha > 0) & (alpha < 255)
    if not soft.any():
        return result
    ours, theirs = _wide_averages(rgb, alpha)

    def recolour(tiles: list[tuple[Window, Window]]) -> None:
        for window, middle in tiles:
            picture, share = (layer[window].astype(np.float32) * _BYTE for layer in (rgb, alpha))
            near = [_enlarged_part(small, rgb.shape, window) for small in (ours, theirs)]
            colours, _ = _fused(picture, share, near[0], near[1], _NARROW_RADIUS_PX)
            chosen = soft[window][middle]
            result[window][middle][chosen] = np.rint(colours[middle][chosen] * 255).astype(np.uint8)

    tiles = list(_tiles_with(soft))
    both(lambda: recolour(tiles[::2]), lambda: recolour(tiles[1::2]))
    return result


def _tiles_with(soft: Mask) -> Iterator[tuple[Window, Window]]:
    """Windows around the tiles that hold a soft pixel, wide enough for the narrow average, and the tile in each."""
    height, width = soft.shape
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            bottom, right = min(height, top + _TILE_PX), min(width, left + _TILE_PX)
            if soft[top:bottom, left:right].any():
                up, back = max(0, top - _NARROW_RADIUS_PX), max(0, left - _NARROW_RADIUS_PX)
                window = np.s_[up : bottom + _NARROW_RADIUS_PX, back : right + _NARROW_RADIUS_PX]
                yield window, np.s_[top - up : bottom - up, left - back : right - back]


def _wide_averages(rgb: U8, alpha: U8) -> tuple[F32, F32]:
    size = max(1, rgb.shape[1] // _SHRINK), max(1, rgb.shape[0] // _SHRINK)
    picture, share = (cv2.resize(layer, size, interpolation=cv2.INTER_AREA) * _BYTE for layer in (rgb, alpha))
    ours, theirs = picture, picture
    for radius_px in _WIDE_RADII_PX:
        ours, theirs = _fused(picture, share, ours, theirs, radius_px)
    return ours, theirs


def _enlarged_part(small: F32, shape: tuple[int, ...], window: Window) -> F32:
    """What ``window`` would hold if ``small`` were enlarged to ``shape``."""
    rows, columns = (range(*part.indices(side)) for part, side in zip(window, shape[:2], strict=True))
    down, across = small.shape[0] / shape[0], small.shape[1] / shape[1]
    back = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5],
            [0, down, (rows.start + 0.5) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(small, back, (len(columns), len(rows)), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.float32)


def _fused(picture: F32, share: F32, ours: F32, theirs: F32, radius_px: int) -> tuple[F32, F32]:
    """One step: average each side's colour around every pixel, then correct ours so that the blend is the photo.

    Args:
        picture, ours, theirs: float32 (H, W, 3), 0..1.
        share: alpha, float32 (H, W).
    """
    front, back, covered = (_averaged(plane, radius_px) for plane in (*_weighted(ours, theirs, share), share))
    _correct(picture, share, ours, covered, front, back)
    return front, back


def _averaged(plane: F32, radius_px: int) -> F32:
    return np.asarray(cv2.blur(plane, (2 * radius_px + 1, 2 * radius_px + 1)), np.float32)


@numba.njit(cache=True, nogil=True)
def _weighted(ours: F32, theirs: F32, share: F32) -> tuple[F32, F32]:
    """Each side's colours times its share of the pixel."""
    front, back = np.empty_like(ours), np.empty_like(theirs)
    for y in range(share.shape[0]):
        for x in range(share.shape[1]):
            for c in range(3):
                front[y, x, c] = ours[y, x, c] * share[y, x]
                back[y, x, c] = theirs[y, x, c] * (_ONE - share[y, x])
    return front, back


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _correct(picture: F32, share: F32, ours: F32, covered: F32, front: F32, back: F32) -> None:
    """Turn averages of weighted colours into averages, and those in front into colours; in place."""
    for y in range(share.shape[0]):
        for x in range(share.shape[1]):
            near, own, rest = covered[y, x], share[y, x], _ONE - share[y, x]
            for c in range(3):
                behind = back[y, x, c] / max(_ONE - near, _TINY)
                colour = front[y, x, c] / near if near > _TINY else ours[y, x, c]
                colour += own * (picture[y, x, c] - own * colour - rest * behind)
                front[y, x, c], back[y, x, c] = min(_ONE, max(_ZERO, colour)), behind

"""The product's own colours in its soft edge.

Source: Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021 (blur fusion). Its wide first averages hold no
detail and are taken on a small copy; the narrow last one runs at full size, but only in tiles that hold a soft pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from inference.types import F32, U8, Mask

_SHRINK = 2
_WIDE_RADII_PX = (22, 6)
_NARROW_RADIUS_PX = 4
_TILE_PX = 96
_TINY = np.float32(1e-4)
_BYTE = np.float32(1 / 255)

Window = tuple[slice, slice]


def foreground_colours(rgb: U8, alpha: U8) -> U8:
    """The product's own colour in every soft pixel (the background removed), uint8 sRGB; the photo elsewhere."""
    result = rgb.copy()
    soft = (alpha > 0) & (alpha < 255)
    if not soft.any():
        return result
    ours, theirs = _wide_averages(rgb, alpha)
    for window, middle in _tiles_with(soft):
        picture, share = (layer[window].astype(np.float32) * _BYTE for layer in (rgb, alpha[..., None]))
        near = [_enlarged_part(small, rgb.shape, window) for small in (ours, theirs)]
        colours, _ = _fused(picture, share, near[0], near[1], _NARROW_RADIUS_PX)
        chosen = soft[window][middle]
        result[window][middle][chosen] = np.rint(colours[middle][chosen] * 255).astype(np.uint8)
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
    share = share[..., None]
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
    """One step: average each side's colour around every pixel, then correct ours so that the blend is the photo."""
    window = (2 * radius_px + 1, 2 * radius_px + 1)
    covered = cv2.blur(share, window)[..., None]
    front = cv2.blur(ours * share, window) / np.maximum(covered, _TINY)
    back = cv2.blur(theirs * (1 - share), window) / np.maximum(1 - covered, _TINY)
    front = np.where(covered > _TINY, front, ours)
    corrected = front + share * (picture - share * front - (1 - share) * back)
    return np.clip(corrected, 0, 1).astype(np.float32), np.asarray(back, np.float32)

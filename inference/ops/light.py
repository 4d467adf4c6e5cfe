"""Light plates mixed into one picture, each under its own shadow.

Plates are 16 bit, companded: linear = scale * (code / 65535) ** 2. Shadow maps are smaller than the canvas; see
``ops.upsampling`` for how they are brought up. Sums run row by row, so that a processor can work on several pixels at
once; each pixel's own sum keeps its order.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np

from inference.ops.surface import Raster
from inference.ops.upsampling import bring_up, cast_on, keep_rows, owners_of
from inference.types import F32

INDIRECT = 0.2
"""Part of a lamp's plate that arrives by way of walls and table: it is dimmed by occlusion, not by the shadow."""


@numba.njit(cache=True, nogil=True)
def _add_light(codes: Any, gain: Any, lamp: Any, sky: Any, is_lamp: bool, sums: Any) -> None:
    """Add one light's row (uint16 (W, 3)) to red, green, blue, the whole luminance and what is left of it."""
    for x in range(codes.shape[0]):
        seen = sky[x]
        if is_lamp:
            seen = (1.0 - INDIRECT) * lamp[x] + INDIRECT * sky[x]
        red = gain[0] * codes[x, 0] * codes[x, 0]
        green = gain[1] * codes[x, 1] * codes[x, 1]
        blue = gain[2] * codes[x, 2] * codes[x, 2]
        bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        sums[0, x] += red * seen
        sums[1, x] += green * seen
        sums[2, x] += blue * seen
        sums[3, x] += bright
        sums[4, x] += bright * seen


@numba.njit(cache=True, nogil=True)
def _mix(
    plates: Any,
    gains: Any,
    plane: Any,
    maps: Any,
    near: Any,
    owners: Any,
    small: Any,
    small_ids: Any,
    elsewhere: Any,
    out: Any,
    shade: Any,
) -> None:
    lights, height, width = plates.shape[:3]
    sky = maps.shape[1] - 1
    arrives, sums = np.empty((sky + 1, width)), np.empty((5, width))
    kept = keep_rows(near, small, sky + 1)
    for y in range(height):
        bring_up(maps, near, owners, small, small_ids, elsewhere, y, kept, arrives)
        sums[:] = 0.0
        for i in range(lights):
            _add_light(plates[i, y], gains[i], arrives[max(plane[i], 0)], arrives[sky], plane[i] >= 0, sums)
        for x in range(width):
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = sums[0, x], sums[1, x], sums[2, x]
            shade[y, x] = sums[4, x] / sums[3, x] if sums[3, x] > 1e-9 else 1.0


def mix(plates: Any, gains: F32, plane: Any, maps: F32, canvas: Raster, small: Raster) -> tuple[F32, F32]:
    """Add up the lights.

    Args:
        plates: uint16 (L, H, W, 3), companded.
        gains: float32 (L, 3): linear value of code 65535, times the light's weight and colour.
        plane: int64 (L,): the plane of ``maps`` that shades the light; -1 = light from all around.
        maps: float32 (h, w, planes): visibility, the last plane is ambient occlusion.
        canvas, small: what is seen at the size of the plates and of the maps.

    Returns:
        linear float32 (H, W, 3), and float32 (H, W): which part of the luminance is left beside the product.
    """
    out = np.empty(plates.shape[1:], np.float32)
    shade = np.empty(plates.shape[1:3], np.float32)
    scaled = gains.astype(np.float64) / 65535.0**2
    kinds = small.surfaces.ids
    cast, owners = cast_on(maps, small.surfaces), owners_of(canvas)
    near, here = canvas.nearness, small.nearness
    _mix(plates, scaled, plane, cast.values, near, owners, here, kinds, cast.elsewhere, out, shade)
    return out, shade


@numba.njit(cache=True, nogil=True)
def _add(
    linear: Any,
    extra: Any,
    active: Any,
    near: Any,
    owners: Any,
    small: Any,
    small_ids: Any,
    elsewhere: Any,
    least: Any,
) -> None:
    height, width = near.shape
    more = np.empty((extra.shape[1], width))
    kept = keep_rows(near, small, extra.shape[1])
    for y in range(height):
        touched = active[y * active.shape[0] // height]
        if not touched.any():
            continue
        bring_up(extra, near, owners, small, small_ids, elsewhere, y, kept, more)
        for x in range(width):
            if touched[x * active.shape[1] // width]:
                for channel in range(3):
                    before = linear[y, x, channel]
                    linear[y, x, channel] = max(0.0, before + more[channel, x])
                    linear[y, x, channel] = max(linear[y, x, channel], before * least)


def add_map(linear: F32, extra: F32, canvas: Raster, small: Raster, *, least: float = 0.0) -> F32:
    """``linear`` plus a smaller map of light (float32 (h, w, 3), may be negative), brought up along edges of depth.

    At least the share ``least`` of what was there is left.
    """
    out = linear.copy()
    active = cv2.dilate((np.abs(extra).max(axis=2) > 1e-5).astype(np.uint8), np.ones((3, 3), np.uint8))
    cast, owners, kinds = cast_on(extra, small.surfaces), owners_of(canvas), small.surfaces.ids
    here, floor = small.nearness, np.float32(least)
    _add(out, cast.values, active, canvas.nearness, owners, here, kinds, cast.elsewhere, floor)
    return out

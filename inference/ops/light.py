"""Light plates mixed into one picture, each under its own shadow.

Plates are 16 bit, companded: linear = scale * (code / 65535) ** 2. Shadow maps are smaller than the canvas and are
brought up with weights that respect edges of material and of depth; because 1 / depth is linear across any plane,
interpolating it tells a plane from an edge without a threshold on slant.
"""

from __future__ import annotations

from typing import Any

import cv2
import numba
import numpy as np

from inference.ops.surface import Raster
from inference.types import F32, U8

INDIRECT = 0.2
"""Part of a lamp's plate that arrives by way of walls and table: it is dimmed by occlusion, not by the shadow."""

SAME_SURFACE, SMALL_STEP = 0.004, 0.1
"""Relative steps of 1 / depth."""


@numba.njit(cache=True, nogil=True)
def _alike(near: float, kind: int, own: float, own_kind: int) -> float:
    """Weight of a neighbour that may lie on another surface."""
    step = (near - own) / (SAME_SURFACE * own + 1e-9)
    return (1.0 if kind == own_kind else 0.002) / (1.0 + step * step)


@numba.njit(cache=True, nogil=True)
def upsampling_weights(
    nearness: Any, owners: Any, small: Any, small_ids: Any, y: int, x: int, weights: Any
) -> tuple[int, int, int, int]:
    """Fill ``weights`` (4) for the small raster's pixels around a canvas pixel, row by row; returns their indices."""
    v = (y + 0.5) * small.shape[0] / nearness.shape[0] - 0.5
    u = (x + 0.5) * small.shape[1] / nearness.shape[1] - 0.5
    y0 = min(max(int(np.floor(v)), 0), small.shape[0] - 1)
    x0 = min(max(int(np.floor(u)), 0), small.shape[1] - 1)
    y1, x1 = min(y0 + 1, small.shape[0] - 1), min(x0 + 1, small.shape[1] - 1)
    fy, fx = min(max(v - y0, 0.0), 1.0), min(max(u - x0, 0.0), 1.0)
    weights[0], weights[1] = (1 - fy) * (1 - fx), (1 - fy) * fx
    weights[2], weights[3] = fy * (1 - fx), fy * fx
    own, kind = nearness[y, x], owners[0, y, x]
    a, b, c, d = small[y0, x0], small[y0, x1], small[y1, x0], small[y1, x1]
    guess = weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d
    same = small_ids[y0, x0] == kind and small_ids[y0, x1] == kind
    same = same and small_ids[y1, x0] == kind and small_ids[y1, x1] == kind
    # A small step within one material is left to plain interpolation: as an antialiased edge, not as a stair.
    if not same or abs(guess - own) > SMALL_STEP * own:
        weights[0] = (weights[0] + 1e-3) * _alike(a, small_ids[y0, x0], own, kind)
        weights[1] = (weights[1] + 1e-3) * _alike(b, small_ids[y0, x1], own, kind)
        weights[2] = (weights[2] + 1e-3) * _alike(c, small_ids[y1, x0], own, kind)
        weights[3] = (weights[3] + 1e-3) * _alike(d, small_ids[y1, x1], own, kind)
        total = weights[0] + weights[1] + weights[2] + weights[3]
        for i in range(4):
            weights[i] /= total
    if owners[2, y, x] < 250:
        _share(small_ids, (y0, x0, y1, x1), (fy, fx), owners[1, y, x], owners[2, y, x] / 255.0, weights)
    return y0, x0, y1, x1


@numba.njit(cache=True, nogil=True)
def _share(small_ids: Any, at: Any, fraction: Any, other: int, share: float, weights: Any) -> None:
    """Mix in the runner-up's weights: an antialiased pixel is lit partly as the one surface, partly as the other."""
    fy, fx = fraction
    a = ((1 - fy) * (1 - fx) + 1e-3) * (1.0 if small_ids[at[0], at[1]] == other else 0.002)
    b = ((1 - fy) * fx + 1e-3) * (1.0 if small_ids[at[0], at[3]] == other else 0.002)
    c = (fy * (1 - fx) + 1e-3) * (1.0 if small_ids[at[2], at[1]] == other else 0.002)
    d = (fy * fx + 1e-3) * (1.0 if small_ids[at[2], at[3]] == other else 0.002)
    rest = (1.0 - share) / (a + b + c + d)
    weights[0], weights[1] = share * weights[0] + rest * a, share * weights[1] + rest * b
    weights[2], weights[3] = share * weights[2] + rest * c, share * weights[3] + rest * d


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
    out: Any,
    shade: Any,
) -> None:
    lights, height, width = plates.shape[:3]
    sky = maps.shape[2] - 1
    weights = np.zeros(4)
    for y in range(height):
        for x in range(width):
            y0, x0, y1, x1 = upsampling_weights(near, owners, small, small_ids, y, x, weights)
            w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
            open_sky = w0 * maps[y0, x0, sky] + w1 * maps[y0, x1, sky] + w2 * maps[y1, x0, sky] + w3 * maps[y1, x1, sky]
            red, green, blue, full, left = 0.0, 0.0, 0.0, 0.0, 0.0
            for i in range(lights):
                seen = open_sky
                k = plane[i]
                if k >= 0:
                    seen = w0 * maps[y0, x0, k] + w1 * maps[y0, x1, k] + w2 * maps[y1, x0, k] + w3 * maps[y1, x1, k]
                    seen = (1.0 - INDIRECT) * seen + INDIRECT * open_sky
                r = gains[i, 0] * plates[i, y, x, 0] * plates[i, y, x, 0]
                g = gains[i, 1] * plates[i, y, x, 1] * plates[i, y, x, 1]
                b = gains[i, 2] * plates[i, y, x, 2] * plates[i, y, x, 2]
                bright = 0.2126 * r + 0.7152 * g + 0.0722 * b
                full += bright
                left += bright * seen
                red += r * seen
                green += g * seen
                blue += b * seen
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = red, green, blue
            shade[y, x] = left / full if full > 1e-9 else 1.0


def _owners(raster: Raster) -> U8:
    return np.stack([raster.surfaces.ids, raster.surfaces.others, raster.surfaces.share])


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
    _mix(plates, scaled, plane, maps, canvas.nearness, _owners(canvas), small.nearness, kinds, out, shade)
    return out, shade


@numba.njit(cache=True, nogil=True)
def _add(linear: Any, extra: Any, active: Any, near: Any, owners: Any, small: Any, small_ids: Any) -> None:
    weights = np.zeros(4)
    for y in range(linear.shape[0]):
        row = y * extra.shape[0] // linear.shape[0]
        for x in range(linear.shape[1]):
            if active[row, x * extra.shape[1] // linear.shape[1]] == 0:
                continue
            y0, x0, y1, x1 = upsampling_weights(near, owners, small, small_ids, y, x, weights)
            for channel in range(3):
                more = weights[0] * extra[y0, x0, channel] + weights[1] * extra[y0, x1, channel]
                more += weights[2] * extra[y1, x0, channel] + weights[3] * extra[y1, x1, channel]
                linear[y, x, channel] = max(0.0, linear[y, x, channel] + more)


def add_map(linear: F32, extra: F32, canvas: Raster, small: Raster) -> F32:
    """``linear`` plus a smaller map of light (float32 (h, w, 3), may be negative), brought up along edges of depth."""
    out = linear.copy()
    active = cv2.dilate((np.abs(extra).max(axis=2) > 1e-5).astype(np.uint8), np.ones((3, 3), np.uint8))
    _add(out, extra, active, canvas.nearness, _owners(canvas), small.nearness, small.surfaces.ids)
    return out

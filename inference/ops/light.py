"""Light plates mixed into one picture, each under its own shadow.

Plates are 16 bit, companded: linear = scale * (code / 65535) ** 2. Shadow maps are smaller than the canvas and are
brought up with weights that respect edges of depth; because 1 / depth is linear across any plane, interpolating it
tells a plane from an edge without a threshold on slant.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from inference.types import F32

INDIRECT = 0.2
"""Part of a lamp's plate that arrives by way of walls and table: it is dimmed by occlusion, not by the shadow."""

SAME_SURFACE = 0.004


@numba.njit(cache=True, nogil=True)
def upsampling_weights(nearness: Any, small: Any, y: int, x: int, weights: Any) -> tuple[int, int, int, int]:
    """Fill ``weights`` (4) for the neighbours (top left, top right, bottom left, bottom right) of a canvas pixel.

    ``nearness`` and ``small`` are 1 / depth (0 = background) of the canvas and of the small raster.
    """
    v = (y + 0.5) * small.shape[0] / nearness.shape[0] - 0.5
    u = (x + 0.5) * small.shape[1] / nearness.shape[1] - 0.5
    y0 = min(max(int(np.floor(v)), 0), small.shape[0] - 1)
    x0 = min(max(int(np.floor(u)), 0), small.shape[1] - 1)
    y1, x1 = min(y0 + 1, small.shape[0] - 1), min(x0 + 1, small.shape[1] - 1)
    fy, fx = min(max(v - y0, 0.0), 1.0), min(max(u - x0, 0.0), 1.0)
    weights[0], weights[1] = (1 - fy) * (1 - fx), (1 - fy) * fx
    weights[2], weights[3] = fy * (1 - fx), fy * fx
    own = nearness[y, x]
    a, b, c, d = small[y0, x0], small[y0, x1], small[y1, x0], small[y1, x1]
    guess = weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d
    if abs(guess - own) > SAME_SURFACE * own:
        spread = SAME_SURFACE * own + 1e-9
        weights[0] = (weights[0] + 1e-3) / (1.0 + ((a - own) / spread) ** 2)
        weights[1] = (weights[1] + 1e-3) / (1.0 + ((b - own) / spread) ** 2)
        weights[2] = (weights[2] + 1e-3) / (1.0 + ((c - own) / spread) ** 2)
        weights[3] = (weights[3] + 1e-3) / (1.0 + ((d - own) / spread) ** 2)
        total = weights[0] + weights[1] + weights[2] + weights[3]
        for i in range(4):
            weights[i] /= total
    return y0, x0, y1, x1


@numba.njit(cache=True, nogil=True)
def _mix(plates: Any, gains: Any, plane: Any, maps: Any, nearness: Any, small: Any, out: Any, shade: Any) -> None:
    lights, height, width = plates.shape[:3]
    sky = maps.shape[2] - 1
    weights = np.zeros(4)
    for y in range(height):
        for x in range(width):
            y0, x0, y1, x1 = upsampling_weights(nearness, small, y, x, weights)
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


def mix(plates: Any, gains: F32, plane: Any, maps: F32, nearness: F32, small: F32) -> tuple[F32, F32]:
    """Add up the lights.

    Args:
        plates: uint16 (L, H, W, 3), companded.
        gains: float32 (L, 3): linear value of code 65535, times the light's weight and colour.
        plane: int64 (L,): the plane of ``maps`` that shades the light; -1 = light from all around.
        maps: float32 (h, w, planes): visibility, the last plane is ambient occlusion.
        nearness, small: float32 (H, W) and (h, w), 1 / depth, 0 = background.

    Returns:
        linear float32 (H, W, 3), and float32 (H, W): which part of the luminance is left beside the product.
    """
    out = np.empty(plates.shape[1:], np.float32)
    shade = np.empty(plates.shape[1:3], np.float32)
    _mix(plates, gains.astype(np.float64) / 65535.0**2, plane, maps, nearness, small, out, shade)
    return out, shade


@numba.njit(cache=True, nogil=True)
def _add(linear: Any, extra: Any, nearness: Any, small: Any, first_row: int) -> None:
    weights = np.zeros(4)
    for y in range(first_row, linear.shape[0]):
        for x in range(linear.shape[1]):
            y0, x0, y1, x1 = upsampling_weights(nearness, small, y, x, weights)
            for channel in range(3):
                more = weights[0] * extra[y0, x0, channel] + weights[1] * extra[y0, x1, channel]
                more += weights[2] * extra[y1, x0, channel] + weights[3] * extra[y1, x1, channel]
                linear[y, x, channel] = max(0.0, linear[y, x, channel] + more)


def add_map(linear: F32, extra: F32, nearness: F32, small: F32) -> F32:
    """``linear`` plus a smaller map of light (float32 (h, w, 3), may be negative), brought up along edges of depth."""
    out = linear.copy()
    rows = np.flatnonzero(np.abs(extra).max(axis=(1, 2)) > 1e-5)
    if rows.size:
        first_row = max(0, (int(rows[0]) - 1) * linear.shape[0] // extra.shape[0])
        _add(out, extra, nearness, small, first_row)
    return out

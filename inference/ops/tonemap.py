"""Scene-referred light to display: a shoulder that keeps hue, and keeps brand colours where they are.

Below the knee the curve is the identity, so a wall of albedo A under unit light is displayed as exactly A. Above, the
largest channel rolls off exponentially towards 1 and the other two are scaled by the same factor (hue and saturation
survive, unlike with per-channel film curves), with a slight bleach for light far above white. Used for the plate only;
the product is never tone-mapped.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from inference.ops.colour import srgb_encode_table
from inference.types import F32, U8

KNEE = 0.86
BLEACH = 0.35


@numba.njit(cache=True, nogil=True)
def _noise_rows(dither: F32, width: int) -> F32:
    """The dither tile laid out along rows of ``width`` pixels, (tile, 3 * width): each channel has its own shift."""
    tile = dither.shape[0]
    rows = np.empty((tile, 3 * width), np.float32)
    for y in range(tile):
        for channel in range(3):
            source, at = dither[(y + channel * 31) % tile], (channel * 17) % tile
            for x in range(width):
                rows[y, 3 * x + channel] = source[at]
                at = at + 1 if at + 1 < tile else 0
    return rows


@numba.njit(cache=True, nogil=True)
def _roll_off(light: Any, knee: float, bleach: float, shown: Any) -> None:
    """A pixel whose largest channel is above the knee."""
    peak = max(light[0], light[1], light[2])
    span = 1.0 - knee
    mapped = knee + span * (1.0 - np.exp(-(peak - knee) / span))
    gain = mapped / peak
    white = bleach * (1.0 - np.exp(-max(0.0, peak - 1.0))) * mapped
    share = white / max(gain * peak, 1e-6)
    for channel in range(3):
        value = light[channel] * gain
        shown[channel] = value + share * (gain * peak - value)


@numba.njit(cache=True, nogil=True)
def _encode(line: Any, noise: Any, table: Any, out: Any) -> None:
    """One row of linear values to sRGB, dithered."""
    for i in range(line.shape[0]):
        value = max(0.0, min(1.0, line[i]))
        position = np.sqrt(value) * 4095.0
        index = min(int(position), 4094)
        step = position - index
        code = table[index] * (1.0 - step) + table[index + 1] * step
        code += noise[i]
        out[i] = np.uint8(max(0.0, min(255.0, np.floor(code + 0.5))))


@numba.njit(cache=True, nogil=True)
def _quantise(linear: F32, dither: F32, table: F32, knee: float, bleach: float, out: U8) -> None:
    height, width = linear.shape[:2]
    noise, line = _noise_rows(dither, width), np.empty(3 * width)
    for y in range(height):
        row, is_bright = linear[y].reshape(3 * width), False
        for i in range(3 * width):
            line[i] = row[i]
            is_bright |= row[i] > knee
        for x in range(width if is_bright else 0):
            if max(linear[y, x, 0], linear[y, x, 1], linear[y, x, 2]) > knee:
                _roll_off(linear[y, x], knee, bleach, line[3 * x : 3 * x + 3])
        _encode(line, noise[y % dither.shape[0]], table, out[y].reshape(3 * width))


def display(linear: F32, dither: F32) -> U8:
    """Tone-map, encode to sRGB and quantise with dither.

    Args:
        linear: float32 (H, W, 3), 1.0 = diffuse white.
        dither: float32 square tile, in units of one 8-bit step (see ``ops.dither``); zeros = plain rounding.
    """
    out = np.empty(linear.shape, np.uint8)
    _quantise(np.ascontiguousarray(linear), dither, srgb_encode_table(), KNEE, BLEACH, out)
    return out

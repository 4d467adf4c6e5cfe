"""Scene-referred light to display: a shoulder that keeps hue, and keeps brand colours where they are.

Below the knee the curve is the identity, so a wall of albedo A under unit light is displayed as exactly A. Above, the
largest channel rolls off exponentially towards 1 and the other two are scaled by the same factor (hue and saturation
survive, unlike with per-channel film curves), with a slight bleach for light far above white. Used for the plate only;
the product is never tone-mapped.
"""

from __future__ import annotations

import numba
import numpy as np

from inference.ops.colour import srgb_encode_table
from inference.types import F32, U8

KNEE = 0.86
BLEACH = 0.35


@numba.njit(cache=True, nogil=True)
def _quantise(linear: F32, dither: F32, table: F32, knee: float, bleach: float, out: U8) -> None:
    height, width = linear.shape[:2]
    tile = dither.shape[0]
    span = 1.0 - knee
    for y in range(height):
        for x in range(width):
            peak = max(linear[y, x, 0], linear[y, x, 1], linear[y, x, 2])
            gain = 1.0
            white = 0.0
            if peak > knee:
                mapped = knee + span * (1.0 - np.exp(-(peak - knee) / span))
                gain = mapped / peak
                white = bleach * (1.0 - np.exp(-max(0.0, peak - 1.0))) * mapped
            share = white / max(gain * peak, 1e-6)
            for channel in range(3):
                value = linear[y, x, channel] * gain
                value = max(0.0, min(1.0, value + share * (gain * peak - value)))
                position = np.sqrt(value) * 4095.0
                index = min(int(position), 4094)
                step = position - index
                code = table[index] * (1.0 - step) + table[index + 1] * step
                code += dither[(y + channel * 31) % tile, (x + channel * 17) % tile]
                out[y, x, channel] = np.uint8(max(0.0, min(255.0, np.floor(code + 0.5))))


def display(linear: F32, dither: F32) -> U8:
    """Tone-map, encode to sRGB and quantise with dither.

    Args:
        linear: float32 (H, W, 3), 1.0 = diffuse white.
        dither: float32 square tile, in units of one 8-bit step (see ``ops.dither``); zeros = plain rounding.
    """
    out = np.empty(linear.shape, np.uint8)
    _quantise(linear, dither, srgb_encode_table(), KNEE, BLEACH, out)
    return out

"""A set's materials in other colours.

Light is linear in a surface's albedo, so a surface is recoloured by multiplying its light by new / base albedo, which
keeps shading and texture. At an antialiased border only the material's own share of the pixel may change: it is
estimated from the nearest pixels that are wholly that material, and only the difference is added. No fringe of the old
colour stays, and no neighbour is tinted.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from inference.ops.colour import LUMINANCE
from inference.types import F32, U8

CORE = 253
REACH_PX = 4
MAX_GAIN = 12.0
BRIGHT_SHARE = 0.6


def albedo_gain(new: F32, base: F32) -> F32:
    """Per-channel factor that turns the base albedo (linear, 3) into the new one, bounded for nearly black bases."""
    return np.minimum(new / np.maximum(base, 1e-3), MAX_GAIN).astype(np.float32)


def light_tint(linear: F32, coverage: U8, base: F32) -> F32:
    """Colour of the light on a material at unit luminance, float32 (3,): lamps' tints and what the set reflects.

    A brand colour is divided by it, as a photographer balances white on the backdrop: the wall then shows the asked
    colour and not the asked colour under warm lamps. The median over the material's brighter part (what neighbours
    reflect into its shades may stay coloured), within 0.7..1.4 of neutral.
    """
    lit = linear[::4, ::4][coverage[::4, ::4] >= CORE]
    if len(lit) < 50:
        return np.ones(3, np.float32)
    bright = lit @ np.array(LUMINANCE, np.float32)
    light = np.median(lit[bright >= np.quantile(bright, BRIGHT_SHARE)], axis=0) / np.maximum(base, 1e-3)
    tint = light / max(1e-6, float(light @ np.array(LUMINANCE, np.float32)))
    return np.clip(tint, 0.7, 1.4).astype(np.float32)


@numba.njit(cache=True, nogil=True)
def _own_light(linear: Any, coverage: Any, y: int, x: int, own: Any) -> bool:
    height, width = coverage.shape
    total = 0.0
    own[0] = own[1] = own[2] = 0.0
    for j in range(max(0, y - REACH_PX), min(height, y + REACH_PX + 1)):
        for i in range(max(0, x - REACH_PX), min(width, x + REACH_PX + 1)):
            if coverage[j, i] >= CORE:
                weight = 1.0 / (1.0 + (j - y) ** 2 + (i - x) ** 2)
                total += weight
                for channel in range(3):
                    own[channel] += weight * linear[j, i, channel]
    if total > 0.0:
        for channel in range(3):
            own[channel] /= total
    return total > 0.0


@numba.njit(cache=True, nogil=True)
def _add_change(linear: Any, coverage: Any, gain: Any, out: Any) -> None:
    height, width = coverage.shape
    own = np.zeros(3)
    for y in range(height):
        for x in range(width):
            covered = coverage[y, x]
            if covered == 0:
                continue
            if covered >= CORE or not _own_light(linear, coverage, y, x, own):
                for channel in range(3):
                    own[channel] = linear[y, x, channel]
            share = 1.0 if covered >= CORE else covered / 255.0
            for channel in range(3):
                changed = out[y, x, channel] + share * (gain[channel] - 1.0) * own[channel]
                out[y, x, channel] = max(0.0, changed)


def recolour(linear: F32, changes: list[tuple[U8, F32]]) -> F32:
    """Give materials new colours.

    Args:
        linear: float32 (H, W, 3), the lit set in its base colours.
        changes: for each material its antialiased coverage, uint8 (H, W), and its ``albedo_gain``.
    """
    out = linear.copy()
    for coverage, gain in changes:
        if not np.allclose(gain, 1.0, atol=1e-4):
            _add_change(linear, coverage, gain.astype(np.float64), out)
    return out

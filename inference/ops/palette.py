"""A set's materials in other colours.

Light is linear in a surface's albedo, so a surface is recoloured by multiplying its light by new / base albedo, which
keeps shading and texture. Where materials share a pixel (antialiased and out-of-focus borders), what each of them gives
is estimated from the nearest pixels that are wholly its own; the pixel is multiplied by the ratio of that mixture in
the new and in the old colours. No fringe of the old colour stays, and nothing can turn black.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from inference.ops.colour import LUMINANCE
from inference.types import F32, U8

CORE = 253
REACH_PX = 8
MAX_GAIN = 12.0
BRIGHT_SHARE = 0.6
ROUNDING = 0.015


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
def _own_light(linear: Any, coverage: Any, y: int, x: int, own: Any) -> None:
    """Mean light of the nearest pixels that are wholly this material; the pixel itself where there are none."""
    height, width = coverage.shape
    total = 0.0
    own[0] = own[1] = own[2] = 0.0
    for down in range(-REACH_PX, REACH_PX + 1, 2):
        for across in range(-REACH_PX, REACH_PX + 1, 2):
            j, i = y + down, x + across
            if 0 <= j < height and 0 <= i < width and coverage[j, i] >= CORE:
                weight = 1.0 / (1.0 + down * down + across * across)
                total += weight
                for channel in range(3):
                    own[channel] += weight * linear[j, i, channel]
    for channel in range(3):
        own[channel] = own[channel] / total if total > 0.0 else linear[y, x, channel]


@numba.njit(cache=True, nogil=True)
def _mixed_gain(linear: Any, coverage: Any, gains: Any, y: int, x: int, own: Any, sums: Any) -> None:
    """Gain of a pixel that several materials share: new light over old light, both estimated from their cores."""
    rest = 1.0
    sums[:] = 0.0
    for index in range(coverage.shape[0]):
        share = coverage[index, y, x] / 255.0
        if share > 0.0:
            _own_light(linear, coverage[index], y, x, own)
            rest -= share
            for channel in range(3):
                sums[0, channel] += share * own[channel]
                sums[1, channel] += share * own[channel] * gains[index, channel]
    for channel in range(3):
        left = (rest if rest > ROUNDING else 0.0) * linear[y, x, channel]
        sums[1, channel] = (sums[1, channel] + left) / max(1e-6, sums[0, channel] + left)


@numba.njit(cache=True, nogil=True)
def _multiply(linear: Any, coverage: Any, gains: Any, out: Any) -> None:
    own, sums = np.zeros(3), np.zeros((2, 3))
    for y in range(linear.shape[0]):
        for x in range(linear.shape[1]):
            touched, pure = False, -1
            for index in range(coverage.shape[0]):
                touched = touched or coverage[index, y, x] > 0
                if coverage[index, y, x] >= CORE:
                    pure = index
            for channel in range(3):
                sums[1, channel] = gains[pure, channel] if pure >= 0 else 1.0
            if touched and pure < 0:
                _mixed_gain(linear, coverage, gains, y, x, own, sums)
            for channel in range(3):
                out[y, x, channel] = linear[y, x, channel] * sums[1, channel]


def recolour(linear: F32, coverage: U8, gains: F32) -> F32:
    """Give materials new colours.

    Args:
        linear: float32 (H, W, 3), the lit set in its base colours.
        coverage: uint8 (M, H, W), antialiased, of every material, also of those that keep their colour.
        gains: float32 (M, 3), each material's ``albedo_gain``; 1 = unchanged.
    """
    if np.allclose(gains, 1.0, atol=1e-4):
        return linear
    out = np.empty_like(linear)
    _multiply(linear, coverage, gains.astype(np.float64), out)
    return out

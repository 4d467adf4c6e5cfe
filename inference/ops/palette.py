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
MAX_GAIN = 40.0
BEARABLE = 0.92
"""The brightest channel that a surface may reach where it is well lit: light and dark of a pale texture stay apart."""
WELL_LIT = 0.85
BRIGHT_SHARE = 0.6
FEWEST = 50
"""Fewer pixels say nothing about a surface."""
ROUNDING = 0.015
COLOURFUL = 0.1
"""How far a channel of a base albedo has to be from their mean, to tell the colour from mirrored light."""


def albedo_gain(new: F32, base: F32) -> F32:
    """Per-channel factor that turns the base albedo (linear, 3) into the new one.

    A base that is nearly black in one channel can not be brightened without end; all channels then give way together,
    so the colour gets darker but keeps its hue.
    """
    gain = new / np.maximum(base, 1e-3)
    return np.asarray(gain * min(1.0, MAX_GAIN / float(gain.max())), np.float32)


def exposed(lit: F32, gain: F32) -> float:
    """What of its light a recoloured surface keeps, so that the picture can show it; 1 = all.

    Args:
        lit: float32 (N, 3), linear: the surface in its base colour.
        gain: its ``albedo_gain``.
    """
    if len(lit) < FEWEST:
        return 1.0
    before, after = (float(np.quantile(light.max(axis=1), WELL_LIT)) for light in (lit, lit * gain))
    return min(1.0, max(BEARABLE, before) / max(after, 1e-6))


def seen_albedo(linear: F32, coverage: U8, base: F32, *, mirrored: float = 0.0) -> F32:
    """The colour that a surface shows at unit luminance, float32 (3,): its own, in the tint of its light.

    A brand colour is divided by it, as a photographer balances white on the backdrop: the wall then shows the asked
    colour and not the asked colour under warm lamps. The median over the material's brighter part (what neighbours
    reflect into its shades may stay coloured), with a tint within 0.7..1.4 of neutral. A glossy surface also shows its
    surroundings, at most the share ``mirrored``: without it, a red ball that is to be white would turn cyan.
    """
    lit = linear[::4, ::4][coverage[::4, ::4] >= CORE]
    if len(lit) < FEWEST:
        return base
    bright = lit @ np.array(LUMINANCE, np.float32)
    light = np.median(lit[bright >= np.quantile(bright, BRIGHT_SHARE)], axis=0)
    own = base + np.float32(_mirrored_share(light, base, mirrored))
    tint = light / np.maximum(own, 1e-3)
    tint /= max(1e-6, float(tint @ np.array(LUMINANCE, np.float32)))
    return np.asarray(own * np.clip(tint, 0.7, 1.4), np.float32)


def _mirrored_share(light: F32, base: F32, most: float) -> float:
    """What a colourful surface adds to all channels alike: where ``light`` = e * (``base`` + share), by regression."""
    spread = base - base.mean()
    if most == 0 or np.abs(spread).max() < COLOURFUL:
        return 0.0
    slope = float(spread @ light) / float(spread @ spread)
    return min(max(float(light.mean()) / slope - float(base.mean()), 0.0), most) if slope > 1e-6 else 0.0


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

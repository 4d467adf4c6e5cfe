"""Exposure and white balance of a product: three gains in linear light, and how far they move its colours.

The gains are applied to the placed product, after resampling, through one table a channel. A neutral grey keeps its
luminance under white balance alone. What is moved is measured as CIEDE2000 over the product's pixels, so that a small
correction can be told from another colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.edits import Edits
from inference.ops.colour import LUMINANCE, delta_e, linear_to_srgb, srgb_decode_table
from inference.types import F32, U8, Mask

SAMPLES = 40_000


@dataclass(frozen=True)
class ColourChange:
    """CIEDE2000 over the product: the mean, and the value that 95 % of its pixels stay below."""

    mean: float
    p95: float


def gains(edits: Edits) -> F32:
    """Linear gain of red, green, blue, float32 (3,)."""
    balance = np.exp2(np.array([edits.warmth_ev, -edits.tint_ev, -edits.warmth_ev], np.float64))
    balance /= float(balance @ np.array(LUMINANCE))
    return np.asarray(balance * 2.0**edits.exposure_ev, np.float32)


def graded(rgb: U8, edits: Edits) -> U8:
    """``rgb`` (uint8 (..., 3)) under the edits' gains; the same array where there are none."""
    if not edits.colours_product:
        return rgb
    light = srgb_decode_table()[:, None] * gains(edits)[None]
    table = np.rint(linear_to_srgb(light) * 255).astype(np.uint8)
    return np.stack([table[rgb[..., channel], channel] for channel in range(3)], axis=-1)


def shaded(rgb: U8, light: U8) -> U8:
    """``rgb`` (uint8 (..., 3)) under a part of its light, uint8 (...), in linear light; 255 leaves a pixel as it is."""
    if bool((light == 255).all()):
        return rgb
    out = rgb.copy()
    dim = light < 255
    left = srgb_decode_table()[rgb[dim]] * (light[dim].astype(np.float32) / np.float32(255))[:, None]
    out[dim] = np.rint(linear_to_srgb(np.asarray(left, np.float32)) * 255).astype(np.uint8)
    return out


def colour_change(before: U8, after: U8, inside: Mask) -> ColourChange | None:
    """How far colours moved inside the product, from evenly chosen pixels; None where nothing is inside."""
    count = int(inside.sum())
    if count == 0:
        return None
    step = max(1, count // SAMPLES)
    moved = delta_e(before[inside][::step], after[inside][::step])
    return ColourChange(round(float(moved.mean()), 3), round(float(np.percentile(moved, 95)), 3))

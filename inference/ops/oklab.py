"""OKLab (Ottosson 2020) on arrays: a space in which equal steps look about equally large, hues stay straight."""

from __future__ import annotations

import numpy as np

from inference.ops.colour import linear_to_srgb, srgb_decode_table
from inference.types import F32, U8

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_FROM_LAB, _FROM_LMS = np.linalg.inv(_TO_LAB).astype(np.float32), np.linalg.inv(_TO_LMS).astype(np.float32)
_HALVINGS = 7


def to_oklab(rgb: U8) -> F32:
    """uint8 sRGB (..., 3) to float32 L, a, b: L in 0..1, a and b within about 0.4 of 0."""
    return np.asarray(np.cbrt(srgb_decode_table()[rgb] @ _TO_LMS.T) @ _TO_LAB.T, np.float32)


def from_oklab(lab: F32) -> U8:
    """float32 L, a, b (..., 3) to uint8 sRGB. What lies outside sRGB keeps lightness and hue and gives up chroma."""
    linear = _linear(lab)
    outside = ((linear < -1e-4) | (linear > 1 + 1e-4)).any(axis=-1)
    if outside.any():
        linear = linear.copy()
        linear[outside] = _inside(lab[outside])
    return np.rint(linear_to_srgb(linear) * 255).astype(np.uint8)


def _linear(lab: F32) -> F32:
    roots = lab @ _FROM_LAB.T
    return np.asarray((roots * roots * roots) @ _FROM_LMS.T, np.float32)


def _inside(lab: F32) -> F32:
    """Linear sRGB of colours (n, 3), chroma halved towards the largest share that fits."""
    low, high = np.zeros(len(lab), np.float32), np.ones(len(lab), np.float32)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        tried = _linear(lab * np.stack([np.ones_like(middle), middle, middle], axis=1))
        fits = ((tried >= 0) & (tried <= 1)).all(axis=1)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return _linear(lab * np.stack([np.ones_like(low), low, low], axis=1))

"""sRGB, linear light and colour difference.

sRGB is IEC 61966-2-1; the colour difference is CIEDE2000 (Sharma, Wu, Dalal 2005) through scikit-image, D65, 2 degrees.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from inference.errors import InputRejected
from inference.types import F32, U8

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Weights of linear sRGB primaries in relative luminance (ITU-R BT.709)."""


def srgb_to_linear(encoded: npt.ArrayLike) -> F32:
    """Decode sRGB values in 0..1 to linear light, float32."""
    value = np.asarray(encoded, np.float32)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(linear: npt.ArrayLike) -> F32:
    """Encode linear light to sRGB, float32; values outside 0..1 are clipped."""
    value = np.clip(np.asarray(linear, np.float32), 0.0, 1.0)
    return np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055).astype(np.float32)


@lru_cache(maxsize=1)
def srgb_decode_table() -> F32:
    """Linear light of each 8-bit sRGB code, float32 (256,)."""
    return srgb_to_linear(np.arange(256, dtype=np.float32) / 255)


@lru_cache(maxsize=1)
def srgb_encode_table() -> F32:
    """sRGB code 0..255 (not rounded) of linear light i / 4095 squared, float32 (4096,).

    Indexed by the square root of linear light, so that dark tones keep their precision.
    """
    roots = np.arange(4096, dtype=np.float64) / 4095
    return (linear_to_srgb(roots * roots) * 255).astype(np.float32)


def hex_to_rgb(code: str) -> tuple[int, int, int]:
    """Read ``#rrggbb`` or ``#rgb``. Raises InputRejected ``shot.bad_colour``."""
    digits = code.strip().removeprefix("#")
    if not re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise InputRejected("shot.bad_colour", f"{code!r} is not a colour; write it as #rrggbb", colour=code)
    value = int(digits if len(digits) == 6 else "".join(digit * 2 for digit in digits), 16)
    return value >> 16, value >> 8 & 255, value & 255


def hex_to_linear(code: str) -> F32:
    """Linear-light sRGB of a hex colour, float32 (3,). Raises InputRejected ``shot.bad_colour``."""
    return srgb_decode_table()[list(hex_to_rgb(code))]


def delta_e(first: U8, second: U8) -> F32:
    """CIEDE2000 between uint8 sRGB arrays of equal shape (..., 3); float32 (...)."""
    return delta_e_unit(first.astype(np.float32) / np.float32(255), second.astype(np.float32) / np.float32(255))


def delta_e_unit(first: F32, second: F32) -> F32:
    """CIEDE2000 between sRGB arrays scaled to 0..1, shape (..., 3); float32 (...)."""
    from skimage.color import deltaE_ciede2000, rgb2lab  # 0.1 s to import: only the gate pays for it

    return np.asarray(deltaE_ciede2000(rgb2lab(first), rgb2lab(second)), np.float32)  # type: ignore[no-untyped-call]

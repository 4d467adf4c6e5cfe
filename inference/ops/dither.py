"""Noise of one quantisation step, so that smooth walls do not band at 8 bits.

Triangular-PDF dither (Lipshitz, Wannamaker, Vanderkooy 1992) makes the error independent of the signal; taking it as
the difference of neighbouring uniform samples gives it the high-pass spectrum that the eye notices least.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from inference.types import F32

TILE_PX = 256


@lru_cache(maxsize=16)
def tpdf_tile(seed: int) -> F32:
    """Float32 (256, 256), triangular in -1..1 (8-bit steps), high-pass, tileable, decided by ``seed`` alone."""
    uniform = np.random.Generator(np.random.PCG64(seed)).random((TILE_PX, TILE_PX), dtype=np.float32)
    tile = uniform - np.roll(uniform, (1, 1), axis=(0, 1))
    tile.setflags(write=False)
    return tile

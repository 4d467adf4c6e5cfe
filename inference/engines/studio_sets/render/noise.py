"""Seeded periodic noise for procedural surfaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def noise(shape: tuple[int, int], cell_px: tuple[float, float], seed: int) -> Floats:
    """Smooth periodic value noise of zero mean and unit deviation; `cell_px` is the feature size down and across."""
    rng = np.random.default_rng(seed)
    rows, columns = (max(1, round(shape[i] / max(cell_px[i], 1.0))) for i in (0, 1))
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    fine = _stretched(_stretched(coarse.T, shape[1]).T, shape[0])
    return np.asarray((fine - fine.mean()) / max(float(fine.std()), 1e-6), dtype=np.float32)


def fractal(shape: tuple[int, int], cell_px: tuple[float, float], seed: int, octaves: int = 4) -> Floats:
    """Octaves of noise, each half the size and half the strength."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        scale = 0.5**octave
        total += scale * noise(shape, (cell_px[0] * scale, cell_px[1] * scale), seed + octave)
    return np.asarray(total / max(float(total.std()), 1e-6), dtype=np.float32)


def _stretched(values: Floats, length: int) -> Floats:
    """The rows of `values` as a periodic uniform cubic B-spline, sampled at `length` rows.

    Exact weights: OpenCV's remap rounds them to 1/32 of a cell, which shows as blocks in large cells.
    """
    count = len(values)
    position = np.arange(length) * (count / length)
    first = np.floor(position).astype(np.int64)
    t = (position - first)[:, None].astype(np.float32)
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    total = np.zeros((length, *values.shape[1:]), np.float32)
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        total += values[(first + offset) % count] * (weight / np.float32(6))
    return total

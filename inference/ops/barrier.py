"""Minimum barrier distance: how high a wall one must climb to reach a pixel from the seeds.

Source: Zhang et al., "Minimum Barrier Salient Object Detection at 80 FPS", ICCV 2015. Their raster scan visits pixels
one by one; here four sweeps (down, up, right, left) visit whole lines, each pixel looking at three neighbours of the
line before, which is isotropic.
"""

from __future__ import annotations

import numba
import numpy as np

from inference.types import F32, Mask


def minimum_barrier(channels: F32, seeds: Mask, *, rounds: int = 3) -> F32:
    """Minimum over paths from ``seeds`` of (highest - lowest value on the path), float32 (H, W), summed over channels.

    Args:
        channels: float32 (H, W, C), any units; the result has the same units.
        seeds: where every path starts (distance 0).
        rounds: how many times all four sweeps run.
    """
    total = np.zeros(seeds.shape, np.float32)
    for channel in range(channels.shape[2]):
        total += _one_channel(np.ascontiguousarray(channels[..., channel]), seeds, rounds)
    return total


def _one_channel(value: F32, seeds: Mask, rounds: int) -> F32:
    start = np.where(seeds, 0, np.inf).astype(np.float32)
    upright = [value, value.copy(), value.copy(), start]
    for _ in range(rounds):
        _sweep_down_and_up(*upright)
        lying = [np.ascontiguousarray(array.T) for array in upright]
        _sweep_down_and_up(*lying)
        upright = [np.ascontiguousarray(array.T) for array in lying]
    return upright[3]


@numba.njit(cache=True, nogil=True)
def _sweep_down_and_up(value: F32, high: F32, low: F32, distance: F32) -> None:
    height = value.shape[0]
    for line in range(1, height):
        _step(value, high, low, distance, line, line - 1)
    for line in range(height - 2, -1, -1):
        _step(value, high, low, distance, line, line + 1)


@numba.njit(cache=True, nogil=True)
def _step(value: F32, high: F32, low: F32, distance: F32, line: int, before: int) -> None:
    """Let each pixel of ``line`` continue the best of the three paths that end beside it in the line ``before``."""
    width = value.shape[1]
    for x in range(width):
        here = value[line, x]
        for source in range(max(0, x - 1), min(width, x + 2)):
            if np.isinf(distance[before, source]):
                continue
            top, bottom = max(high[before, source], here), min(low[before, source], here)
            if top - bottom < distance[line, x]:
                distance[line, x], high[line, x], low[line, x] = top - bottom, top, bottom

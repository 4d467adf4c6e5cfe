"""The 5 x 5 filter that merges interleaved sample patterns, stopped where the surface ends.

A neighbour counts where its point lies on the tangent plane of the pixel and where its normal is nearly the pixel's.
All is done a row at a time, so that a processor can work on several pixels at once.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from inference.ops.geometry import F64
from inference.types import F32

REACH_PX = 2
FLATNESS = 0.8
"""Cosine between the normals of neighbours from which they lie on one surface."""


# Rows are handed on whole and cut inside: only of contiguous ones does the compiler know that pixels are neighbours.


@numba.njit(cache=True, nogil=True)
def _tangents(depth: Any, normal: Any, lens: Any, y: int, plane: Any) -> None:
    """Fill ``plane`` (5, W): how heights above a pixel's tangent plane grow ahead, right and down, its own level, and
    how far from it its neighbours may lie.

    Seen from the camera, the height of any point above the tangent plane of a pixel is linear in the pixel.
    """
    focal, middle, centre = lens[4, 0], lens[4, 1], lens[4, 2]
    for x in range(depth.shape[0]):
        a, b, c = normal[0, x], normal[1, x], normal[2, x]
        ahead = a * lens[3, 0] + b * lens[3, 1] + c * lens[3, 2]
        right = (a * lens[1, 0] + b * lens[1, 1] + c * lens[1, 2]) / focal
        below = (a * lens[2, 0] + b * lens[2, 1] + c * lens[2, 2]) / focal
        plane[0, x], plane[1, x], plane[2, x] = ahead, right, below
        plane[3, x] = depth[x] * (ahead + (x + 0.5 - middle) * right + (y + 0.5 - centre) * below)
        plane[4, x] = 1.5 * depth[x] / focal


@numba.njit(cache=True, nogil=True)
def _weigh(
    own: Any,
    other: Any,
    depth: Any,
    plane: Any,
    step: int,
    middle: float,
    down: float,
    weight: float,
    share: Any,
    total: Any,
) -> None:
    """Fill ``share`` (W) with the weight of neighbours ``step`` columns on that lie on their pixels' planes, else 0.

    ``own`` are the normals (3, W) of the pixels; ``other``, ``depth`` those of the neighbours' row, ``down`` rows below
    the principal point, which is in column ``middle``. ``total`` grows by ``share``.
    """
    a, b = max(0, -step), share.shape[0] - max(0, step)
    first = a + step
    p, q, r = own[0, a:b], own[1, a:b], own[2, a:b]
    s, t, u = other[0, first : b + step], other[1, first : b + step], other[2, first : b + step]
    ahead, right, below, level, limit = plane[0, a:b], plane[1, a:b], plane[2, a:b], plane[3, a:b], plane[4, a:b]
    far, share, total = depth[first : b + step], share[a:b], total[a:b]
    for x in range(share.shape[0]):
        there = far[x] * (ahead[x] + (x + first + 0.5 - middle) * right[x] + down * below[x])
        turn = p[x] * s[x] + q[x] * t[x] + r[x] * u[x]
        alike = (far[x] > 0.0) & (abs(there - level[x]) < limit[x]) & (turn > FLATNESS)
        share[x] = weight if alike else 0.0
        total[x] += share[x]


@numba.njit(cache=True, nogil=True)
def _add(share: Any, values: Any, step: int, sums: Any) -> None:
    """Add the neighbours' values (planes, W) to those of the pixels."""
    a, b = max(0, -step), share.shape[0] - max(0, step)
    share = share[a:b]
    for channel in range(sums.shape[0]):
        source, target = values[channel, a + step : b + step], sums[channel, a:b]
        for x in range(share.shape[0]):
            target[x] += share[x] * source[x]


@numba.njit(cache=True, nogil=True)
def _merge(raw: Any, depth: Any, normal: Any, lens: Any, out: Any) -> None:
    height, count, width = raw.shape
    plane, share, total = np.empty((5, width)), np.empty(width), np.empty(width)
    sums = np.empty((count, width), np.float32)
    for y in range(height):
        _tangents(depth[y], normal[y], lens, y, plane)
        total[:] = 0.0
        sums[:] = 0.0
        for j in range(max(0, y - REACH_PX), min(height, y + REACH_PX + 1)):
            down = j + 0.5 - lens[4, 2]
            for step in range(-REACH_PX, REACH_PX + 1):
                weight = (0.5 if abs(j - y) == REACH_PX else 1.0) * (0.5 if abs(step) == REACH_PX else 1.0)
                _weigh(normal[y], normal[j], depth[j], plane, step, lens[4, 1], down, weight, share, total)
                _add(share, raw[j], step, sums)
        for channel in range(count):
            for x in range(width):
                if depth[y, x] > 0.0:
                    out[y, x, channel] = sums[channel, x] / total[x] if total[x] > 0.0 else raw[y, channel, x]


def merged_on_planes(raw: F32, depth: F32, normal: F32, lens: F64) -> F32:
    """Mean of each pixel's neighbours on its own surface, float32 (h, w, planes); 1 where nothing is.

    Args:
        raw: float32 (h, planes, w).
        depth: float32 (h, w), planar metres; <= 0 is nothing.
        normal: float32 (h, 3, w), unit, in the frame of ``lens``.
        lens: from ``ops.body.camera_in_frame``.
    """
    out = np.ones((raw.shape[0], raw.shape[2], raw.shape[1]), np.float32)
    _merge(raw, depth, normal, lens, out)
    return out

"""Which surface a pixel belongs to, and how far away it is, where rasters of different size meet.

A surface is known by its material (index of the largest coverage) and by 1 / depth, which is linear across any plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numba
import numpy as np
import numpy.typing as npt

from inference.types import F32, U8, Mask

Index = npt.NDArray[np.int64]

NO_SURFACE = 255
ALONE = 250
"""Share of 255 from which a pixel counts as all its owner's."""

SAME_SURFACE = 0.02
"""Relative step of 1 / depth between neighbouring samples that is still one surface."""

AROUND_PX, MOST_LOST = 5, 3
"""So many samples in a window of this side may have been lost; more of them are a shape."""


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Who owns each pixel: the material that covers most of it, the runner-up (255 = none), and the owner's share of
        both.

    All uint8 (H, W); the share is 255 where the owner is alone.
    """

    ids: U8
    others: U8
    share: U8

    @cached_property
    def seams(self) -> tuple[Index, Index]:
        """Where what is cast on a surface is looked up near its seam with another: flat indices, int64 (H, W).

        For each pixel the nearest one that its owner has alone, and the nearest that its runner-up has alone (-1 =
        none). Both maps of a shot, its shadows and its reflections, ask for them.
        """
        owner = np.arange(self.ids.size).reshape(self.ids.shape)
        elsewhere = np.full(self.ids.shape, -1, np.int64)
        for kind in np.unique(self.ids):
            alone = (self.ids == kind) & (self.share >= ALONE)
            if kind == NO_SURFACE or not alone.any():
                continue
            nearest = _nearest(alone)
            for found, wanted in ((owner, self.ids == kind), (elsewhere, self.others == kind)):
                found[wanted] = nearest[wanted]
        return owner, elsewhere


def _nearest(chosen: Mask) -> Index:
    """For every pixel the flat index of the nearest chosen one."""
    _, labels = cv2.distanceTransformWithLabels(
        (~chosen).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    index = np.zeros(int(labels.max()) + 1, np.int64)
    index[labels[chosen]] = np.flatnonzero(chosen)
    return np.asarray(index[labels], np.int64)


def without_holes(nearness: F32, surfaces: Surfaces) -> F32:
    """1 / depth, float32 (H, W), without samples that saw past a surface.

    A ray of a renderer can slip between two triangles and tell how far away is what lies behind. Such a sample stands
    alone in the middle of one material; a shadow that was cast on it would be a black dot.
    """
    window = np.ones((AROUND_PX, AROUND_PX), np.uint8)
    alone = cv2.erode(surfaces.ids, window) == cv2.dilate(surfaces.ids, window)
    usual = cv2.medianBlur(nearness, AROUND_PX)
    far = np.abs(nearness - usual) > SAME_SURFACE * usual
    few = cv2.boxFilter(far.astype(np.float32), -1, window.shape, normalize=False) < MOST_LOST + 0.5
    return np.asarray(np.where(far & few & alone, usual, nearness), np.float32)


@dataclass(frozen=True, eq=False)
class Raster:
    """What is seen where: 1 / depth, float32 (H, W), 0 = nothing; and the owners of the pixels."""

    nearness: F32
    surfaces: Surfaces


@numba.njit(cache=True, nogil=True)
def _rank(coverage: Any, ids: Any, others: Any, share: Any) -> None:
    for y in range(coverage.shape[1]):
        for x in range(coverage.shape[2]):
            most, next_most = 25, 12
            for index in range(coverage.shape[0]):
                value = int(coverage[index, y, x])
                if value > most:
                    if ids[y, x] != NO_SURFACE:
                        others[y, x], next_most = ids[y, x], most
                    ids[y, x], most = index, value
                elif value > next_most:
                    others[y, x], next_most = index, value
            if others[y, x] != NO_SURFACE:
                share[y, x] = 255 * most // (most + next_most)


def find_surfaces(coverage: U8) -> Surfaces:
    """Owners of pixels from uint8 (M, H, W) coverage; 255 where nothing covers a tenth."""
    ids, others, share = (np.full(coverage.shape[1:], 255, np.uint8) for _ in range(3))
    _rank(coverage, ids, others, share)
    return Surfaces(ids, others, share)


@numba.njit(cache=True, nogil=True)
def _nearest_alike(nearness: Any, ids: Any, v: float, u: float, wanted: int) -> float:
    """1 / depth of the closest of the 5 x 5 samples around (v, u) that shows the wanted material."""
    row, column = int(np.floor(v)), int(np.floor(u))
    best, found = 1e9, nearness[min(max(row, 0), nearness.shape[0] - 1), min(max(column, 0), nearness.shape[1] - 1)]
    for j in range(max(0, row - 2), min(nearness.shape[0], row + 3)):
        for i in range(max(0, column - 2), min(nearness.shape[1], column + 3)):
            away = (j + 0.5 - v) ** 2 + (i + 0.5 - u) ** 2
            if ids[j, i] == wanted and away < best:
                best, found = away, nearness[j, i]
    return float(found)


@numba.njit(cache=True, nogil=True)
def _resample(nearness: Any, ids: Any, columns: Any, rows: Any, wanted: Any, out: Any) -> None:
    height, width = nearness.shape
    for y in range(out.shape[0]):
        v = rows[y] - 0.5
        y0 = min(max(int(np.floor(v)), 0), height - 2)
        fy = min(max(v - y0, 0.0), 1.0)
        for x in range(out.shape[1]):
            u = columns[x] - 0.5
            x0 = min(max(int(np.floor(u)), 0), width - 2)
            fx = min(max(u - x0, 0.0), 1.0)
            a, b, c, d = nearness[y0, x0], nearness[y0, x0 + 1], nearness[y0 + 1, x0], nearness[y0 + 1, x0 + 1]
            own = wanted[y, x]
            alike = ids[y0, x0] == own and ids[y0, x0 + 1] == own
            alike = alike and ids[y0 + 1, x0] == own and ids[y0 + 1, x0 + 1] == own
            if alike and max(a, b, c, d) - min(a, b, c, d) < SAME_SURFACE * a:
                out[y, x] = (1 - fy) * ((1 - fx) * a + fx * b) + fy * ((1 - fx) * c + fx * d)
            else:
                out[y, x] = _nearest_alike(nearness, ids, rows[y], columns[x], own)


def resample_raster(
    source: Raster, columns: npt.NDArray[np.float64], rows: npt.NDArray[np.float64], surfaces: Surfaces
) -> Raster:
    """A raster at other pixels: 1 / depth interpolated inside a surface, taken from the same material at its edges.

    Args:
        columns, rows: where the new pixels' centres lie, in pixels of ``source``.
        surfaces: owners of the new pixels, (len(rows), len(columns)).
    """
    nearness = np.empty(surfaces.ids.shape, np.float32)
    _resample(source.nearness, source.surfaces.ids, columns, rows, surfaces.ids, nearness)
    return Raster(nearness, surfaces)

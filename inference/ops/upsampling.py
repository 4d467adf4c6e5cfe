"""Small maps of light brought up to the canvas, along edges of material and of depth.

Maps are cast on a raster that is smaller than the canvas. Because 1 / depth is linear across any plane, interpolating
it tells a plane from an edge without a threshold on slant: where both agree the map is interpolated bilinearly, a whole
row at a time; the pixels at edges are weighed one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from inference.ops.surface import ALONE, Raster, Surfaces
from inference.types import F32, U8

SAME_SURFACE, SMALL_STEP = 0.004, 0.1
"""Relative steps of 1 / depth."""


@numba.njit(cache=True, nogil=True)
def _alike(near: float, kind: int, own: float, own_kind: int) -> float:
    """Weight of a neighbour that may lie on another surface."""
    step = (near - own) / (SAME_SURFACE * own + 1e-9)
    return (1.0 if kind == own_kind else 0.002) / (1.0 + step * step)


@numba.njit(cache=True, nogil=True)
def _edge_weights(
    nearness: Any, owners: Any, small: Any, small_ids: Any, elsewhere: Any, y: int, x: int, weights: Any, at: Any
) -> int:
    """Fill ``weights`` (8) and ``at`` (8, flat indices into the small raster) for a canvas pixel; returns how many.

    ``elsewhere`` is that of ``Cast``.
    """
    v = (y + 0.5) * small.shape[0] / nearness.shape[0] - 0.5
    u = (x + 0.5) * small.shape[1] / nearness.shape[1] - 0.5
    y0 = min(max(int(np.floor(v)), 0), small.shape[0] - 1)
    x0 = min(max(int(np.floor(u)), 0), small.shape[1] - 1)
    y1, x1 = min(y0 + 1, small.shape[0] - 1), min(x0 + 1, small.shape[1] - 1)
    fy, fx = min(max(v - y0, 0.0), 1.0), min(max(u - x0, 0.0), 1.0)
    width = small.shape[1]
    at[0], at[1], at[2], at[3] = y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1
    weights[0], weights[1] = (1 - fy) * (1 - fx), (1 - fy) * fx
    weights[2], weights[3] = fy * (1 - fx), fy * fx
    if owners[y, 2, x] < ALONE:
        _shared(small_ids, elsewhere, owners[y, 0, x], owners[y, 1, x], owners[y, 2, x] / 255.0, weights, at)
        return 8
    own, kind = nearness[y, x], owners[y, 0, x]
    a, b, c, d = small[y0, x0], small[y0, x1], small[y1, x0], small[y1, x1]
    guess = weights[0] * a + weights[1] * b + weights[2] * c + weights[3] * d
    same = small_ids[y0, x0] == kind and small_ids[y0, x1] == kind
    same = same and small_ids[y1, x0] == kind and small_ids[y1, x1] == kind
    # A small step within one material is left to plain interpolation: as an antialiased edge, not as a stair.
    if not same or abs(guess - own) > SMALL_STEP * own:
        weights[0] = (weights[0] + 1e-3) * _alike(a, small_ids[y0, x0], own, kind)
        weights[1] = (weights[1] + 1e-3) * _alike(b, small_ids[y0, x1], own, kind)
        weights[2] = (weights[2] + 1e-3) * _alike(c, small_ids[y1, x0], own, kind)
        weights[3] = (weights[3] + 1e-3) * _alike(d, small_ids[y1, x1], own, kind)
        total = weights[0] + weights[1] + weights[2] + weights[3]
        for i in range(4):
            weights[i] /= total
    return 4


@numba.njit(cache=True, nogil=True)
def _where(ids: Any, places: Any, neighbour: int, kind: int, weight: float) -> tuple[int, float]:
    """The pixel that tells how a surface is lit near a neighbour; with hardly any weight where none does."""
    if ids[neighbour] == kind:
        return neighbour, weight
    found = places[neighbour]
    if found >= 0 and ids[found] == kind:
        return found, weight
    return neighbour, 0.002 * weight


@numba.njit(cache=True, nogil=True)
def _shared(small_ids: Any, elsewhere: Any, own: int, other: int, share: float, weights: Any, at: Any) -> None:
    """A pixel of two surfaces is lit partly as the one, partly as the other, however wide the edge between them is.

    Through a lens an edge may be wider than the small raster's pixels: then what the neighbours show of one surface
    is looked up where it is alone. Without that the light would jump where the two change places.
    """
    ids, places = small_ids.reshape(-1), elsewhere.reshape(-1)
    mine, others = 0.0, 0.0
    for i in range(4):
        neighbour, bilinear = at[i], weights[i] + 1e-3
        found, weight = _where(ids, places, neighbour, own, bilinear)
        at[i], weights[i] = found, weight
        mine += weight
        found, weight = _where(ids, places, neighbour, other, bilinear)
        at[i + 4], weights[i + 4] = found, weight
        others += weight
    for i in range(4):
        weights[i] *= share / mine
        weights[i + 4] *= (1.0 - share) / others


@dataclass(frozen=True, eq=False)
class Cast:
    """A map at the small raster's size, ready to be brought up.

    ``values`` float32 (h * w, planes): on the seam of two surfaces what is cast near it on the owner alone.
    ``elsewhere`` int64 (h, w): the index of the nearest pixel that the runner-up has alone; -1 = none.
    """

    values: F32
    elsewhere: npt.NDArray[np.int64]


def cast_on(maps: F32, surfaces: Surfaces) -> Cast:
    """Maps float32 (h, w, planes) on the surfaces of their raster."""
    owner, elsewhere = surfaces.seams
    return Cast(np.ascontiguousarray(maps.reshape(-1, maps.shape[2])[owner.reshape(-1)]), elsewhere)


@numba.njit(cache=True, nogil=True)
def _gather(maps: Any, weights: Any, at: Any, count: int, seen: Any) -> None:
    """Fill ``seen`` (planes) with the weighted sum of the map's pixels."""
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    a, b, c, d = maps[at[0]], maps[at[1]], maps[at[2]], maps[at[3]]
    for plane in range(seen.shape[0]):
        seen[plane] = w0 * a[plane] + w1 * b[plane] + w2 * c[plane] + w3 * d[plane]
    for i in range(4, count):
        row, weight = maps[at[i]], weights[i]
        for plane in range(seen.shape[0]):
            seen[plane] += weight * row[plane]


@numba.njit(cache=True, nogil=True)
def neighbours(most: int, fewest: int) -> tuple[Any, Any, Any]:
    """For each of ``most`` pixels along a canvas side the two of ``fewest`` around it, and the second one's share."""
    first, second, share = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
    for index in range(most):
        at = (index + 0.5) * fewest / most - 0.5
        first[index] = min(max(int(np.floor(at)), 0), fewest - 1)
        second[index] = min(first[index] + 1, fewest - 1)
        share[index] = min(max(at - first[index], 0.0), 1.0)
    return first, second, share


@numba.njit(cache=True, nogil=True)
def _spread(
    maps: Any, small: Any, small_ids: Any, row: int, first: Any, second: Any, values: Any, near: Any, kinds: Any
) -> None:
    """A row of the small raster as the columns of the canvas see it: each one's left and right neighbour."""
    start = row * small.shape[1]
    for x in range(first.shape[0]):
        near[0, x], near[1, x] = small[row, first[x]], small[row, second[x]]
        kinds[0, x], kinds[1, x] = small_ids[row, first[x]], small_ids[row, second[x]]
    for plane in range(values.shape[0]):
        for x in range(first.shape[0]):
            values[plane, 0, x], values[plane, 1, x] = maps[start + first[x], plane], maps[start + second[x], plane]


@numba.njit(cache=True, nogil=True)
def _find_plain(below: float, share: Any, upper: Any, lower: Any, above: Any, under: Any, own: Any, who: Any) -> Any:
    """Which pixels of a canvas row need no weighing: all around is of their material, and hardly nearer or farther.

    ``upper`` and ``lower`` are 1 / depth, ``above`` and ``under`` the materials of the two rows from ``_spread``;
    ``own`` is 1 / depth of the row itself, ``who`` its owners.
    """
    plain = np.empty(share.shape[0], np.bool_)
    for x in range(share.shape[0]):
        right, kind = share[x], who[0, x]
        guess = (1 - below) * (1 - right) * upper[0, x] + (1 - below) * right * upper[1, x]
        guess = guess + below * (1 - right) * lower[0, x] + below * right * lower[1, x]
        same = (above[0, x] == kind) & (above[1, x] == kind) & (under[0, x] == kind) & (under[1, x] == kind)
        # A small step within one material is left to plain interpolation: as an antialiased edge, not as a stair.
        plain[x] = same & (who[2, x] >= ALONE) & (abs(guess - own[x]) <= SMALL_STEP * own[x])
    return plain


@numba.njit(cache=True, nogil=True)
def _interpolate(below: float, share: Any, upper: Any, lower: Any, row: Any) -> None:
    for plane in range(row.shape[0]):
        a, b, c, d = upper[plane, 0], upper[plane, 1], lower[plane, 0], lower[plane, 1]
        for x in range(share.shape[0]):
            right = share[x]
            seen = (1 - below) * (1 - right) * a[x] + (1 - below) * right * b[x]
            row[plane, x] = seen + below * (1 - right) * c[x] + below * right * d[x]


@numba.njit(cache=True, nogil=True)
def bring_up(
    maps: Any, near: Any, owners: Any, small: Any, small_ids: Any, elsewhere: Any, y: int, kept: Any, row: Any
) -> None:
    """Fill ``row``, float64 (planes, W), with what the maps say of row ``y`` of the canvas.

    Args:
        maps, elsewhere: of ``Cast``.
        near, owners: 1 / depth and ``owners_of`` of the canvas.
        small, small_ids: 1 / depth and materials of the small raster.
        kept: from ``keep_rows``; rows of the small raster, spread when they were last needed.
    """
    (first, second, share), (above, under, below), held, values, nears, kinds, weights, at, seen = kept
    for needed in (above[y], under[y]):
        if held[needed % 2] != needed:
            slot = needed % 2
            _spread(maps, small, small_ids, needed, first, second, values[slot], nears[slot], kinds[slot])
            held[slot] = needed
    a, b = above[y] % 2, under[y] % 2
    plain = _find_plain(below[y], share, nears[a], nears[b], kinds[a], kinds[b], near[y], owners[y])
    _interpolate(below[y], share, values[a], values[b], row)
    for x in range(share.shape[0]):
        if not plain[x]:
            count = _edge_weights(near, owners, small, small_ids, elsewhere, y, x, weights, at)
            _gather(maps, weights, at, count, seen)
            for plane in range(row.shape[0]):
                row[plane, x] = seen[plane]


@numba.njit(cache=True, nogil=True)
def keep_rows(near: Any, small: Any, planes: int) -> Any:
    """What ``bring_up`` keeps from row to row."""
    width = near.shape[1]
    return (
        neighbours(width, small.shape[1]),
        neighbours(near.shape[0], small.shape[0]),
        np.full(2, -1, np.int64),
        np.empty((2, planes, 2, width), np.float32),
        np.empty((2, 2, width), np.float32),
        np.empty((2, 2, width), np.uint8),
        np.zeros(8),
        np.zeros(8, np.int64),
        np.zeros(planes),
    )


def owners_of(raster: Raster) -> U8:
    """uint8 (H, 3, W): who owns each pixel, the runner-up and the owner's share, as ``bring_up`` takes them."""
    return np.stack([raster.surfaces.ids, raster.surfaces.others, raster.surfaces.share], axis=1)

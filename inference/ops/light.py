"""Light plates mixed into one picture, each under its own shadow.

Plates are 16 bit, companded: linear = scale * (code / 65535) ** 2. Shadow maps are smaller than the canvas and are
brought up with weights that respect edges of material and of depth; because 1 / depth is linear across any plane,
interpolating it tells a plane from an edge without a threshold on slant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
import numpy.typing as npt

from inference.ops.surface import ALONE, Raster, Surfaces
from inference.types import F32, U8

INDIRECT = 0.2
"""Part of a lamp's plate that arrives by way of walls and table: it is dimmed by occlusion, not by the shadow."""

SAME_SURFACE, SMALL_STEP = 0.004, 0.1
"""Relative steps of 1 / depth."""


@numba.njit(cache=True, nogil=True)
def _alike(near: float, kind: int, own: float, own_kind: int) -> float:
    """Weight of a neighbour that may lie on another surface."""
    step = (near - own) / (SAME_SURFACE * own + 1e-9)
    return (1.0 if kind == own_kind else 0.002) / (1.0 + step * step)


@numba.njit(cache=True, nogil=True)
def upsampling_weights(
    nearness: Any, owners: Any, small: Any, small_ids: Any, elsewhere: Any, y: int, x: int, weights: Any, at: Any
) -> int:
    """Fill ``weights`` (8) and ``at`` (8, flat indices into the small raster) for a canvas pixel; returns how many.

    ``elsewhere`` is that of ``_Cast``.
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
    if owners[2, y, x] < ALONE:
        _shared(small_ids, elsewhere, owners[0, y, x], owners[1, y, x], owners[2, y, x] / 255.0, weights, at)
        return 8
    own, kind = nearness[y, x], owners[0, y, x]
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
class _Cast:
    """A map at the small raster's size, ready to be brought up.

    ``values`` float32 (h * w, planes): on the seam of two surfaces what is cast near it on the owner alone.
    ``elsewhere`` int64 (h, w): the index of the nearest pixel that the runner-up has alone; -1 = none.
    """

    values: F32
    elsewhere: npt.NDArray[np.int64]


def _cast(maps: F32, surfaces: Surfaces) -> _Cast:
    owner, elsewhere = surfaces.seams
    return _Cast(np.ascontiguousarray(maps.reshape(-1, maps.shape[2])[owner.reshape(-1)]), elsewhere)


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
def _mix(
    plates: Any,
    gains: Any,
    plane: Any,
    maps: Any,
    near: Any,
    owners: Any,
    small: Any,
    small_ids: Any,
    elsewhere: Any,
    out: Any,
    shade: Any,
) -> None:
    lights, height, width = plates.shape[:3]
    sky = maps.shape[1] - 1
    weights, at, arrives = np.zeros(8), np.zeros(8, np.int64), np.zeros(sky + 1)
    for y in range(height):
        for x in range(width):
            count = upsampling_weights(near, owners, small, small_ids, elsewhere, y, x, weights, at)
            _gather(maps, weights, at, count, arrives)
            open_sky = arrives[sky]
            red, green, blue, full, left = 0.0, 0.0, 0.0, 0.0, 0.0
            for i in range(lights):
                seen = open_sky
                k = plane[i]
                if k >= 0:
                    seen = (1.0 - INDIRECT) * arrives[k] + INDIRECT * open_sky
                r = gains[i, 0] * plates[i, y, x, 0] * plates[i, y, x, 0]
                g = gains[i, 1] * plates[i, y, x, 1] * plates[i, y, x, 1]
                b = gains[i, 2] * plates[i, y, x, 2] * plates[i, y, x, 2]
                bright = 0.2126 * r + 0.7152 * g + 0.0722 * b
                full += bright
                left += bright * seen
                red += r * seen
                green += g * seen
                blue += b * seen
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = red, green, blue
            shade[y, x] = left / full if full > 1e-9 else 1.0


def _owners(raster: Raster) -> U8:
    return np.stack([raster.surfaces.ids, raster.surfaces.others, raster.surfaces.share])


def mix(plates: Any, gains: F32, plane: Any, maps: F32, canvas: Raster, small: Raster) -> tuple[F32, F32]:
    """Add up the lights.

    Args:
        plates: uint16 (L, H, W, 3), companded.
        gains: float32 (L, 3): linear value of code 65535, times the light's weight and colour.
        plane: int64 (L,): the plane of ``maps`` that shades the light; -1 = light from all around.
        maps: float32 (h, w, planes): visibility, the last plane is ambient occlusion.
        canvas, small: what is seen at the size of the plates and of the maps.

    Returns:
        linear float32 (H, W, 3), and float32 (H, W): which part of the luminance is left beside the product.
    """
    out = np.empty(plates.shape[1:], np.float32)
    shade = np.empty(plates.shape[1:3], np.float32)
    scaled = gains.astype(np.float64) / 65535.0**2
    kinds = small.surfaces.ids
    cast, owners = _cast(maps, small.surfaces), _owners(canvas)
    near, here = canvas.nearness, small.nearness
    _mix(plates, scaled, plane, cast.values, near, owners, here, kinds, cast.elsewhere, out, shade)
    return out, shade


@numba.njit(cache=True, nogil=True)
def _add(
    linear: Any, extra: Any, active: Any, near: Any, owners: Any, small: Any, small_ids: Any, elsewhere: Any
) -> None:
    weights, at, more = np.zeros(8), np.zeros(8, np.int64), np.zeros(3)
    for y in range(linear.shape[0]):
        row = y * active.shape[0] // linear.shape[0]
        for x in range(linear.shape[1]):
            if active[row, x * active.shape[1] // linear.shape[1]] == 0:
                continue
            count = upsampling_weights(near, owners, small, small_ids, elsewhere, y, x, weights, at)
            _gather(extra, weights, at, count, more)
            for channel in range(3):
                linear[y, x, channel] = max(0.0, linear[y, x, channel] + more[channel])


def add_map(linear: F32, extra: F32, canvas: Raster, small: Raster) -> F32:
    """``linear`` plus a smaller map of light (float32 (h, w, 3), may be negative), brought up along edges of depth."""
    out = linear.copy()
    active = cv2.dilate((np.abs(extra).max(axis=2) > 1e-5).astype(np.uint8), np.ones((3, 3), np.uint8))
    cast, owners, kinds = _cast(extra, small.surfaces), _owners(canvas), small.surfaces.ids
    _add(out, cast.values, active, canvas.nearness, owners, small.nearness, kinds, cast.elsewhere)
    return out

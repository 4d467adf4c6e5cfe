"""The part of a set that a shot sees, at the sizes that the shot needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from inference.engines.studio_sets.framing import Framing
from inference.engines.studio_sets.plates import U16, StudioSet
from inference.ops.geometry import Camera, Window
from inference.ops.shadow import AreaLight
from inference.types import F32, U8

SAME_SURFACE = 0.02
"""Relative step of 1 / depth between neighbours that is still one surface."""

Sample = TypeVar("Sample", np.uint8, np.uint16)

SHADOW_PX = 600
"""Longest side of the raster that shadows are cast on; it is half the canvas where that is smaller."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Canvas-size light plates (L, H, W, 3), coverage and 1 / depth; small depth, normals, coverage for ray casting."""

    plates: U16
    coverage: tuple[U8, ...]
    nearness: F32
    small_nearness: F32
    small_depth: F32
    small_normal: F32
    small_coverage: tuple[U8, ...]
    small_camera: Camera
    lamps: tuple[AreaLight | None, ...]


def set_stage(studio: StudioSet, framing: Framing) -> Stage:
    """Cut the framed window out of every plate."""
    window, flip = framing.window, framing.mirrored
    fraction = min(0.5, SHADOW_PX / max(window.out_width, window.out_height))
    small = (round(window.out_width * fraction), round(window.out_height * fraction))
    canvas = (window.out_width, window.out_height)
    plates = np.empty((len(studio.lights), canvas[1], canvas[0], 3), np.uint16)
    for light, plate in zip(studio.lights, plates, strict=True):
        plate[...] = _shown(light.codes, studio, window, canvas, flip)
    coverage = tuple(_shown(item.coverage, studio, window, canvas, flip) for item in studio.materials)
    small_nearness = _surface(studio.nearness, studio, window, small, flip)
    normal = _picked(studio.normal, studio, window, small, flip)
    if flip:
        normal = normal * np.array([-1, 1, 1], np.float32)
    return Stage(
        plates=plates,
        coverage=coverage,
        nearness=_surface(studio.nearness, studio, window, canvas, flip),
        small_nearness=small_nearness,
        small_depth=np.divide(1, small_nearness, out=np.zeros_like(small_nearness), where=small_nearness > 0),
        small_normal=np.ascontiguousarray(normal),
        small_coverage=tuple(
            np.asarray(cv2.resize(item, small, interpolation=cv2.INTER_AREA), np.uint8) for item in coverage
        ),
        small_camera=framing.camera.at_fraction(small[0] / canvas[0]),
        lamps=tuple(_mirrored(light.area) if flip else light.area for light in studio.lights),
    )


def _shown(
    plate: npt.NDArray[Sample], studio: StudioSet, window: Window, size: tuple[int, int], flip: bool
) -> npt.NDArray[Sample]:
    """Filtered crop of a full-size plate."""
    left = studio.size[0] - window.left - window.width if flip else window.left
    top, right, bottom = int(window.top), int(left + window.width), int(window.top + window.height)
    part = plate[top:bottom, int(left) : right]
    if flip:
        part = part[:, ::-1]
    shrinks = size[0] < 0.98 * window.width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cast("npt.NDArray[Sample]", cv2.resize(np.ascontiguousarray(part), size, interpolation=method))


def _surface(nearness: F32, studio: StudioSet, window: Window, size: tuple[int, int], flip: bool) -> F32:
    """1 / depth at another size: interpolated on surfaces (it is linear on planes), nearest across edges."""
    x, y = _grid(nearness, studio, window, size, flip)
    column, row = (x - 0.5).astype(np.float32), (y - 0.5).astype(np.float32)
    across, down = np.meshgrid(column, row)
    smooth = cv2.remap(nearness, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    nearest = _picked(nearness, studio, window, size, flip)
    return np.where(np.abs(smooth - nearest) < SAME_SURFACE * nearest, smooth, nearest).astype(np.float32)


def _picked(plate: F32, studio: StudioSet, window: Window, size: tuple[int, int], flip: bool) -> F32:
    """Nearest samples; the plate may be stored smaller than the others."""
    x, y = _grid(plate, studio, window, size, flip)
    columns = np.clip(x.astype(np.intp), 0, plate.shape[1] - 1)
    rows = np.clip(y.astype(np.intp), 0, plate.shape[0] - 1)
    return np.ascontiguousarray(plate[np.ix_(rows, columns)])


def _grid(
    plate: F32, studio: StudioSet, window: Window, size: tuple[int, int], flip: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where the pixel centres of columns and rows lie in a plate."""
    x = window.left + (np.arange(size[0]) + 0.5) * window.width / size[0]
    y = window.top + (np.arange(size[1]) + 0.5) * window.height / size[1]
    if flip:
        x = studio.size[0] - x
    return x * plate.shape[1] / studio.size[0], y * plate.shape[0] / studio.size[1]


def _mirrored(area: AreaLight | None) -> AreaLight | None:
    if area is None:
        return None
    (cx, cy, cz), (ux, uy, uz), (vx, vy, vz) = area.centre, area.u, area.v
    return AreaLight((-cx, cy, cz), (-ux, uy, uz), (-vx, vy, vz))

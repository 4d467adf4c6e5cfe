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

Sample = TypeVar("Sample", np.uint8, np.uint16)

SHADOW_PX = 600
"""Longest side of the raster that shadows are cast on; it is half the canvas where that is smaller."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Canvas-size light plates (L, H, W, 3), coverage and 1 / depth; small depth, normals, coverage for ray casting."""

    plates: U16
    coverage: tuple[U8, ...]
    nearness: F32
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
    depth = _picked(studio.depth, studio, window, canvas, flip)
    small_depth = _picked(studio.depth, studio, window, small, flip)
    normal = _picked(studio.normal, studio, window, small, flip)
    if flip:
        normal = normal * np.array([-1, 1, 1], np.float32)
    return Stage(
        plates=plates,
        coverage=coverage,
        nearness=_nearness(depth),
        small_depth=small_depth,
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


def _picked(plate: F32, studio: StudioSet, window: Window, size: tuple[int, int], flip: bool) -> F32:
    """Nearest samples (depth and normals must not be mixed across edges); the plate may be stored smaller."""
    columns = window.left + (np.arange(size[0]) + 0.5) * window.width / size[0]
    rows = window.top + (np.arange(size[1]) + 0.5) * window.height / size[1]
    if flip:
        columns = studio.size[0] - columns
    x = np.clip((columns * plate.shape[1] / studio.size[0]).astype(np.intp), 0, plate.shape[1] - 1)
    y = np.clip((rows * plate.shape[0] / studio.size[1]).astype(np.intp), 0, plate.shape[0] - 1)
    return np.ascontiguousarray(plate[np.ix_(y, x)])


def _nearness(depth: F32) -> F32:
    return np.divide(1.0, depth, out=np.zeros_like(depth), where=depth > 0)


def small_nearness(stage: Stage) -> F32:
    """1 / depth of the small raster, 0 = nothing."""
    return _nearness(stage.small_depth)


def _mirrored(area: AreaLight | None) -> AreaLight | None:
    if area is None:
        return None
    (cx, cy, cz), (ux, uy, uz), (vx, vy, vz) = area.centre, area.u, area.v
    return AreaLight((-cx, cy, cz), (-ux, uy, uz), (-vx, vy, vz))

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
from inference.ops.surface import Raster, Surfaces, find_surfaces, resample_raster
from inference.types import F32, U8

Sample = TypeVar("Sample", np.uint8, np.uint16)

SHADOW_PX = 520
"""Longest side of the raster that shadows are cast on; it is half the canvas where that is smaller."""


@dataclass(frozen=True, eq=False)
class Stage:
    """What the shot sees of a set.

    Canvas size: ``plates`` uint16 (L, H, W, 3), ``coverage`` uint8 (M, H, W), ``canvas``. Size of the shadow raster:
    ``small``, ``small_depth`` (metres, 0 = nothing), ``small_normal``, ``small_coverage``, ``small_camera``.
    """

    plates: U16
    coverage: U8
    canvas: Raster
    small: Raster
    small_depth: F32
    small_normal: F32
    small_coverage: U8
    small_camera: Camera
    lamps: tuple[AreaLight | None, ...]


def set_stage(studio: StudioSet, framing: Framing) -> Stage:
    """Cut the framed window out of every plate."""
    window, flip = framing.window, framing.mirrored
    fraction = min(0.5, SHADOW_PX / max(window.out_width, window.out_height))
    canvas = (window.out_width, window.out_height)
    size = (round(window.out_width * fraction), round(window.out_height * fraction))
    plates = np.empty((len(studio.lights), canvas[1], canvas[0], 3), np.uint16)
    for light, plate in zip(studio.lights, plates, strict=True):
        plate[...] = _shown(light.codes, studio, window, canvas, flip)
    coverage = np.zeros((len(studio.materials), canvas[1], canvas[0]), np.uint8)
    small_coverage = np.zeros((len(studio.materials), size[1], size[0]), np.uint8)
    for index, material in enumerate(studio.materials):
        coverage[index] = _shown(material.coverage, studio, window, canvas, flip)
        small_coverage[index] = cv2.resize(coverage[index], size, interpolation=cv2.INTER_AREA)
    small = _raster(studio, window, find_surfaces(small_coverage), flip)
    normal = _picked(studio.normal, studio, window, size, flip)
    return Stage(
        plates=plates,
        coverage=coverage,
        canvas=_raster(studio, window, find_surfaces(coverage), flip),
        small=small,
        small_depth=np.divide(1, small.nearness, out=np.zeros_like(small.nearness), where=small.nearness > 0),
        small_normal=np.ascontiguousarray(normal * np.array([-1, 1, 1], np.float32) if flip else normal),
        small_coverage=small_coverage,
        small_camera=framing.camera.at_fraction(size[0] / canvas[0]),
        lamps=tuple(_mirrored(light.area) if flip else light.area for light in studio.lights),
    )


def _shown(
    plate: npt.NDArray[Sample], studio: StudioSet, window: Window, size: tuple[int, int], flip: bool
) -> npt.NDArray[Sample]:
    """Filtered crop of a full-size plate."""
    left = studio.size[0] - window.left - window.width if flip else window.left
    top, right, bottom = int(window.top), int(left + window.width), int(window.top + window.height)
    part = plate[top:bottom, int(left) : right]
    if flip:  # OpenCV reads rows wherever they lie, but not backwards
        part = np.ascontiguousarray(part[:, ::-1])
    shrinks = size[0] < 0.98 * window.width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return cast("npt.NDArray[Sample]", cv2.resize(part, size, interpolation=method))


def _raster(studio: StudioSet, window: Window, surfaces: Surfaces, flip: bool) -> Raster:
    height, width = surfaces.ids.shape
    columns, rows = _grid(studio.seen.nearness, studio, window, (width, height), flip)
    return resample_raster(studio.seen, columns, rows, surfaces)


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
    # Smaller plates hold every n-th pixel: their sample i lies at the centre of pixel n i.
    across, down = studio.size[0] / plate.shape[1], studio.size[1] / plate.shape[0]
    return (x - 0.5) / across + 0.5, (y - 0.5) / down + 0.5


def _mirrored(area: AreaLight | None) -> AreaLight | None:
    if area is None:
        return None
    (cx, cy, cz), (ux, uy, uz), (vx, vy, vz) = area.centre, area.u, area.v
    return AreaLight((-cx, cy, cz), (-ux, uy, uz), (-vx, vy, vz))

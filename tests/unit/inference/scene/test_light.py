"""Shadow maps brought up to the canvas."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.ops.light import mix
from inference.ops.surface import Raster, find_surfaces
from inference.types import U8

CANVAS, SMALL = (240, 360), (80, 120)
SHADED, OPEN = 0.2, 1.0


def _blurred_halves(width_px: int) -> U8:
    """Coverage (2, H, W) of two surfaces that meet in an edge of ``width_px``, slightly slanted."""
    y, x = np.mgrid[: CANVAS[0], : CANVAS[1]].astype(np.float32)
    right = np.clip((x + 0.15 * y - 190) / width_px + 0.5, 0, 1)
    return np.stack([np.rint(255 * (1 - right)), np.rint(255 * right)]).astype(np.uint8)


@pytest.mark.parametrize("width_px", [2, 12, 40])
def test_a_shadow_ends_with_its_surface_however_soft_the_edge_is(width_px: int) -> None:
    coverage = _blurred_halves(width_px)
    small = np.stack([cv2.resize(plane, SMALL[::-1], interpolation=cv2.INTER_AREA) for plane in coverage])
    rasters = []
    for planes in (coverage, small):
        surfaces = find_surfaces(planes)
        rasters.append(Raster(np.where(surfaces.ids == 0, 1.0, 2.0).astype(np.float32), surfaces))
    # The left surface lies in shadow; as in a real set, what is cast near its edge is not to be relied on.
    cast = np.where(rasters[1].surfaces.ids == 0, SHADED, OPEN).astype(np.float32)
    cast[rasters[1].surfaces.share < 250] = 0.6
    maps = np.repeat(cast[..., None], 2, axis=2)
    codes = np.full((1, *CANVAS, 3), 40000, np.uint16)
    _, shade = mix(codes, np.ones((1, 3), np.float32), np.array([0]), maps, *rasters)
    expected = SHADED + (OPEN - SHADED) * coverage[1].astype(np.float32) / 255
    assert float(np.abs(shade - expected).max()) < 0.06

"""Lamps as a shadow sees them: larger, lower or higher, and how deep their shadow is drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from inference.ops.geometry import F64
from inference.ops.shadow import AreaLight
from inference.types import F32

LOWEST_DEG, HIGHEST_DEG = 6.0, 86.0


def resized(lamp: AreaLight, factor: float) -> AreaLight:
    """The lamp with its edges ``factor`` times as long, about its centre."""
    (ux, uy, uz), (vx, vy, vz) = lamp.u, lamp.v
    return replace(lamp, u=(factor * ux, factor * uy, factor * uz), v=(factor * vx, factor * vy, factor * vz))


def lowered(lamp: AreaLight, about: F64, length: float) -> AreaLight:
    """The lamp moved on a circle about a point of the support, so that shadows there are ``length`` times as long.

    A shadow's length goes with the cotangent of the lamp's elevation. Azimuth, distance and the lamp's size stay.
    """
    way = np.asarray(lamp.centre, np.float64) - about
    ground = math.hypot(way[0], way[1])
    if ground < 1e-6 or way[2] <= 0:
        return lamp
    before = math.atan2(way[2], ground)
    after = math.atan2(way[2] / length, ground)
    after = min(max(after, math.radians(LOWEST_DEG)), max(before, math.radians(HIGHEST_DEG)))
    outwards = np.array([way[0] / ground, way[1] / ground, 0.0])
    turn = _rotation(np.array([-outwards[1], outwards[0], 0.0]), before - after)
    return AreaLight(
        _triple(about + turn @ way), _triple(turn @ np.asarray(lamp.u)), _triple(turn @ np.asarray(lamp.v))
    )


def deepened(maps: F32, intensity: float) -> F32:
    """Visibility maps (1 = lit) with a lighter shadow (a mix with none, below 1) or a deeper one (a power, above)."""
    if intensity == 1.0:
        return maps
    if intensity < 1.0:
        return (1 - np.float32(intensity) * (1 - maps)).astype(np.float32)
    return np.power(np.clip(maps, 0, 1), np.float32(intensity)).astype(np.float32)


def sideways(lamp: AreaLight | None, about: F64, across: F64) -> float:
    """Where a lamp stands as the camera sees it: -1 = left, 1 = right of the product; 0 for light from all around."""
    if lamp is None:
        return 0.0
    way = np.asarray(lamp.centre, np.float64) - about
    flat = math.hypot(way[0], way[1])
    return float(way @ across) / flat if flat > 1e-6 else 0.0


def _rotation(axis: F64, angle: float) -> F64:
    """Rodrigues' formula, for a unit axis."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross, np.float64)


def _triple(vector: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])

"""Real soft shadows and ambient occlusion of a product, cast on the depth of the set.

From the world position of every pixel, rays go to points on each area light (visibility) and over the cosine-weighted
hemisphere (occlusion of the surrounding light). Sixteen sample patterns are interleaved over 4 x 4 pixels (Keller and
Heidrich 2001) and a 5 x 5 filter of exactly that period, stopped at edges of depth and normal, merges them: 16 times
the samples for the price of one, without noise. Everything is computed for the plate, also behind the product, so that
no halo can appear at its outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np

from inference.ops.body import Body, blocked, camera_in_frame, pixel_position
from inference.ops.geometry import F64, Camera
from inference.ops.plane_filter import merged_on_planes
from inference.types import F32

PATTERNS = 16
RAYS = 5
STRATUM = 2 / (PATTERNS * RAYS) ** 0.5
NEAR_RADII, FAR_RADII = 1.5, 2.5
"""Up to the first distance (in radii of the product) occlusion is sampled, beyond the second it is that of a sphere, in
closed form; between them the two are blended."""


@dataclass(frozen=True)
class AreaLight:
    """An emitting parallelogram: centre and half-extent vectors in world metres."""

    centre: tuple[float, float, float]
    u: tuple[float, float, float]
    v: tuple[float, float, float]


def _low_discrepancy(count: int) -> F64:
    """(count, 2) points of the R2 sequence (Roberts 2018) in 0..1."""
    root = 1.32471795724474602596
    index = np.arange(1, count + 1)[:, None]
    return np.asarray((0.5 + index * np.array([1 / root, 1 / root**2])) % 1.0, np.float64)


def _shuffled(points: F64) -> F64:
    """Deal points out to the patterns so that each one, and each neighbourhood, covers the whole domain."""
    return points.reshape(RAYS, PATTERNS, -1).transpose(1, 0, 2).copy()


def light_samples(light: AreaLight, body: Body) -> F64:
    """(16, RAYS, 3) points on the light in the body's frame."""
    square = _low_discrepancy(PATTERNS * RAYS) * 2 - 1
    world = np.asarray(light.centre) + square[:, :1] * np.asarray(light.u) + square[:, 1:] * np.asarray(light.v)
    return _shuffled(body.frame.local(world))


def _ball_around(light: AreaLight, body: Body) -> list[float]:
    """Centre in the body's frame, radius, and the half-extent vectors in the frame."""
    turn = body.frame.rotation
    radius = float(np.linalg.norm(light.u) + np.linalg.norm(light.v))
    return [*body.frame.local(light.centre), radius, *(turn @ np.asarray(light.u)), *(turn @ np.asarray(light.v))]


def sky_samples() -> F64:
    """(16, RAYS, 3) cosine-weighted directions about +z (Malley's method)."""
    square = _low_discrepancy(PATTERNS * RAYS)
    radius, angle = np.sqrt(square[:, 0]), 2 * np.pi * square[:, 1]
    height = np.sqrt(np.maximum(0.0, 1 - square[:, 0]))
    return _shuffled(np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1))


@numba.njit(cache=True, nogil=True)
def _noise(x: int, y: int, index: int) -> float:
    """A hash in -0.5..0.5 that is the same on every machine."""
    value = (x * 73856093) ^ (y * 19349663) ^ (index * 83492791)
    value = ((value ^ (value >> 13)) * 1274126177) & 0x7FFFFFFF
    return float((value ^ (value >> 16)) & 0xFFFF) / 65535.0 - 0.5


@numba.njit(cache=True, nogil=True)
def _towards_light(
    card: Any,
    metrics: Any,
    p: tuple[float, float, float],
    n: tuple[float, float, float],
    points: Any,
    lamp: Any,
    at: Any,
) -> float:
    total = 0.0
    lit = 0.0
    jitter = _march_offset(at)
    for ray in range(points.shape[0]):
        # Moved within its stratum from pixel to pixel: the steps of a wide penumbra dissolve instead of banding.
        s, t = STRATUM * _noise(at[0], at[1], 2 * ray), STRATUM * _noise(at[0], at[1], 2 * ray + 1)
        a = points[ray, 0] + s * lamp[4] + t * lamp[7] - p[0]
        b = points[ray, 1] + s * lamp[5] + t * lamp[8] - p[1]
        c = points[ray, 2] + s * lamp[6] + t * lamp[9] - p[2]
        cosine = (a * n[0] + b * n[1] + c * n[2]) / np.sqrt(a * a + b * b + c * c)
        if cosine > 0.0:
            total += cosine
            lit += cosine * (1.0 - blocked(card, metrics, p, (a, b, c), 1.0, jitter))
    return float(lit / total) if total > 0.0 else 1.0


@numba.njit(cache=True, nogil=True)
def _near_shaft(p: tuple[float, float, float], ball: Any, lamp: Any) -> bool:
    """Whether the shaft of light from a lamp (centre, radius) to p comes near the ball (centre, radius) at all."""
    a, b, c = lamp[0] - p[0], lamp[1] - p[1], lamp[2] - p[2]
    x, y, z = ball[0] - p[0], ball[1] - p[1], ball[2] - p[2]
    squared = a * a + b * b + c * c
    t = min(1.0, max(0.0, (a * x + b * y + c * z) / squared))
    gap = np.sqrt((x - t * a) ** 2 + (y - t * b) ** 2 + (z - t * c) ** 2)
    return bool(gap < ball[3] + lamp[3] * min(1.0, t + ball[3] / np.sqrt(squared)))


@numba.njit(cache=True, nogil=True)
def _towards_sky(
    card: Any, metrics: Any, p: tuple[float, float, float], n: tuple[float, float, float], rays: Any, at: Any
) -> float:
    # Tangent frame without branches on the poles: Duff et al. 2017.
    sign = 1.0 if n[2] >= 0.0 else -1.0
    s = -1.0 / (sign + n[2])
    q = n[0] * n[1] * s
    tx, ty, tz = 1.0 + sign * n[0] * n[0] * s, sign * q, -sign * n[0]
    bx, by, bz = q, sign + n[1] * n[1] * s, -n[1]
    lit = 0.0
    jitter = _march_offset(at)
    for ray in range(rays.shape[0]):
        turn = 0.3 * _noise(at[0], at[1], 97 + ray)
        x, y, z = rays[ray, 0] - turn * rays[ray, 1], rays[ray, 1] + turn * rays[ray, 0], rays[ray, 2]
        way = (x * tx + y * bx + z * n[0], x * ty + y * by + z * n[1], x * tz + y * bz + z * n[2])
        lit += 1.0 - blocked(card, metrics, p, way, 1e6, jitter)
    return float(lit / rays.shape[0])


@numba.njit(cache=True, nogil=True)
def _open_sky(
    card: Any, metrics: Any, p: tuple[float, float, float], n: tuple[float, float, float], rays: Any, ball: Any, at: Any
) -> float:
    a, b, c = ball[0] - p[0], ball[1] - p[1], ball[2] - p[2]
    away = np.sqrt(a * a + b * b + c * c)
    share = min(1.0, max(0.0, (away / ball[3] - NEAR_RADII) / (FAR_RADII - NEAR_RADII)))
    analytic = 1.0
    if share > 0.0:
        analytic = 1.0 - max(0.0, (a * n[0] + b * n[1] + c * n[2]) / away) * ball[4] / (np.pi * away * away)
    if share == 1.0:
        return float(analytic)
    sampled = _towards_sky(card, metrics, p, n, rays, at)
    share = share * share * (3.0 - 2.0 * share)
    return float(share * analytic + (1.0 - share) * sampled)


@numba.njit(cache=True, nogil=True)
def _march_offset(at: tuple[int, int]) -> float:
    return ((((at[1] % 4) * 4 + at[0] % 4) * 7) % 16 + 0.5) / 16.0


@numba.njit(cache=True, nogil=True)
def _meets(at: float, low: float, high: float, least: float, most: float) -> tuple[float, float]:
    """The times in which what leaves ``at`` at speeds of ``least`` to ``most`` can be between low and high."""
    near, far = 0.0, 1.0
    for room, fastest in ((high - at, least), (at - low, -most)):  # it must not be too high, nor too low
        if fastest > 0.0:
            far = min(far, room / fastest)
        elif fastest < 0.0:
            near = max(near, room / fastest)
        elif room < 0.0:
            far = -1.0
    return near, far


@numba.njit(cache=True, nogil=True)
def _may_shade(p: tuple[float, float, float], box: Any, reach: Any) -> bool:
    """Whether any ray from p to a lamp within ``reach`` can meet the box: never no where one does."""
    near, far = 0.0, 1.0
    for axis in range(3):
        at = p[axis]
        begin, end = _meets(at, box[axis, 0], box[axis, 1], reach[axis, 0] - at, reach[axis, 1] - at)
        near, far = max(near, begin), min(far, end)
    return near <= far + 1e-9


@numba.njit(cache=True, nogil=True)
def _cast(
    depth: Any,
    normal: Any,
    lens: Any,
    card: Any,
    metrics: Any,
    ball: Any,
    lights: Any,
    lamps: Any,
    sky: Any,
    box: Any,
    reach: Any,
    out: Any,
) -> None:
    height, width = depth.shape
    count = lights.shape[0]
    for y in range(height):
        for x in range(width):
            z = depth[y, x]
            if z <= 0.0:
                continue
            p = pixel_position(lens, x + 0.5, y + 0.5, z)
            n = (float(normal[y, 0, x]), float(normal[y, 1, x]), float(normal[y, 2, x]))
            pattern = (y % 4) * 4 + (x % 4)
            for light in range(count):
                if _may_shade(p, box, reach[light]) and _near_shaft(p, ball, lamps[light]):
                    points = lights[light, pattern]
                    out[y, light, x] = _towards_light(card, metrics, p, n, points, lamps[light], (x, y))
            out[y, count, x] = _open_sky(card, metrics, p, n, sky[pattern], ball, (x, y))


def _bounds(body: Body, lamps: F64) -> tuple[F64, F64]:
    """The body's box, (3, 2), and the box around the points of each lamp, (lamps, 3, 2), with room for rounding."""
    left, right, height, thick = body.metrics[:4]
    room = 1e-6 * (1 + float(np.abs(body.metrics[:4]).max()))
    box = np.array([[-left, right], [0.0, thick], [0.0, height]]) + np.array([-room, room])
    half = (1 + STRATUM / 2) * (np.abs(lamps[:, 4:7]) + np.abs(lamps[:, 7:10])) * (1 + 1e-6) + room
    return box, np.stack([lamps[:, :3] - half, lamps[:, :3] + half], axis=2)


def visibility(depth: F32, normal: F32, camera: Camera, body: Body, lights: list[AreaLight]) -> F32:
    """How much of each light, and of the light from all around, still arrives beside the product.

    Args:
        depth: float32 (h, w), planar depth in metres; <= 0 is background, which nothing shades.
        normal: float32 (h, w, 3), world unit normals.
        camera: of this raster.
        body: the product.
        lights: area lights.

    Returns:
        float32 (h, w, len(lights) + 1), 1 = unshadowed; the last plane is ambient occlusion.
    """
    lens = camera_in_frame(camera, body.frame)
    turned = np.ascontiguousarray((normal @ body.frame.rotation.T.astype(np.float32)).transpose(0, 2, 1))
    points = np.stack([light_samples(light, body) for light in lights]) if lights else np.zeros((0, PATTERNS, RAYS, 3))
    raw = np.ones((depth.shape[0], len(lights) + 1, depth.shape[1]), np.float32)
    silhouette = float(body.card.mean()) * (body.metrics[0] + body.metrics[1]) * body.metrics[2]
    ball = np.array([*body.centre, body.radius_m, silhouette])
    lamps = np.array([_ball_around(light, body) for light in lights]).reshape(-1, 10)
    seen, sky = (depth, turned, lens), sky_samples()
    _cast(*seen, body.card, body.metrics, ball, points, lamps, sky, *_bounds(body, lamps), raw)
    return merged_on_planes(raw, *seen)

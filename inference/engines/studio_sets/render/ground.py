"""Surfaces that are not flat: cloth, sand, hanging drapes. Heights on a grid, normals from their slopes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, grid, swept_profile
from inference.engines.studio_sets.render.noise import fractal, noise


def dunes(
    size: Sequence[float],
    height: float,
    ripple: float = 0.0,
    wave_m: float = 0.03,
    seed: int = 1,
    calm_m: float = 0.0,
    cells_m: float = 0.003,
) -> MeshData:
    """A field of sand around the origin: rolling `height`, wind ripples of `ripple` height every `wave_m`.

    Within `calm_m` of the origin it is level, so that a product stands.
    """
    x, y = _plane(size, cells_m)
    shape = x.shape
    rolling = fractal(shape, (0.45 / cells_m, 0.6 / cells_m), seed, 2) * height / 2.5
    bend = noise(shape, (0.35 / cells_m, 0.5 / cells_m), seed + 7) * 0.03 + x * 0.25
    phase = (y + bend) / wave_m
    within = phase - np.floor(phase)
    # Wind ripples are steep on the lee side.
    crest = np.where(within < 0.68, within / 0.68, (1 - within) / 0.32)
    strength = np.clip(0.65 + 0.35 * noise(shape, (0.15 / cells_m, 0.2 / cells_m), seed + 3), 0.15, 1.3)
    z = rolling + ripple * strength * (0.5 - 0.5 * np.cos(np.pi * crest))
    grains = noise(shape, (1.6, 1.6), seed + 11) * 0.00009
    share = _calm(x, y, calm_m)
    z = share * (z - z[shape[0] // 2, shape[1] // 2]) + grains
    return _field(x, y, z)


def cloth(
    size: Sequence[float],
    depth: float,
    folds: int = 5,
    angle_deg: float = 25.0,
    seed: int = 1,
    calm_m: float = 0.0,
    cells_m: float = 0.004,
) -> MeshData:
    """A cloth thrown on a table: long soft folds of `depth` across `angle_deg` that meet and fade."""
    x, y = _plane(size, cells_m)
    shape = x.shape
    turn = np.radians(angle_deg)
    z = np.zeros(shape)
    rng = np.random.default_rng(seed)
    for number in range(folds):
        way = turn + rng.normal(0, 0.35)
        across = x * np.sin(way) - y * np.cos(way)
        along = x * np.cos(way) + y * np.sin(way)
        offset = rng.uniform(-0.45, 0.45) * max(size)
        wander = 0.05 * np.sin(along * rng.uniform(3, 6) + rng.uniform(0, 6)) + 0.12 * along * rng.normal(0, 0.6)
        width = rng.uniform(0.018, 0.045) * (1 + 0.5 * np.sin(along * rng.uniform(2, 5) + rng.uniform(0, 6)))
        ridge = np.exp(-(((across - offset - wander) / width) ** 2))
        fade = np.clip(0.55 + 0.45 * np.sin(along * rng.uniform(1.5, 3.5) + rng.uniform(0, 6)), 0, 1)
        z = z + depth * rng.uniform(0.5, 1.0) * ridge * fade * (1 if number % 3 else 0.6)
    z = z + depth * 0.12 * fractal(shape, (0.16 / cells_m, 0.16 / cells_m), seed + 5, 2)
    share = _calm(x, y, calm_m)
    return _field(x, y, share * (z - z.min()) * 0.9)


def satin(size: Sequence[float], depth: float, wave_m: float, seed: int = 1, calm_m: float = 0.0) -> MeshData:
    """Satin pushed together: smooth waves that bend and swell, every `wave_m`."""
    cells_m = 0.004
    x, y = _plane(size, cells_m)
    shape = x.shape
    bend = noise(shape, (0.4 / cells_m, 0.35 / cells_m), seed) * 0.075
    swell = 0.6 + 0.4 * noise(shape, (0.3 / cells_m, 0.25 / cells_m), seed + 1)
    phase = (0.8 * y + 0.45 * x + bend) / wave_m * 2 * np.pi
    z = depth * swell * (np.sin(phase) + 0.28 * np.sin(2 * phase + 0.8 + 3 * bend))
    share = _calm(x, y, calm_m)
    return _field(x, y, share * z)


def drape(
    profile: Sequence[Sequence[float]],
    width: float,
    radius: float,
    folds_per_m: float,
    depth: float,
    seed: int = 1,
    smooth_below_m: float = 0.25,
) -> MeshData:
    """Cloth that hangs and runs out on the table: a (y, z) profile with vertical folds that fade towards the table."""
    rows = _resampled(swept_profile(profile, radius, 120), 640)
    curve, normal = rows[:, :2], rows[:, 2:]
    columns = round(width / 0.004)
    x = np.linspace(-width / 2, width / 2, columns)
    shape = (len(curve), columns)
    wander = noise(shape, (len(curve) / 2.5, columns / (width * folds_per_m * 0.7)), seed) * 0.35
    phase = 2 * np.pi * folds_per_m * x[None, :] + 2.2 * wander
    fold = np.sin(phase) + 0.35 * np.sin(2.1 * phase + 1.0) + 0.25 * wander
    share = np.clip((curve[:, 1] - 0.02) / smooth_below_m, 0, 1)[:, None]
    share = share * share * (3 - 2 * share)
    lift = depth * fold * share
    points = np.stack(
        [
            np.broadcast_to(x, shape),
            curve[:, :1] + normal[:, :1] * lift,
            curve[:, 1:] + normal[:, 1:] * lift,
        ],
        -1,
    )
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    uv = np.stack([np.broadcast_to(x, shape), np.broadcast_to(along[:, None], shape)], -1)
    normals = _normals(points)
    facing = np.stack([np.zeros(len(curve)), normal[:, 0], normal[:, 1]], -1)[:, None]
    normals *= np.where((normals * facing).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    return grid(points, normals, uv)


def _resampled(rows: Floats, count: int) -> Floats:
    """Rows (y, z, normal y, normal z) at equal distances along the curve."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(rows[:, :2], axis=0), axis=1))])
    even = np.linspace(0, along[-1], count)
    made = np.stack([np.interp(even, along, rows[:, column]) for column in range(4)], 1)
    made[:, 2:] /= np.linalg.norm(made[:, 2:], axis=1, keepdims=True)
    return made


def _plane(size: Sequence[float], cells_m: float) -> tuple[Floats, Floats]:
    columns, rows = round(size[0] / cells_m), round(size[1] / cells_m)
    x, y = np.meshgrid(np.linspace(-size[0] / 2, size[0] / 2, columns), np.linspace(-size[1] / 2, size[1] / 2, rows))
    return x, y


def _calm(x: Floats, y: Floats, calm_m: float) -> Floats:
    """0 around the origin, 1 from 2.4 times `calm_m` on."""
    if not calm_m:
        return np.ones_like(x)
    t = np.clip((np.hypot(x, y) / calm_m - 1) / 1.4, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _field(x: Floats, y: Floats, z: Floats) -> MeshData:
    points = np.stack([x, y, z], -1)
    normals = _normals(points)
    normals *= np.sign(normals[..., 2:])
    return grid(points, normals, np.stack([x, y], -1))


def _normals(points: Floats) -> Floats:
    down, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = np.cross(across, down)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12))

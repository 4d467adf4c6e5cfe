"""Round things of nature: pebbles, boulders, slabs with broken edges, pumpkins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, grid, join


def pebble(size: Sequence[float], seed: int, bumps: float = 0.10, flatness: float = 2.3) -> MeshData:
    """One stone of (x, y, z) `size` lying on z = 0: a rounded body with gentle dents; higher `flatness` is boxier."""
    return _stone(np.asarray(size, float), np.random.default_rng(seed), bumps, flatness, 96)


def pebbles(
    area: Sequence[float],
    count: int,
    size: Sequence[float],
    seed: int,
    clear_m: float = 0.0,
    flat: float = 0.55,
    band: Sequence[float] = (0.0, 1.0),
) -> MeshData:
    """`count` stones strewn over `area` (x, y) around the origin; widths between the two of `size`, none on another.

    `clear_m` keeps the middle free; `band` limits them to a part of the area from front (0) to back (1).
    """
    rng = np.random.default_rng(seed)
    parts: list[MeshData] = []
    placed: list[tuple[float, float, float]] = []
    for _ in range(count * 12):
        if len(parts) == count:
            break
        width = size[0] + (size[1] - size[0]) * rng.random() ** 2.2
        x = rng.uniform(-0.5, 0.5) * area[0]
        y = (rng.uniform(band[0], band[1]) - 0.5) * area[1]
        if np.hypot(x, y) < clear_m + width / 2:
            continue
        if any(np.hypot(x - px, y - py) < 0.5 * (width + other) for px, py, other in placed):
            continue
        placed.append((x, y, width))
        body = np.array([width, width * rng.uniform(0.65, 0.95), width * flat * rng.uniform(0.7, 1.15)])
        stone = _stone(body, rng, 0.09, 2.2, 40)
        parts.append(_moved(stone, rng.uniform(0, 6.28), np.array([x, y, -0.12 * body[2]])))
    return join(parts)


def slab(size: Sequence[float], seed: int, ragged: float = 0.012, segments: int = 360) -> MeshData:
    """A flat stone plate of (x, y, z) `size` with broken edges, its top at z = size[2]."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, segments + 1)
    square = 1 / (np.abs(np.cos(angle)) ** 5 + np.abs(np.sin(angle)) ** 5) ** 0.2
    rings = [(0.0, 1.0, 0.0), (0.55, 1.0, 0.0), (0.93, 1.0, 0.0)]
    rings += [(0.972, 0.995, 0.1), (0.99, 0.96, 0.4), (1.0, 0.85, 0.9), (1.004, 0.55, 1.0), (0.99, 0.2, 1.0)]
    rings += [(0.96, 0.0, 0.7)]
    # Stone breaks in long shallow bites with a few small ones; as many small as large ones look punched.
    outline = sum(share * _wave(angle, rng, low, high) for low, high, share in ((2, 5, 1), (6, 14, 0.4), (15, 40, 0.1)))
    points = np.empty((len(rings), len(angle), 3))
    for row, (reach, height, rough) in enumerate(rings):
        chips = _wave(angle, rng, 30, 70) + _wave(angle, rng, 8, 20)
        radius = reach * square * (1 + (ragged / min(size[:2]) * 0.7) * (outline + 0.05 * rough * chips))
        points[row] = np.stack(
            [
                radius * np.cos(angle) * size[0] / 2,
                radius * np.sin(angle) * size[1] / 2,
                size[2] * height + 0.0012 * rough * chips,
            ],
            -1,
        )
    points[:, -1] = points[:, 0]
    # Down the broken edge the texture goes on: seen from above alone it would be drawn out to stripes.
    uv = points[..., :2] + np.stack([np.zeros(points.shape[:2]), size[2] - points[..., 2]], -1)
    return grid(points, _outward(points, np.array([0, 0, size[2] / 2])), uv)


def pumpkin(radius: float, height: float, ribs: int = 10, seed: int = 1) -> MeshData:
    """A ribbed gourd standing on z = 0, without its stem."""
    rng = np.random.default_rng(seed)
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 241), np.linspace(-np.pi / 2, np.pi / 2, 97))
    lobes = np.abs(np.cos(u * ribs / 2 + 0.12 * np.sin(3 * u + rng.uniform(0, 6)))) ** 0.75
    swell = 1 - 0.15 * (1 - lobes) * np.cos(v) ** 0.6
    # Both poles are drawn in.
    z = np.sin(v) * (1 - 0.30 * np.exp(-((np.cos(v) / 0.35) ** 2)))
    reach = radius * np.cos(v) ** 0.72 * swell
    points = np.stack([reach * np.cos(u), reach * np.sin(u), height / 2 * (1 + 1.25 * z)], -1)
    points[..., 2] -= points[..., 2].min()
    return grid(points, _outward(points, np.array([0, 0, height / 2])), np.stack([u * radius, v * height / 2], -1))


def _stone(size: Floats, rng: np.random.Generator, bumps: float, flatness: float, segments: int) -> MeshData:
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * segments + 1), np.linspace(-np.pi / 2, np.pi / 2, segments + 1))
    ray = np.stack([np.cos(v) * np.cos(u), np.cos(v) * np.sin(u), np.sin(v)], -1)
    radius = 1 / (np.abs(ray) ** flatness).sum(-1) ** (1 / flatness)
    for low, high, share in ((1.0, 2.0, 1.0), (2.0, 4.0, 0.5), (4.0, 8.0, 0.22)):
        for _ in range(3):
            way = rng.normal(0, 1, 3)
            way *= rng.uniform(low, high) / np.linalg.norm(way)
            radius = radius * (1 + bumps * share * 0.5 * np.sin(ray @ way * 1.7 + rng.uniform(0, 6.28)))
    points = ray * radius[..., None] * size / 2
    points[:, -1] = points[:, 0]
    points[..., 2] -= points[..., 2].min()
    middle = np.array([0, 0, points[..., 2].max() / 2])
    return grid(points, _outward(points, middle), np.stack([u * size[0] / 2, v * size[2] / 2], -1))


def _outward(points: Floats, middle: Floats) -> Floats:
    """Smooth normals of a closed grid whose last column repeats the first; at its poles straight away from `middle`."""
    wrapped = np.concatenate([points[:, -2:-1], points, points[:, 1:2]], axis=1)
    across = np.gradient(wrapped, axis=1)[:, 1:-1]
    normals = np.cross(across, np.gradient(points, axis=0))
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    away = points - middle
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)
    normals = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), away)
    inward = (normals * away).sum(-1, keepdims=True) < 0
    return np.asarray(np.where(inward, -normals, normals))


def _wave(angle: Floats, rng: np.random.Generator, low: int, high: int) -> Floats:
    """A periodic random wave of unit deviation with `low` to `high` swings a turn."""
    total = np.zeros_like(angle)
    for swings in range(low, high + 1):
        total += rng.normal() * np.sin(swings * angle + rng.uniform(0, 6.28))
    return np.asarray(total / np.sqrt((high - low + 1) / 2))


def _moved(mesh: MeshData, turn: float, shift: Floats) -> MeshData:
    matrix = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return MeshData(mesh.vertices @ matrix.T + shift, mesh.normals @ matrix.T, mesh.uv, mesh.faces)

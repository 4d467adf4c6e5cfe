"""Twigs, fronds, petals and fallen leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, grid, join, tube
from inference.engines.studio_sets.render.shadow_casters import leaf_blade


def pine(length: float, needles: int = 420, needle: float = 0.032, seed: int = 1, twigs: int = 4) -> MeshData:
    """A fir twig lying on z = 0 along +x, with side twigs; needles stand around the stem."""
    rng = np.random.default_rng(seed)
    parts: list[MeshData] = []
    stems = [(np.zeros(3), 0.0, length)]
    for number in range(twigs):
        at = length * (0.25 + 0.55 * number / max(1, twigs))
        side = 1 if number % 2 else -1
        stems.append((np.array([at, 0, 0]), side * rng.uniform(0.55, 0.85), length * rng.uniform(0.32, 0.5)))
    for base, turn, reach in stems:
        t = np.linspace(0, 1, 24)
        way = np.array([np.cos(turn), np.sin(turn), 0])
        bend = rng.normal(0, 0.05)
        path = base + reach * (t[:, None] * way + bend * (t**2)[:, None] * np.array([-way[1], way[0], 0]))
        path[:, 2] += 0.010 + 0.02 * reach * np.sin(np.pi * t)
        parts.append(tube(path, 0.0018 * np.linspace(1, 0.4, len(t)), 6))
        parts.append(_needles(path, round(needles * reach / length), needle, rng))
    return join(parts)


def _needles(path: Floats, count: int, length: float, rng: np.random.Generator) -> MeshData:
    at = rng.uniform(0.03, 1.0, count)
    index = np.clip((at * (len(path) - 1)).astype(int), 0, len(path) - 2)
    along = path[index + 1] - path[index]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    turn = rng.uniform(0, 2 * np.pi, count)
    side = np.cross(along, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, along)
    out = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * up
    way = along * rng.uniform(0.5, 0.9, (count, 1)) + out * rng.uniform(0.6, 0.9, (count, 1))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    size = length * rng.uniform(0.7, 1.1, (count, 1))
    across = np.cross(way, rng.normal(0, 1, (count, 3)))
    across *= 0.00085 / np.linalg.norm(across, axis=1, keepdims=True)
    base = path[index] + 0.0012 * out
    corners = np.stack([base - across, base + across, base + way * size + across * 0.3], 1)
    normal = np.cross(across, way)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    corners[..., 2] = np.maximum(corners[..., 2], 0.0006)
    faces = np.arange(3 * count).reshape(-1, 3)
    return MeshData(corners.reshape(-1, 3), np.repeat(normal, 3, 0), np.zeros((3 * count, 2)), faces)


def frond(length: float, leaflets: int = 26, leaflet: Sequence[float] = (0.30, 0.028), droop: float = 0.35) -> MeshData:
    """A palm frond from the origin along +x, drooping, leaflets in pairs: made to throw shadows."""
    t = np.linspace(0, 1, 60)
    rib = length * np.stack([t, np.zeros_like(t), -droop * t**2], 1)
    rng = np.random.default_rng(leaflets)
    parts = [tube(rib, 0.006 * np.linspace(1, 0.3, len(t)), 6)]
    for number in range(leaflets):
        at = 0.12 + 0.86 * number / leaflets
        index = int(at * 58)
        along = rib[index + 1] - rib[index]
        along /= np.linalg.norm(along)
        reach = leaflet[0] * np.sin(np.pi * (0.15 + 0.8 * at)) ** 0.6
        for side in (-1.0, 1.0):
            way = along * 0.75 + np.array([0, side, -0.12]) * rng.uniform(0.9, 1.1)
            parts.append(leaf_blade(rib[index], way, reach, leaflet[1], rng))
    return join(parts)


def strewn(
    area: Sequence[float],
    count: int,
    leaf: Sequence[float],
    seed: int,
    clear_m: float = 0.0,
    curl: float = 0.25,
    tip: float = 0.8,
) -> MeshData:
    """Leaves or petals (length, width) that fell on `area` (x, y) around the origin, each curled in its own way.

    `tip` near 1 makes them pointed at the end, near 0.5 round as petals.
    """
    rng = np.random.default_rng(seed)
    parts: list[MeshData] = []
    while len(parts) < count:
        x, y = rng.uniform(-0.5, 0.5, 2) * np.asarray(area)
        if np.hypot(x, y) < clear_m:
            continue
        parts.append(_fallen(np.array([x, y]), leaf, curl, tip, rng))
    return join(parts)


def _fallen(spot: Floats, leaf: Sequence[float], curl: float, tip: float, rng: np.random.Generator) -> MeshData:
    length, width = np.asarray(leaf) * rng.uniform(0.7, 1.15)
    t, s = np.linspace(0, 1, 21)[:, None], np.linspace(-1, 1, 11)[None, :]
    half = width / 2 * np.sin(np.pi * t**tip) ** 0.65 + 0.0002
    cup, roll = rng.uniform(0.2, 1.0) * curl, rng.uniform(-0.6, 1.0) * curl
    x, y = (t - 0.5) * length * np.ones_like(s), half * s
    z = cup * half * s**2 * 1.6 + roll * length * (t - 0.5) ** 2 * 2
    turn = rng.uniform(0, 2 * np.pi)
    tilt = rng.normal(0, 0.12)
    z = z + tilt * x
    z = z - z.min() + 0.0006
    points = np.stack([np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y, z], -1)
    points[..., :2] += spot
    normals = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    normals *= np.where(normals[..., 2:] < 0, -1.0, 1.0)
    return grid(points, normals, np.stack([x, y], -1))

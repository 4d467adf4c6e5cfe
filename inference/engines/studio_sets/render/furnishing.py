"""Made things around a product: rings, frames, blinds, bows, bundles of sticks, cushions of folded cloth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render.meshes import MeshData, box, grid, join, tube
from inference.engines.studio_sets.render.shadow_casters import panel


def ring(radius: float, tube_radius: float, segments: int = 256, around: int = 48) -> MeshData:
    """A torus that stands upright on z = 0, facing -y."""
    turn = np.linspace(0, 2 * np.pi, segments + 1)[:, None]
    roll = np.linspace(0, 2 * np.pi, around + 1)[None, :]
    out = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], -1)
    normals = np.cos(roll)[..., None] * out + np.sin(roll)[..., None] * np.array([0.0, 1.0, 0.0])
    center = np.array([0.0, 0.0, radius + tube_radius])
    points = center + radius * out + tube_radius * normals
    return grid(points, normals, np.stack(np.broadcast_arrays(turn * radius, roll * tube_radius), -1))


def blinds(width: float, slats: int, slat: float, gap: float, margin: float = 2.0) -> MeshData:
    """Horizontal slats before a window at y = 0, centred on the origin, with wall around: throws stripes."""
    half = (slats * (slat + gap) - gap) / 2
    spans = [(-width / 2 - margin, -width / 2, -half, half), (width / 2, width / 2 + margin, -half, half)]
    spans += [(-width / 2 - margin, width / 2 + margin, z, z + margin) for z in (-half - margin, half)]
    spans += [
        (-width / 2, width / 2, -half + number * (slat + gap), -half + number * (slat + gap) + slat)
        for number in range(slats)
    ]
    return join([panel(*span) for span in spans])


def bow(size: float, width: float) -> MeshData:
    """A ribbon bow on z = 0: two loops, two tails."""
    parts = []
    for side in (-1.0, 1.0):
        t = np.linspace(0, 2 * np.pi, 60)
        x = side * size * 0.5 * (1 - np.cos(t)) / 2
        z = size * 0.30 * np.sin(t) * (0.35 + 0.65 * (1 - np.cos(t)) / 2) + 0.10 * size
        parts.append(_ribbon(np.stack([x, 0.05 * size * np.sin(t / 2), z - z.min() + 0.001], -1), width))
        t = np.linspace(0, 1, 30)
        tail = np.stack([side * size * 0.42 * t, -size * 0.38 * t, 0.0015 + 0.05 * size * np.sin(np.pi * t) ** 2], -1)
        parts.append(_ribbon(tail, width))
    knot = box([width * 0.9, width * 0.9, width * 0.7], bevel=width * 0.3)
    return join([*parts, knot])


def _ribbon(path: np.ndarray, width: float) -> MeshData:
    tangent = np.gradient(path, axis=0)
    across = np.tile([0.0, 1.0, 0.0], (len(path), 1)) - tangent * (tangent[:, 1:2] / (tangent**2).sum(1, keepdims=True))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    points = path[:, None] + across[:, None] * np.array([-0.5, 0.0, 0.5])[None, :, None] * width
    normals = np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return grid(points, normals, points[..., :2].copy())


def sticks(count: int, length: float, radius: float, spread: float, seed: int) -> MeshData:
    """Thin straight sticks that rise from the origin and lean apart."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        lean = rng.normal(0, spread, 2)
        foot = rng.normal(0, 0.004, 2)
        t = np.linspace(0, 1, 8)[:, None]
        way = np.array([lean[0], lean[1], 1.0]) / np.hypot(1.0, np.hypot(*lean))
        path = np.array([foot[0], foot[1], 0.0]) + t * length * rng.uniform(0.85, 1.05) * way
        parts.append(tube(path, np.full(8, radius), 12))
    return join(parts)


def folded(size: Sequence[float], layers: int, bulge: float = 0.5) -> MeshData:
    """Folded cloth such as a towel: `layers` soft slabs on each other, the fold towards -y."""
    thickness = size[2] / layers
    parts = []
    for number in range(layers):
        slab = box(
            [size[0] - 0.003 * (number % 2), size[1] - 0.004 * number, thickness], bevel=thickness * bulge * 0.98
        )
        shift = np.array([0.001 * (-1) ** number, 0.0015 * number, number * thickness * 0.97])
        parts.append(MeshData(slab.vertices + shift, slab.normals, slab.uv, slab.faces))
    return join(parts)


def fluted(radius: float, height: float, flutes: int = 28, depth: float = 0.06, bevel: float = 0.004) -> MeshData:
    """An upright column with rounded ribs: `depth` is a share of the radius."""
    angle = np.linspace(0, 2 * np.pi, flutes * 24 + 1)
    wave = 1 - depth * np.abs(np.sin(angle * flutes / 2)) ** 1.4
    turn = np.radians(np.linspace(0, 90, 7))
    rows = [(0.0, 0.0), *((1 - bevel / radius * (1 - np.sin(a)), bevel * (1 - np.cos(a))) for a in turn)]
    rows += [(1 - bevel / radius * (1 - np.sin(a)), height - bevel * (1 - np.cos(a))) for a in turn[::-1]]
    rows += [(0.0, height)]
    reach = np.array([row[0] for row in rows])[:, None]
    z = np.array([row[1] for row in rows])[:, None]
    points = np.stack(
        [radius * reach * wave * np.cos(angle), radius * reach * wave * np.sin(angle), z * np.ones_like(angle)], -1
    )
    wrapped = np.concatenate([points[:, -2:-1], points, points[:, 1:2]], axis=1)
    normals = np.cross(np.gradient(wrapped, axis=1)[:, 1:-1], np.gradient(points, axis=0))
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    flat = np.zeros_like(points)
    flat[..., 2] = np.sign(points[..., 2] - height / 2)
    normals = np.where(length > 1e-14, normals / np.maximum(length, 1e-14), flat)
    # Caps are flat: the row before them must not bend their shading.
    cap = np.isin(np.arange(len(rows)), (0, len(rows) - 1))
    normals[cap] = flat[cap]
    outward = np.concatenate([points[..., :2], flat[..., 2:] * radius * 0.2], -1)
    normals *= np.where((normals * outward).sum(-1, keepdims=True) < 0, -1.0, 1.0)
    uv = np.stack(np.broadcast_arrays(angle[None] * radius, z), -1)
    return grid(points, normals, uv)

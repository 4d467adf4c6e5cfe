"""Triangle meshes for sets and sample products: numpy in, numpy out, normals exact, every edge bevelled.

A real object has no sharp edge: the thin highlight along a bevel is what makes a rendering believable. Builders take
metres and stand their object on z = 0 around the z axis unless said otherwise; `uv` is in metres along the surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeshData:
    """vertices (N, 3) and normals (N, 3) in metres, uv (N, 2), faces (M, 3) counter-clockwise seen from outside."""

    vertices: Floats
    normals: Floats
    uv: Floats
    faces: NDArray[np.int64]


def join(parts: Sequence[MeshData]) -> MeshData:
    """Several meshes as one."""
    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    return MeshData(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uv for part in parts]),
        np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)]),
    )


def grid(points: Floats, normals: Floats, uv: Floats) -> MeshData:
    """A mesh from a (rows, columns, 3) grid of points, each cell two triangles wound to agree with the normals."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    flat, flat_normals = points.reshape(-1, 3), normals.reshape(-1, 3)
    corners = flat[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    backward = np.einsum("ij,ij->i", face_normals, flat_normals[faces].sum(1)) < 0
    faces[backward] = faces[backward][:, ::-1]
    kept = np.linalg.norm(face_normals, axis=1) > 1e-14
    return MeshData(flat, flat_normals, uv.reshape(-1, 2), faces[kept])


def arc(center: tuple[float, float], radius: float, start_deg: float, end_deg: float, steps: int) -> Floats:
    """Rows (x, y, normal x, normal y) along a circular arc whose normals point outwards."""
    angle = np.radians(np.linspace(start_deg, end_deg, steps + 1))
    normal = np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.concatenate([np.asarray(center) + radius * normal, normal], 1)


def _revolve(profile: Floats, segments: int) -> MeshData:
    """Turn rows (radius, z, normal r, normal z) about the z axis."""
    angle = np.linspace(0, 2 * np.pi, segments + 1)[None, :]
    radius, height, normal_r, normal_z = (profile[:, i][:, None] for i in range(4))
    ones = np.ones_like(angle)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), height * ones], -1)
    normals = np.stack([normal_r * np.cos(angle), normal_r * np.sin(angle), normal_z * ones], -1)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(profile[:, 0]), np.diff(profile[:, 1])))])[:, None]
    around = angle * max(float(profile[:, 0].max()), 1e-6)
    return grid(points, normals, np.stack([around * np.ones_like(length), length * ones], -1))


def cylinder(radius: float, height: float, bevel: float = 0.004, segments: int = 256) -> MeshData:
    """An upright cylinder with rounded rims."""
    low = arc((radius - bevel, bevel), bevel, -90, 0, 10)
    high = arc((radius - bevel, height - bevel), bevel, 0, 90, 10)
    caps = np.array([[0.0, 0.0, 0.0, -1.0]]), np.array([[0.0, height, 0.0, 1.0]])
    return _revolve(np.concatenate([caps[0], low, high, caps[1]]), segments)


def lathe(profile: Sequence[Sequence[float]], segments: int = 256, samples: int = 24) -> MeshData:
    """A turned body: a smooth curve (centripetal Catmull-Rom) through (radius, z), outside first, then inside."""
    points = np.asarray(profile, dtype=float)
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    curve = np.concatenate(
        [catmull_rom(padded[i : i + 4], samples) for i in range(len(points) - 1)] + [points[-1:]],
    )
    curve[:, 0] = np.maximum(curve[:, 0], 0)
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], 1)
    return _revolve(np.concatenate([curve, normal], 1), segments)


def catmull_rom(points: Floats, samples: int) -> Floats:
    """The middle span of four points, centripetal (Barry and Goldman 1988): no overshoot at unequal distances."""
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1)) + 1e-9)])
    t = np.linspace(knots[1], knots[2], samples, endpoint=False)[:, None]
    level = [points[i][None, :] * np.ones_like(t) for i in range(4)]
    for depth in (1, 2, 3):
        spans = [(i, i + depth) if depth < 3 else (1, 2) for i in range(4 - depth)]
        level = [
            ((knots[high] - t) * level[i] + (t - knots[low]) * level[i + 1]) / (knots[high] - knots[low])
            for i, (low, high) in enumerate(spans)
        ]
    return np.asarray(level[0])


def sphere(radius: float, segments: int = 256) -> MeshData:
    """A ball resting on z = 0."""
    return _revolve(arc((0.0, radius), radius, -90, 90, segments // 2), segments)


def box(size: Sequence[float], bevel: float = 0.003, steps: int = 6) -> MeshData:
    """A box standing on z = 0 with all edges and corners rounded."""
    half = np.asarray(size, dtype=float) / 2
    core = half - bevel
    side = np.tan(np.linspace(-np.pi / 4, 0, steps + 1))
    line = np.concatenate([side, -side[::-1]])
    sign = np.concatenate([-np.ones(steps + 1), np.ones(steps + 1)])
    u, v = np.meshgrid(line, line, indexing="ij")
    sign_u, sign_v = np.meshgrid(sign, sign, indexing="ij")
    parts = []
    for axis in range(3):
        for facing in (-1.0, 1.0):
            order = [(axis + 1) % 3, (axis + 2) % 3, axis]
            direction, corner = np.empty((*u.shape, 3)), np.empty((*u.shape, 3))
            for slot, (d, s) in zip(order, ((u, sign_u), (v, sign_v), (facing, facing)), strict=True):
                direction[..., slot], corner[..., slot] = d, s
            normal = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
            points = corner * core + bevel * normal
            parts.append(grid(points + np.array([0, 0, half[2]]), normal, points[..., order[:2]]))
    return join(parts)


def arch(width: float, height: float, depth: float, bevel: float = 0.004, segments: int = 128) -> MeshData:
    """A slab with a half-round top, its broad side towards -y; its foot reaches below z = 0."""
    radius, foot = width / 2, -0.05
    top = arc((0.0, height - radius), radius, 0, 180, segments)
    outline = np.concatenate([[[radius, foot, 1, 0]], top, [[-radius, foot, -1, 0]]])
    turn = np.radians(np.linspace(0, 90, 9))
    inset = np.concatenate([[radius], bevel * (1 - np.sin(turn)), bevel * (1 - np.sin(turn[::-1])), [radius]])
    along = np.concatenate([[0.0], bevel * (1 - np.cos(turn)), depth - bevel * (1 - np.cos(turn[::-1])), [depth]])
    tilt = np.concatenate([[-1.0], -np.cos(turn), np.cos(turn[::-1]), [1.0]])
    outward = np.concatenate([[0.0], np.sin(turn), np.sin(turn[::-1]), [0.0]])
    x = outline[None, :, 0] - inset[:, None] * outline[None, :, 2]
    z = outline[None, :, 1] - inset[:, None] * outline[None, :, 3]
    y = np.broadcast_to((along - depth / 2)[:, None], x.shape)
    normals = np.stack(
        [
            outward[:, None] * outline[None, :, 2],
            np.broadcast_to(tilt[:, None], x.shape),
            outward[:, None] * outline[None, :, 3],
        ],
        -1,
    )
    return grid(np.stack([x, y, z], -1), normals, np.stack([x, z], -1))


def sweep(profile: Sequence[Sequence[float]], width: float, radius: float = 0.0, steps: int = 96) -> MeshData:
    """A paper or plaster sweep: a (y, z) polyline pulled along x, its corners rounded by `radius`, seen from above."""
    rows = swept_profile(profile, radius, steps)
    curve = rows[:, :2]
    normal = np.concatenate([np.zeros((len(curve), 1)), rows[:, 2:]], 1)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    x = np.array([-width / 2, width / 2])
    vertices = np.stack(
        [np.broadcast_to(x, (len(curve), 2)), *(np.repeat(curve[:, i : i + 1], 2, 1) for i in (0, 1))], -1
    )
    uv = np.stack([np.broadcast_to(x, (len(curve), 2)), np.repeat(length[:, None], 2, 1)], -1)
    return grid(vertices, np.repeat(normal[:, None, :], 2, 1), uv)


def swept_profile(profile: Sequence[Sequence[float]], radius: float, steps: int) -> Floats:
    """Rows (y, z, normal y, normal z) of a (y, z) polyline whose corners are rounded by `radius` (0: sharp)."""
    points = np.asarray(profile, dtype=float)
    rows = [points[:1]]
    for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
        rows.append(_fillet(before, corner, after, radius, steps) if radius else np.stack([corner, corner]))
    curve = np.concatenate([*rows, points[-1:]])
    tangent = np.gradient(curve, axis=0)
    if not radius:
        spans = np.diff(points, axis=0)
        tangent = np.repeat(spans, 2, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.stack([curve[:, 0], curve[:, 1], -tangent[:, 1], tangent[:, 0]], 1)


def _fillet(before: Floats, corner: Floats, after: Floats, radius: float, steps: int) -> Floats:
    """Points that round one corner: a circular arc, entered and left tangentially."""
    back, ahead = (before - corner) / np.linalg.norm(before - corner), (after - corner) / np.linalg.norm(after - corner)
    half_angle = np.arccos(np.clip(back @ ahead, -1, 1)) / 2
    center = corner + (back + ahead) / np.linalg.norm(back + ahead) * radius / np.sin(half_angle)
    start = corner + back * radius / np.tan(half_angle) - center
    end = corner + ahead * radius / np.tan(half_angle) - center
    opening = np.arccos(np.clip(start @ end / radius**2, -1, 1))
    t = np.linspace(0, 1, steps + 1)[:, None]
    return np.asarray(center + (np.sin((1 - t) * opening) * start + np.sin(t * opening) * end) / np.sin(opening))


def tube(path: Floats, radii: Floats, segments: int = 10) -> MeshData:
    """A round tube along a path of points, one radius a point, open at both ends."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    first = np.cross(tangent, [0.12, 1.0, 0.05])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(tangent, first)
    angle = np.linspace(0, 2 * np.pi, segments + 1)[None, :, None]
    normals = first[:, None] * np.cos(angle) + second[:, None] * np.sin(angle)
    points = path[:, None] + normals * np.asarray(radii)[:, None, None]
    return grid(points, normals, np.zeros((*points.shape[:2], 2)))

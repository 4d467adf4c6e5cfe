"""Mesh builders for random objects: numpy in, numpy out, light enough to build a dozen objects in a second.

They add to ``studio_sets.render.meshes`` what sets do not need: superquadrics, lofts, flat outlines with a hole, hair.
Units are those of the caller; uv runs over 0..1 unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render.meshes import Floats, MeshData, catmull_rom, grid, join, tube

Rng = np.random.Generator


def skin(points: Floats) -> MeshData:
    """A smooth surface through a (rows, columns, 3) grid of points, normals pointing away from its middle."""
    down, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
    closed = np.allclose(points[:, 0], points[:, -1])
    if closed:
        across[:, 0] = across[:, -1] = (points[:, 1] - points[:, -2]) / 2
    normals = np.cross(across, down)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    radial = points - points.mean((0, 1))
    normals /= np.maximum(length, 1e-12)
    if np.einsum("rcd,rcd->", normals, radial) < 0:
        normals = -normals
    # Where points fall together (poles, the flat sides of a box) there is no slope; outwards is near enough.
    radial /= np.maximum(np.linalg.norm(radial, axis=-1, keepdims=True), 1e-12)
    normals = np.where(length > 1e-9, normals, radial)
    u, v = np.meshgrid(np.linspace(0, 1, points.shape[1]), np.linspace(0, 1, points.shape[0]))
    return grid(points, normals, np.stack([u, v], -1))


def superquadric(size: Floats, roundness: tuple[float, float], steps: int = 40) -> MeshData:
    """A ball (1, 1), a box (0.1, 0.1), a pillow or an octahedron (2, 2) with half axes ``size`` (Barr 1981)."""
    latitude = np.linspace(-np.pi / 2, np.pi / 2, steps)[:, None]
    longitude = np.linspace(-np.pi, np.pi, 2 * steps)[None, :]
    ring, rise = _power(np.cos(latitude), roundness[0]), _power(np.sin(latitude), roundness[0])
    x = ring * _power(np.cos(longitude), roundness[1])
    y = ring * _power(np.sin(longitude), roundness[1])
    z = np.broadcast_to(rise, x.shape)
    return skin(np.stack([x, y, z], -1) * size)


def loft(sections: Floats) -> MeshData:
    """A closed body through (count, points, 3) rings; both ends are capped flat."""
    first, last = sections[:1].mean(1, keepdims=True), sections[-1:].mean(1, keepdims=True)
    caps = [np.broadcast_to(end, (1, *sections.shape[1:])) for end in (first, last)]
    rows = np.concatenate([caps[0], sections, caps[1]])
    return skin(np.concatenate([rows, rows[:, :1]], axis=1))


def smooth_path(knots: Floats, samples: int = 10, *, closed: bool = False) -> Floats:
    """A curve through ``knots`` (N, 3)."""
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    spans = [catmull_rom(padded[i : i + 4], samples) for i in range(len(padded) - 3)]
    return np.concatenate([*spans, padded[-2:-1]])


def rod(knots: Floats, radius: float, *, closed: bool = False, taper: float = 1.0, segments: int = 12) -> MeshData:
    """A round rod along a smooth curve through ``knots``; its end is ``taper`` times as thick."""
    path = smooth_path(np.asarray(knots, float), closed=closed)
    return tube(path, radius * np.linspace(1, taper, len(path)), segments)


def ring(major: float, minor: float, *, flat: float = 1.0, steps: int = 48) -> MeshData:
    """A torus around z, ``flat`` times as high as wide in section."""
    around, across = np.linspace(0, 2 * np.pi, steps)[:, None], np.linspace(0, 2 * np.pi, 17)[None, :]
    reach = major + minor * np.cos(across)
    points = np.stack([reach * np.cos(around), reach * np.sin(around), flat * minor * np.sin(across) + 0 * around], -1)
    normal = np.stack(
        [np.cos(across) * np.cos(around), np.cos(across) * np.sin(around), np.sin(across) + 0 * around], -1
    )
    u, v = np.meshgrid(np.linspace(0, 1, points.shape[1]), np.linspace(0, 1, points.shape[0]))
    return grid(points, normal, np.stack([u, v], -1))


def plate(outline: Floats, depth: float, *, hole: Floats | None = None, rounding: float = 0.0) -> MeshData:
    """A flat piece of ``outline`` (N, 2) in x and z, ``depth`` thick along y; ``hole`` (N, 2) cuts its middle out.

    Without a hole the outline has to be star-shaped around its mean.
    """
    inner = np.broadcast_to(outline.mean(0), outline.shape) if hole is None else hole
    half = depth / 2
    soft = min(rounding, half)
    loops = [(outline, -half + soft), (outline, half - soft)]
    shrunk = outline + (inner - outline) * min(0.5, soft / max(1e-6, float(np.ptp(outline, axis=0).max()) / 2))
    rows = [(inner, -half), (shrunk, -half), *loops, (shrunk, half), (inner, half)]
    if hole is not None:
        rows.append((inner, -half))
    points = np.stack([np.stack([loop[:, 0], np.full(len(loop), y), loop[:, 1]], -1) for loop, y in rows])
    points = np.repeat(np.concatenate([points, points[:, :1]], axis=1), 2, axis=0)[1:-1]
    strips = [_flat_strip(points[2 * i : 2 * i + 2]) for i in range(len(points) // 2)]
    return join(strips)


def _flat_strip(points: Floats) -> MeshData:
    along = np.gradient(points, axis=1)
    along = np.where(np.linalg.norm(along, axis=-1, keepdims=True) > 1e-9, along, along[::-1])
    normal = np.cross(along, np.broadcast_to(points[1] - points[0], points.shape))
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    return grid(points, normal, points[..., [0, 2]])


def hair(base: MeshData, count: int, length: float, width: float, rng: Rng, *, droop: float = 0.3) -> MeshData:
    """Thin bent ribbons that grow from random places of ``base``; uv is the root's, so that hair takes its pattern."""
    corners = base.vertices[base.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    face = rng.choice(len(area), count, p=area / area.sum())
    weight = rng.dirichlet((1, 1, 1), count)
    root = np.einsum("nk,nkd->nd", weight, corners[face])
    out = np.einsum("nk,nkd->nd", weight, base.normals[base.faces[face]])
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    lean = out + 0.45 * rng.standard_normal(out.shape)
    lean /= np.linalg.norm(lean, axis=1, keepdims=True)
    side = np.cross(lean, rng.standard_normal(out.shape))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    reach = length * rng.uniform(0.5, 1.2, (count, 1))
    bend = droop * np.stack([np.zeros(count), np.zeros(count), -np.ones(count)], 1) + 0.4 * side
    rows = []
    for step, thick in ((0.0, 1.0), (0.5, 0.8), (1.0, 0.15)):
        middle = root + reach * (step * lean + step**2 * bend)
        rows.append((middle - width / 2 * thick * side, middle + width / 2 * thick * side))
    vertices = np.stack([point for pair in rows for point in pair], 1)
    uv = np.einsum("nk,nkd->nd", weight, base.uv[base.faces[face]])
    pattern = np.array([[0, 1, 2], [1, 3, 2], [2, 3, 4], [3, 5, 4]])
    faces = (pattern[None] + 6 * np.arange(count)[:, None, None]).reshape(-1, 3)
    normals = np.repeat(out[:, None], 6, axis=1).reshape(-1, 3)
    return MeshData(vertices.reshape(-1, 3), normals, np.repeat(uv, 6, axis=0), faces)


def blade(knots: Floats, width: float, normal: Floats, *, steps: int = 14, fold: float = 0.15) -> MeshData:
    """A leaf or strap along a curve, widest in the middle of its length and pointed at the end."""
    path = smooth_path(np.asarray(knots, float), steps)
    along = np.gradient(path, axis=0)
    side = np.cross(along, normal)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    t = np.linspace(0, 1, len(path))[:, None]
    half = width * np.sqrt(np.clip(np.sin(np.pi * (0.08 + 0.92 * t)), 0, 1)) / 2
    crease = np.asarray(normal) * half * fold
    return skin(np.stack([path - half * side + crease, path, path + half * side + crease], 1))


def strap(knots: Floats, width: float, normal: Floats, thickness: float) -> MeshData:
    """A flat band with a rectangular section along a smooth curve."""
    path = smooth_path(np.asarray(knots, float))
    along = np.gradient(path, axis=0)
    side = np.cross(along, normal)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    up = np.cross(side, along)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-9)
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    return loft(np.stack([path + a * side * width / 2 + b * up * thickness / 2 for a, b in corners], 1))


def wrinkled(mesh: MeshData, strength: float, waves: float, rng: Rng) -> MeshData:
    """``mesh`` pushed along its normals by a few random sine waves: dents, folds, lumps."""
    direction = rng.standard_normal((5, 3)) * waves
    phase = rng.uniform(0, 2 * np.pi, 5)
    height = np.sin(mesh.vertices @ direction.T + phase).sum(1) / 5
    return replace(mesh, vertices=mesh.vertices + strength * height[:, None] * mesh.normals)


def moved(
    mesh: MeshData, *, turn: NDArray[np.float64] | None = None, scale: float = 1.0, to: Floats | None = None
) -> MeshData:
    """``mesh`` scaled, turned by a rotation matrix and put ``to`` a place."""
    matrix = np.eye(3) if turn is None else turn
    place = np.zeros(3) if to is None else np.asarray(to)
    return replace(mesh, vertices=scale * mesh.vertices @ matrix.T + place, normals=mesh.normals @ matrix.T)


def mirrored(mesh: MeshData) -> MeshData:
    """``mesh`` on the other side of x = 0."""
    flip = np.array([-1.0, 1.0, 1.0])
    return replace(mesh, vertices=mesh.vertices * flip, normals=mesh.normals * flip, faces=mesh.faces[:, ::-1])


def rotation(axis: Floats | Sequence[float], degrees: float) -> NDArray[np.float64]:
    """The matrix that turns around ``axis`` (Rodrigues)."""
    unit = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -unit[2], unit[1]], [unit[2], 0, -unit[0]], [-unit[1], unit[0], 0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _power(values: Floats, exponent: float) -> Floats:
    return np.asarray(np.sign(values) * np.abs(values) ** exponent)

"""Parts that only products have: printed labels, handles, spouts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render.meshes import MeshData, catmull_rom, grid, tube


def wrap_label(radius: float, height: float, angle_deg: float, segments: int = 128) -> MeshData:
    """A label around a cylinder, its middle towards -y, standing on z = 0; uv runs from -0.5 to 0.5 both ways."""
    turn = np.radians(np.linspace(-angle_deg / 2, angle_deg / 2, segments + 1))
    normal = np.stack([np.sin(turn), -np.cos(turn), np.zeros_like(turn)], -1)
    low, high = radius * normal, radius * normal + np.array([0.0, 0.0, height])
    u = np.linspace(-0.5, 0.5, segments + 1)
    uv = np.stack([np.stack([u, np.full_like(u, v)], -1) for v in (-0.5, 0.5)])
    return grid(np.stack([low, high]), np.stack([normal, normal]), uv)


def flat_label(width: float, height: float) -> MeshData:
    """A flat label facing -y, standing on z = 0; uv runs from -0.5 to 0.5 both ways."""
    x, z = np.meshgrid([-width / 2, width / 2], [0.0, height])
    points = np.stack([x, np.zeros_like(x), z], -1)
    uv = np.stack([x / width, z / height - 0.5], -1)
    return grid(points, np.broadcast_to([0.0, -1.0, 0.0], points.shape), uv)


def handle(path: Sequence[Sequence[float]], radius: float, samples: int = 24) -> MeshData:
    """A round rod along a smooth curve through (x, y, z) points."""
    points = np.asarray(path, dtype=float)
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    spans = [catmull_rom(padded[i : i + 4], samples) for i in range(len(points) - 1)]
    curve = np.concatenate([*spans, points[-1:]])
    return tube(curve, np.full(len(curve), radius), 48)

"""What stands between a light and the set, or grows in a vase: windows and twigs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, grid, join, tube


def window(columns: int, rows: int, pane: Sequence[float], bar: float, margin: float = 2.5) -> MeshData:
    """A wall at y = 0 with a window of panes (width, height) centred on the origin; it only throws shadows."""
    pane_w, pane_h = pane
    half_w, half_h = (columns * (pane_w + bar) - bar) / 2, (rows * (pane_h + bar) - bar) / 2
    spans = [(-half_w - margin, -half_w, -half_h, half_h), (half_w, half_w + margin, -half_h, half_h)]
    spans += [(-half_w - margin, half_w + margin, z, z + margin) for z in (-half_h - margin, half_h)]
    for column in range(1, columns):
        x = -half_w + column * (pane_w + bar)
        spans.append((x - bar, x, -half_h, half_h))
    for row in range(1, rows):
        z = -half_h + row * (pane_h + bar)
        spans.append((-half_w, half_w, z - bar, z))
    return join([panel(*span) for span in spans])


def panel(left: float, right: float, low: float, high: float) -> MeshData:
    """A flat rectangle at y = 0, facing -y."""
    x, z = np.meshgrid([left, right], [low, high])
    points = np.stack([x, np.zeros_like(x), z], -1)
    return grid(points, np.broadcast_to([0.0, -1.0, 0.0], points.shape), np.stack([x, z], -1))


def branch(length: float, leaves: int, leaf: Sequence[float], seed: int, droop: float = 0.35) -> MeshData:
    """A twig growing up from the origin, bending towards +x, with pairs of pointed leaves (length, width)."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, 40)
    bend = rng.normal(0, 0.03, 2)
    stem = length * np.stack([droop * t**1.8, bend[0] * np.sin(3 * t) + bend[1] * t, t - 0.25 * droop * t**2], 1)
    parts = [tube(stem, 0.0022 * np.linspace(1, 0.35, len(t)))]
    for number in range(leaves):
        at = 0.28 + 0.72 * (number + rng.uniform(-0.3, 0.3)) / leaves
        index = int(np.clip(at * 39, 1, 38))
        along = stem[index + 1] - stem[index - 1]
        along /= np.linalg.norm(along)
        turn = (number % 2) * np.pi + (number // 2) * 1.2 + rng.normal(0, 0.4)
        side = np.cross(along, [np.cos(turn), np.sin(turn), 0.15])
        side /= np.linalg.norm(side)
        size = rng.uniform(0.75, 1.1) * (1 - 0.35 * at)
        parts.append(leaf_blade(stem[index], along * rng.uniform(0.3, 0.8) + side, leaf[0] * size, leaf[1] * size, rng))
    return join(parts)


def leaf_blade(base: Floats, direction: Floats, length: float, width: float, rng: np.random.Generator) -> MeshData:
    """A pointed leaf, folded a little along its midrib and curling down."""
    direction = direction / np.linalg.norm(direction)
    across = np.cross(direction, rng.normal(0, 1, 3) + np.array([0, 0, 2.0]))
    across /= np.linalg.norm(across)
    up = np.cross(across, direction)
    t, s = np.linspace(0, 1, 15)[:, None], np.linspace(-1, 1, 5)[None, :]
    half = width / 2 * np.sin(np.pi * t**0.8) ** 0.9 * (1 - 0.25 * t) + 0.0004
    lift = 0.3 * half * np.abs(s) - rng.uniform(0.05, 0.25) * length * t**2
    points = base + (t * length)[..., None] * direction + (half * s)[..., None] * across + lift[..., None] * up
    along, over = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = np.cross(over, along)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return grid(points, normals, np.stack([np.broadcast_to(s, lift.shape), np.broadcast_to(t, lift.shape)], -1))

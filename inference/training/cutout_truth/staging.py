"""The few means with which the benchmark's sets are built."""

from __future__ import annotations

import numpy as np

from inference.engines.studio_sets.render import meshes
from inference.engines.studio_sets.render.meshes import MeshData, grid
from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part, Surface, settled
from inference.training.cutout_net.world import Lamp
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import moved
from inference.types import F32


def ground(surface: Surface, size: float = 14) -> Part:
    """A floor or table top around the origin."""
    return Part(sheet(size), surface)


def wall(surface: Surface, distance: float, size: float = 14) -> Part:
    """An upright plane at y = ``distance``."""
    upright = forms.rotation([1, 0, 0], 90)
    return Part(forms.moved(sheet(size), turn=upright, to=np.array([0, distance, size / 2 - 0.01])), surface)


def sheet(size: float) -> MeshData:
    """A flat square around the origin; uv 0..1."""
    x, y = np.meshgrid([-size / 2, size / 2], [-size / 2, size / 2])
    points = np.stack([x, y, np.zeros_like(x)], -1)
    return grid(points, np.broadcast_to([0.0, 0, 1], points.shape), np.stack([x, y], -1) / size + 0.5)


def prop(parts: list[Part], x: float, y: float, scale: float, heading: float = 0.0) -> list[Part]:
    """A model as something that stands about: where, how large, turned how far."""
    return moved(settled(parts, forms.rotation([0, 0, 1], heading)), to=(x, y, 0), scale=scale)


def sky(low: float, high: float, *, window: float = 0.0, warm: float = 0.0) -> F32:
    """Linear (64, 128, 3): dim below, lighter above, a bright ``window`` on the left."""
    rows = np.linspace(1, 0, 64)[:, None, None] ** 0.7
    sky = np.broadcast_to(low + (high - low) * rows, (64, 128, 3)).copy()
    sky[12:30, 20:38] += window
    return np.asarray(sky * np.array([1 + warm, 1, 1 - warm]), np.float32)


def lamp(x: float, y: float, z: float, size: float, power: float, warm: float = 0.0) -> Lamp:
    """A soft box that gives the origin the irradiance ``power`` whatever its size and place."""
    place = np.array([x, y, z])
    radiance = power * float(place @ place) / (4 * size**2)
    return Lamp(place, size, radiance * np.array([1 + warm, 1.0, 1 - warm]))


def sweep(code: str, roughness: float = 0.8) -> Part:
    """Paper of one colour that rises behind the product."""
    return Part(meshes.sweep([(-14, 0), (1.6, 0), (1.6, 9)], 18, 0.8, 48), m.plain(code, roughness))

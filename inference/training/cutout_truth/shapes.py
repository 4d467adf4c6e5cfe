"""Short names for the benchmark's modelling: a part is a mesh with a material."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference.engines.studio_sets.render import meshes
from inference.engines.studio_sets.render.meshes import Floats, MeshData
from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part, Surface

Point = Sequence[float]


def turned(profile: Sequence[Point], surface: Surface, *, at: Point = (0, 0, 0), samples: int = 10) -> Part:
    """A lathe body; double a point to keep its corner sharp."""
    mesh = meshes.lathe(profile, segments=96, samples=samples)
    return Part(forms.moved(mesh, to=np.asarray(at, float)), surface)


def rod(knots: Sequence[Point], radius: float, surface: Surface, *, closed: bool = False, taper: float = 1.0) -> Part:
    """A round rod along a smooth curve, its ends closed with balls."""
    points = np.asarray(knots, float)
    parts = [forms.rod(points, radius, closed=closed, taper=taper, segments=20)]
    if not closed:
        for end, size in ((points[0], radius), (points[-1], radius * taper)):
            parts.append(forms.moved(forms.superquadric(np.full(3, size), (1, 1), 10), to=end))
    return Part(meshes.join(parts), surface)


def block(
    size: Point, surface: Surface, *, at: Point = (0, 0, 0), bevel: float = 0.01, turn: Floats | None = None
) -> Part:
    """A box with soft edges, ``at`` the middle of its foot."""
    return Part(forms.moved(meshes.box(size, bevel), turn=turn, to=np.asarray(at, float)), surface)


def ball(size: Point, surface: Surface, *, at: Point = (0, 0, 0), power: Point = (1, 1)) -> Part:
    """A superquadric with half axes ``size`` around ``at``."""
    mesh = forms.superquadric(np.asarray(size, float), (power[0], power[1]), 48)
    return Part(forms.moved(mesh, to=np.asarray(at, float)), surface)


def hoop(
    major: float, minor: float, surface: Surface, *, at: Point = (0, 0, 0), axis: str = "z", flat: float = 1.0
) -> Part:
    """A torus around an axis through ``at``."""
    turn = {"z": np.eye(3), "x": forms.rotation([0, 1, 0], 90), "y": forms.rotation([1, 0, 0], 90)}[axis]
    mesh = forms.ring(major, minor, flat=flat, steps=96)
    return Part(forms.moved(mesh, turn=turn, to=np.asarray(at, float)), surface)


def band(knots: Sequence[Point], width: float, normal: Point, thickness: float, surface: Surface) -> Part:
    """A flat strap."""
    return Part(forms.strap(np.asarray(knots, float), width, np.asarray(normal, float), thickness), surface)


def slab(outline: Sequence[Point], depth: float, surface: Surface, *, hole: Sequence[Point] | None = None) -> Part:
    """A flat piece of a smooth outline in x and z."""
    path = _closed(outline)
    inner = None if hole is None else _closed(hole, len(path))
    return Part(forms.plate(path, depth, hole=inner, rounding=0.01), surface)


def _closed(outline: Sequence[Point], count: int = 120) -> Floats:
    knots = np.array([[x, 0.0, z] for x, z in outline])
    path = forms.smooth_path(knots, 12, closed=True)
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    stops = np.linspace(0, steps[-1], count, endpoint=False)
    return np.stack([np.interp(stops, steps, path[:, k]) for k in (0, 2)], 1)


def body(stations: Sequence[tuple[float, float, float, float, float]], surface: Surface, *, power: float = 0.8) -> Part:
    """A soft body along x: each station is (x, middle y, low z, high z, width); smooth between them."""
    rows = np.asarray(stations, float)
    t = np.linspace(0, len(rows) - 1, 8 * len(rows))
    x, middle, low, high, width = (_smooth(t, rows[:, k]) for k in range(5))
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    across, up = (np.sign(wave) * np.abs(wave) ** power for wave in (np.cos(angle), np.sin(angle)))
    sections = np.stack(
        [
            np.broadcast_to(x[:, None], (len(t), len(angle))),
            middle[:, None] + width[:, None] / 2 * across,
            (low + high)[:, None] / 2 + (high - low)[:, None] / 2 * up,
        ],
        -1,
    )
    return Part(forms.loft(sections), surface)


def _smooth(t: Floats, values: Floats) -> Floats:
    from scipy.interpolate import PchipInterpolator

    return np.asarray(PchipInterpolator(np.arange(len(values)), values)(t))


def furry(
    parts: Sequence[Part], count: int, length: float, surface: Surface, *, seed: int, droop: float = 0.3
) -> list[Part]:
    """The parts and hair that grows from them, in the hair's material."""
    whole = meshes.join([part.mesh for part in parts])
    rng = np.random.default_rng(seed)
    hair = forms.hair(whole, count, length, length * 0.055 + 0.0012, rng, droop=droop)
    return [*(Part(part.mesh, surface) for part in parts), Part(hair, surface)]


def both(part: Part) -> list[Part]:
    """The part and its mirror image across x = 0."""
    return [part, Part(forms.mirrored(part.mesh), part.surface)]


def around(part: Part, count: int, axis: Point = (0, 0, 1)) -> list[Part]:
    """The part ``count`` times around an axis through the origin."""
    turns = [forms.rotation(axis, 360 * k / count) for k in range(count)]
    return [Part(meshes.join([forms.moved(part.mesh, turn=turn) for turn in turns]), part.surface)]


def moved(
    parts: Sequence[Part], *, to: Point = (0, 0, 0), turn: Floats | None = None, scale: float = 1.0
) -> list[Part]:
    """All parts, moved together."""
    place = np.asarray(to, float)
    return [Part(forms.moved(part.mesh, turn=turn, scale=scale, to=place), part.surface) for part in parts]


def joined(meshes_: Sequence[MeshData], surface: Surface) -> Part:
    """Several meshes of one material."""
    return Part(meshes.join(meshes_), surface)

"""Random bodies of one piece, about one unit large around the origin: the vocabulary of the random objects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, box, join, lathe
from inference.training.cutout_net import forms

Rng = np.random.Generator
Builder = Callable[[Rng], MeshData]


def turned(rng: Rng) -> MeshData:
    """Bottle, jar, vase, candlestick, cone: anything from a lathe, open or closed at the top."""
    height, width = 1.0, rng.uniform(0.15, 0.7)
    count = int(rng.integers(3, 9))
    heights = np.sort(rng.random(count)) * height
    radii = width / 2 * rng.uniform(0.25, 1.0, count)
    if rng.random() < 0.5:
        radii = np.sort(radii)[:: 1 if rng.random() < 0.4 else -1]
    outside = [(0.0, 0.0), (radii[0], 0.0), *zip(radii, np.maximum(heights, 0.01), strict=True)]
    rim = (radii[-1] * rng.uniform(0.5, 1.1), height)
    if rng.random() < 0.35:
        inside = [(max(0.01, r - 0.03), max(z, 0.05)) for r, z in reversed(outside[2:])]
        profile = [*outside, rim, (rim[0] - 0.02, height), *inside, (0.0, 0.05)]
    else:
        profile = [*outside, rim, (0.0, height)]
    return lathe(_sharpened(profile, rng), segments=48, samples=4)


def _sharpened(profile: list[tuple[float, float]], rng: Rng) -> list[tuple[float, float]]:
    """Corners stay corners where a point is doubled; the spline rounds the others."""
    result = []
    for point in profile:
        result.append(point)
        if rng.random() < 0.35:
            result.append((point[0] + 1e-3, point[1] + 1e-3))
    return result


def block(rng: Rng) -> MeshData:
    """A box with soft edges."""
    size = rng.uniform(0.15, 1.0, 3) * np.array([1.0, rng.uniform(0.2, 1), 1.0])
    bevel = float(size.min() * rng.choice([0.02, 0.1, 0.3]))
    mesh = box(size.tolist(), bevel, 3)
    return forms.moved(mesh, to=np.array([0, 0, -size[2] / 2]))


def quadric(rng: Rng) -> MeshData:
    """A superquadric with dents."""
    size = rng.uniform(0.15, 0.6, 3)
    roundness = (float(rng.choice([0.15, 0.5, 1, 1, 1.8])), float(rng.choice([0.15, 0.5, 1, 1, 1.8])))
    mesh = forms.superquadric(size, roundness, 24)
    return forms.wrinkled(mesh, rng.choice([0, 0, 0.04, 0.1]), rng.uniform(3, 12), rng)


def lofted(rng: Rng) -> MeshData:
    """Shoes, cushions, bags, fish: soft sections that change along a bent spine."""
    count, around = int(rng.integers(5, 9)), 28
    t = np.linspace(0, 1, 20)
    width, height = (np.interp(t, np.linspace(0, 1, count), rng.uniform(0.12, 0.5, count)) for _ in range(2))
    width, height = (np.convolve(np.pad(row, 2, "edge"), np.ones(5) / 5, "valid") for row in (width, height))
    bend = rng.uniform(-0.4, 0.4) * np.sin(np.pi * t) + rng.uniform(-0.3, 0.3) * t
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    power = float(rng.choice([0.4, 0.7, 1.0]))
    across, up = (np.sign(wave) * np.abs(wave) ** power for wave in (np.cos(angle), np.sin(angle)))
    flat_foot = rng.random() < 0.5
    rise = height if flat_foot else np.zeros_like(height)
    sections = np.stack(
        [
            np.broadcast_to(t[:, None] - 0.5, (20, around)),
            width[:, None] / 2 * across + 0.3 * rng.uniform(-1, 1) * (t * (1 - t))[:, None],
            height[:, None] * up + (rise + bend * (not flat_foot))[:, None],
        ],
        -1,
    )
    return forms.wrinkled(forms.loft(sections), rng.choice([0, 0.02, 0.05]), rng.uniform(4, 14), rng)


def star(rng: Rng, *, count: int = 48) -> Floats:
    """A star-shaped outline in the plane, (count, 2): polygons, petals, blobs."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    kind = rng.integers(0, 3)
    if kind == 0:
        corners = int(rng.integers(3, 9))
        reach = 1 / np.cos((angle % (2 * np.pi / corners)) - np.pi / corners)
    elif kind == 1:
        reach = 1 + rng.uniform(0.1, 0.5) * np.cos(rng.integers(2, 9) * angle)
    else:
        waves = [rng.standard_normal() / k * np.cos(k * angle + rng.uniform(0, 6)) for k in range(1, 6)]
        reach = 1 + 0.25 * np.sum(waves, axis=0)
    reach = np.maximum(0.2, reach)
    stretch = rng.uniform(0.5, 1.0)
    return np.stack([reach * np.cos(angle), stretch * reach * np.sin(angle)], -1) * 0.35


def cookie(rng: Rng) -> MeshData:
    """A flat piece of any outline, half of them with a hole."""
    outline = star(rng)
    hole = outline * rng.uniform(0.3, 0.9) if rng.random() < 0.5 else None
    return forms.plate(outline, float(rng.uniform(0.02, 0.3)), hole=hole, rounding=float(rng.uniform(0, 0.03)))


def hoop(rng: Rng) -> MeshData:
    """Rings: round, oval, thin, thick, upright or lying."""
    mesh = forms.ring(rng.uniform(0.25, 0.5), float(rng.uniform(0.008, 0.12)), flat=float(rng.uniform(0.4, 3)))
    turn = forms.rotation(rng.standard_normal(3), rng.uniform(0, 360)) if rng.random() < 0.7 else None
    return forms.moved(mesh, turn=turn)


def wire(rng: Rng) -> MeshData:
    """A bent rod, cable or hook; sometimes closed to a loop."""
    knots = rng.uniform(-0.5, 0.5, (int(rng.integers(3, 8)), 3)) * np.array([1, rng.uniform(0.1, 0.6), 1])
    return forms.rod(knots, float(rng.uniform(0.006, 0.07)), closed=bool(rng.random() < 0.4))


def spiral(rng: Rng) -> MeshData:
    """A spring, a coil of rope, a curl."""
    turns = rng.uniform(1.5, 6)
    t = np.linspace(0, 1, int(14 * turns))
    radius = rng.uniform(0.15, 0.45) * (1 - rng.choice([0.0, 0.7]) * t)
    angle = 2 * np.pi * turns * t
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), rng.uniform(0.05, 0.9) * (t - 0.5)], -1)
    return forms.rod(path, float(rng.uniform(0.01, 0.05)), segments=8)


def chain(rng: Rng) -> MeshData:
    """Links or beads along a curve."""
    path = forms.smooth_path(
        rng.uniform(-0.5, 0.5, (5, 3)) * np.array([1, 0.3, 0.8]), 8, closed=bool(rng.random() < 0.6)
    )
    size = float(rng.uniform(0.02, 0.06))
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    stops = np.arange(0, steps[-1], size * 1.5)[:80]
    places = np.stack([np.interp(stops, steps, path[:, k]) for k in range(3)], -1)
    bead = (
        forms.ring(size, size * 0.25, steps=16)
        if rng.random() < 0.6
        else forms.superquadric(np.full(3, size), (1, 1), 8)
    )
    turns = [forms.rotation([1, 0.2, 0], 90 * (index % 2)) for index in range(len(places))]
    return join([forms.moved(bead, turn=turn, to=place) for turn, place in zip(turns, places, strict=True)])


def frame(rng: Rng) -> MeshData:
    """Thin bars between the corners of a box: racks, chairs, stands, cages."""
    size = rng.uniform(0.2, 0.5, 3)
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * size
    corners[4 * (rng.random() < 0.3) :: 2] *= rng.uniform(0.5, 1.0)
    thick = float(rng.uniform(0.008, 0.035))
    pairs = [(a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1]
    kept = [pair for pair in pairs if rng.random() < 0.85] or pairs
    bars = [forms.rod(np.array([corners[a], (corners[a] + corners[b]) / 2, corners[b]]), thick) for a, b in kept]
    return join(bars)


def lattice(rng: Rng) -> MeshData:
    """A grid of rods, flat or rolled up: baskets, fences, grills, rackets."""
    count, thick = int(rng.integers(4, 11)), float(rng.uniform(0.004, 0.016))
    rolled = rng.random() < 0.5
    stop = 2 * np.pi if rolled else 1.0

    def place(u: Floats, v: Floats) -> Floats:
        if rolled:
            reach = 0.35 + 0.12 * v
            return np.stack([reach * np.cos(u), reach * np.sin(u), 0.7 * v + 0 * u], -1)
        return np.stack([u - 0.5, 0.05 * np.sin(4 * u), v - 0.5 + 0 * u], -1)

    t = np.linspace(0, 1, 14)
    bars = [
        forms.rod(place(np.full(14, u), t), thick, segments=6) for u in np.linspace(0, stop, count, endpoint=not rolled)
    ]
    bars += [forms.rod(place(stop * t, np.full(14, v)), thick, segments=6) for v in np.linspace(0, 1, count)]
    return join(bars)


def plant(rng: Rng) -> MeshData:
    """Leaves and stems that rise from one spot."""
    parts = []
    for _ in range(int(rng.integers(5, 26))):
        heading, rise = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.0)
        out = np.array([np.cos(heading), np.sin(heading), 0]) * rng.uniform(0.1, 0.55)
        knots = np.stack([np.zeros(3), 0.4 * out + [0, 0, 0.6 * rise], [out[0], out[1], rise * rng.uniform(0.4, 1.0)]])
        if rng.random() < 0.8:
            parts.append(forms.blade(knots, float(rng.uniform(0.02, 0.2)), np.array([-out[1], out[0], 0.3])))
        else:
            parts.append(forms.rod(knots, 0.006, segments=6))
    return forms.moved(join(parts), to=np.array([0, 0, -0.5]))


def strapped(rng: Rng) -> MeshData:
    """A flat band bent to a loop: straps, belts, watch bands, handles of bags."""
    width, turn = rng.uniform(0.3, 0.9), rng.uniform(0, 360)
    knots = np.array(
        [[-0.5 * width, 0, -0.4], [-0.45 * width, 0, 0.1], [0, 0, 0.5], [0.45 * width, 0, 0.1], [0.5 * width, 0, -0.4]]
    )
    knots = knots + rng.normal(0, 0.06, knots.shape)
    band = forms.strap(knots, float(rng.uniform(0.02, 0.15)), np.array([0.0, 0.3, 1.0]), 0.012)
    return forms.moved(band, turn=forms.rotation([0, 0, 1], turn if rng.random() < 0.3 else 0))


def cloth(rng: Rng) -> MeshData:
    """A wavy sheet: towels, garments, paper, flags."""
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, 40), np.linspace(-0.5, 0.5, 40))
    depth = sum(
        rng.uniform(0.01, 0.06) * np.sin(rng.normal(0, 7) * u + rng.normal(0, 7) * v + rng.uniform(0, 6))
        for _ in range(4)
    )
    taper = 1 + rng.uniform(-0.5, 0.3) * (v + 0.5) + 0.08 * np.sin(rng.uniform(3, 20) * v)
    return forms.skin(np.stack([u * taper * rng.uniform(0.5, 1), depth, v], -1))


SOLID: tuple[Builder, ...] = (turned, turned, block, quadric, lofted, lofted, cookie)
THIN: tuple[Builder, ...] = (hoop, wire, spiral, chain, frame, lattice, plant, strapped, cookie, cloth)

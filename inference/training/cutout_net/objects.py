"""Random products: bodies with mirrored or repeated parts, in materials of their own.

The grammar is deliberately free: a network that has seen ten thousand shapes nobody sells is not surprised by one that
somebody does. No named model is in here; those of the benchmark are in ``training.cutout_truth``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, join
from inference.training.cutout_net import forms, pieces
from inference.training.cutout_net.patterns import colour, pattern
from inference.types import F32, U8

Rng = np.random.Generator

HAIRS = 9000


@dataclass(frozen=True)
class Surface:
    """What a part is made of. ``picture`` uint8 (H, W, 3) sRGB; ``repeats`` times over the uv square."""

    picture: U8
    repeats: float
    roughness: float
    metallic: float = 0.0
    clear: bool = False


@dataclass(frozen=True)
class Part:
    """One mesh of one material."""

    mesh: MeshData
    surface: Surface


def surface(rng: Rng, *, base: F32 | None = None, kind: str | None = None) -> Surface:
    """A random material: matt, satin, glossy, metal."""
    finish = rng.random()
    repeats = float(rng.choice([1, 1, 2, 4, 8]))
    if finish < 0.2:
        tone = np.float32(rng.choice([0.55, 0.75, 0.9])) * np.ones(3, np.float32)
        metal = tone if rng.random() < 0.6 else np.array([0.95, 0.75, 0.4], np.float32) * tone
        return Surface(pattern(rng, base=metal, kind=kind or "plain"), 1, float(rng.uniform(0.08, 0.5)), 1.0)
    rough = float(rng.uniform(0.06, 0.35) if finish < 0.5 else rng.uniform(0.35, 1.0))
    return Surface(pattern(rng, base=base, kind=kind), repeats, rough)


def product(rng: Rng, *, base: F32 | None = None) -> list[Part]:
    """A random object that stands on z = 0 and fits into a ball of diameter 1 around its middle."""
    kind = rng.random()
    if kind < 0.12:
        parts = _furry(rng, base)
    elif kind < 0.3:
        parts = _thin(rng, base)
    elif kind < 0.4:
        parts = _stacked(rng, base)
    elif kind < 0.48:
        parts = _clear(rng)
    else:
        parts = _assembled(rng, base)
    return _grounded(parts, rng)


def _some(builders: Sequence[pieces.Builder], rng: Rng) -> MeshData:
    return builders[int(rng.integers(len(builders)))](rng)


def _thin(rng: Rng, base: F32 | None) -> list[Part]:
    meshes = [_some(pieces.THIN, rng) for _ in range(int(rng.integers(1, 4)))]
    first = surface(rng, base=base)
    return [Part(mesh, first if rng.random() < 0.6 else surface(rng)) for mesh in meshes]


def _clear(rng: Rng) -> list[Part]:
    """A glass body, sometimes with a cap or a content."""
    glass = Surface(pattern(rng, kind="plain"), 1, 0.0, clear=True)
    parts = [Part(pieces.turned(rng) if rng.random() < 0.8 else pieces.block(rng), glass)]
    if rng.random() < 0.6:
        cap = forms.moved(pieces.block(rng) if rng.random() < 0.4 else pieces.turned(rng), scale=0.3)
        lift = parts[0].mesh.vertices[:, 2].max() - cap.vertices[:, 2].min()
        parts.append(Part(forms.moved(cap, to=np.array([0, 0, lift])), surface(rng)))
    return parts


def _stacked(rng: Rng, base: F32 | None) -> list[Part]:
    """Bodies on top of each other around one axis: lamps, bottles with caps, cakes, trophies."""
    parts, top = [], 0.0
    for index in range(int(rng.integers(2, 6))):
        mesh = _some((pieces.turned, pieces.turned, pieces.block, pieces.quadric), rng)
        mesh = forms.moved(mesh, scale=float(rng.uniform(0.2, 1.0)))
        mesh = forms.moved(mesh, to=np.array([0, 0, top - mesh.vertices[:, 2].min()]))
        top = float(mesh.vertices[:, 2].max()) - 0.01
        parts.append(Part(mesh, surface(rng, base=base if index == 0 else None)))
    return parts


def _assembled(rng: Rng, base: F32 | None) -> list[Part]:
    body = _some(pieces.SOLID, rng)
    skin = surface(rng, base=base)
    parts = [Part(body, skin)]
    low, high = body.vertices.min(0), body.vertices.max(0)
    for _ in range(int(rng.integers(0, 6))):
        mesh = _some(pieces.SOLID if rng.random() < 0.6 else pieces.THIN, rng)
        root = body.vertices[int(rng.integers(len(body.vertices)))]
        turn = forms.rotation(rng.standard_normal(3), rng.choice([0, 90, rng.uniform(0, 360)]))
        mesh = forms.moved(mesh, turn=turn, scale=float(rng.uniform(0.1, 0.6)), to=root)
        style = rng.random()
        if style < 0.5:
            mesh = join([mesh, forms.mirrored(mesh)])
        elif style < 0.65:
            count, axis = int(rng.integers(3, 7)), np.array([0, 0, 1.0])
            mesh = join([forms.moved(mesh, turn=forms.rotation(axis, 360 * k / count)) for k in range(count)])
        parts.append(Part(mesh, surface(rng) if rng.random() < 0.7 else skin))
    if rng.random() < 0.25:
        parts.append(Part(_handle(low, high, rng), surface(rng) if rng.random() < 0.5 else skin))
    return parts


def _handle(low: F32, high: F32, rng: Rng) -> MeshData:
    """A loop from one side of the body to another place on that side or over the top."""
    middle, size = (low + high) / 2, high - low
    if rng.random() < 0.5:
        out = high[0] + rng.uniform(0.1, 0.35) * size[2]
        rows = np.linspace(low[2] + 0.15 * size[2], high[2] - 0.1 * size[2], 5)
        reach = [high[0] - 0.15 * size[0], out, out, out, high[0] - 0.15 * size[0]]
        knots = np.stack([reach, np.full(5, middle[1]), rows], -1)
    else:
        rise = high[2] + rng.uniform(0.2, 1.0) * max(size[0], 0.3)
        columns = np.linspace(low[0] + 0.1 * size[0], high[0] - 0.1 * size[0], 5)
        knots = np.stack(
            [
                columns,
                np.full(5, middle[1]),
                [
                    high[2] - 0.1 * size[2],
                    0.6 * rise + 0.4 * high[2],
                    rise,
                    0.6 * rise + 0.4 * high[2],
                    high[2] - 0.1 * size[2],
                ],
            ],
            -1,
        )
    thick = float(rng.uniform(0.008, 0.05))
    return (
        forms.rod(knots, thick) if rng.random() < 0.6 else forms.strap(knots, 4 * thick, np.array([0, 1.0, 0.2]), thick)
    )


def _furry(rng: Rng, base: F32 | None) -> list[Part]:
    """A few soft bodies with hair; eyes or a bow of something smooth."""
    tone = colour(rng) if base is None else base
    coat = Surface(pattern(rng, base=tone, kind=str(rng.choice(["plain", "cloudy", "patches", "stripes"]))), 1, 0.9)
    bodies = [_some((pieces.quadric, pieces.quadric, pieces.lofted), rng)]
    for _ in range(int(rng.integers(0, 4))):
        root = bodies[0].vertices[int(rng.integers(len(bodies[0].vertices)))]
        limb = forms.moved(pieces.quadric(rng), scale=float(rng.uniform(0.2, 0.6)), to=root)
        bodies.append(join([limb, forms.mirrored(limb)]))
    body = join(bodies)
    length = float(rng.choice([0.02, 0.05, 0.1, 0.18]) * rng.uniform(0.7, 1.3))
    fur = forms.hair(body, HAIRS, length, float(rng.uniform(0.003, 0.009)), rng, droop=float(rng.uniform(0, 0.8)))
    parts = [Part(body, coat), Part(fur, coat)]
    if rng.random() < 0.6:
        root = body.vertices[int(rng.integers(len(body.vertices)))]
        parts.append(Part(forms.moved(_some(pieces.SOLID, rng), scale=0.2, to=root), surface(rng)))
    return parts


def _grounded(parts: list[Part], rng: Rng) -> list[Part]:
    """Turned to a random side."""
    if rng.random() < 0.3:
        return settled(parts, forms.rotation(rng.standard_normal(3), rng.uniform(0, 360)))
    return settled(parts, forms.rotation([0, 0, 1], rng.uniform(0, 360)))


def settled(parts: Sequence[Part], turn: Floats) -> list[Part]:
    """Turned by a rotation matrix, scaled to a diameter of 1, its lowest point on z = 0."""
    turned = [forms.moved(part.mesh, turn=turn) for part in parts]
    points = np.concatenate([mesh.vertices for mesh in turned])
    low, high = points.min(0), points.max(0)
    scale = 1 / max(1e-6, float(np.linalg.norm(points - (low + high) / 2, axis=1).max()) * 2)
    place = -scale * np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    return [
        Part(forms.moved(mesh, scale=scale, to=place), part.surface) for mesh, part in zip(turned, parts, strict=True)
    ]
